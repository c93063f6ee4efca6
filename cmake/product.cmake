# SPDX-License-Identifier: BSD-2-Clause
# Programs, guests and systems of a product build: what components/ and examples/ are written with.
# They see one SDK directory (MICROKIT_SDK, MICROKIT_BOARD, MICROKIT_CONFIG) and never ask whose it is.
#
# A folder reads like this:
#   vmm_program(simple_vmm ELF vmm.elf SOURCES vmm.cpp DEPENDS vmm)
#   vmm_guest(simple_vmm)
#   vmm_system(simple PROGRAMS simple_vmm timer_driver)   or
#   vmm_layout(linux PROGRAMS linux_vmm)
# In a host build these functions do nothing, so that folders can list their tests beside them.

# vmm_check_sdk()   ends the configuration unless MICROKIT_SDK is an SDK 2.x with this board.
function(vmm_check_sdk)
    if(NOT EXISTS ${MICROKIT_SDK}/bin/microkit)
        message(FATAL_ERROR "MICROKIT_SDK is ${MICROKIT_SDK}: there is no bin/microkit in it. Name an unpacked SDK, "
                            "or leave it out to use picokit.")
    endif()
    set(version unknown)
    if(EXISTS ${MICROKIT_SDK}/VERSION)
        file(STRINGS ${MICROKIT_SDK}/VERSION version LIMIT_COUNT 1)
    endif()
    if(NOT version MATCHES "^2\\.")
        message(FATAL_ERROR "The SDK in ${MICROKIT_SDK} has version '${version}'; libvmm needs a Microkit SDK 2.x.")
    endif()
    if(NOT EXISTS ${MICROKIT_BOARD_DIR}/lib/libmicrokit.a)
        file(GLOB there RELATIVE ${MICROKIT_SDK}/board ${MICROKIT_SDK}/board/*/*/lib/libmicrokit.a)
        list(TRANSFORM there REPLACE "/lib/libmicrokit.a$" "")
        list(JOIN there ", " there)
        message(FATAL_ERROR "The SDK in ${MICROKIT_SDK} has no board '${MICROKIT_BOARD}' with configuration "
                            "'${MICROKIT_CONFIG}'. It has: ${there}.")
    endif()
endfunction()

if(CMAKE_CROSSCOMPILING)
    foreach(variable MICROKIT_SDK MICROKIT_BOARD MICROKIT_CONFIG)
        if(NOT ${variable})
            set(${variable} "$ENV{${variable}}" CACHE STRING "See the Microkit manual")
        endif()
        if(NOT ${variable})
            message(FATAL_ERROR "Set ${variable}: -D ${variable}=… or the environment variable.")
        endif()
    endforeach()
    get_filename_component(MICROKIT_SDK ${MICROKIT_SDK} ABSOLUTE)
    set(MICROKIT_BOARD_DIR ${MICROKIT_SDK}/board/${MICROKIT_BOARD}/${MICROKIT_CONFIG})
    vmm_check_sdk()
    # Not in the cache: it belongs to the SDK, which may be another one the next time.
    if(NOT MICROKIT_TOOL)
        set(MICROKIT_TOOL ${MICROKIT_SDK}/bin/microkit)
    endif()
    # The tool takes the kernel from here: an image is older than a kernel that was built after it.
    file(GLOB MICROKIT_KERNEL ${MICROKIT_BOARD_DIR}/elf/*.elf ${MICROKIT_BOARD_DIR}/*.json)
    if(NOT VMM_BOARD_FOLDER)
        set(VMM_BOARD_FOLDER ${LIBVMM_ROOT}/boards/${MICROKIT_BOARD})
    endif()
endif()

# vmm_sdk_has(RESULT OPTION)   whether the SDK's kernel was configured with OPTION (CONFIG_… of gen_config.h).
function(vmm_sdk_has result option)
    file(STRINGS ${MICROKIT_BOARD_DIR}/include/kernel/gen_config.h line REGEX "^#define +CONFIG_${option} +1")
    set(${result} OFF PARENT_SCOPE)
    if(line)
        set(${result} ON PARENT_SCOPE)
    endif()
endfunction()

# vmm_program(TARGET ELF FILE SOURCES… [DEPENDS LIB…])   a protection domain's program, FILE in the
# folder's build directory, linked with the SDK's libmicrokit and linker script.
function(vmm_program target)
    cmake_parse_arguments(arg "" "ELF" "SOURCES;DEPENDS" ${ARGN})
    if(NOT CMAKE_CROSSCOMPILING)
        # For Makefiles: make/libvmm.mk.
        if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${LIBVMM_ROOT}/(components/.*)")
            list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_MATCH_1}/)
            list(FILTER arg_DEPENDS EXCLUDE REGEX "^board_")
            set_property(GLOBAL APPEND_STRING PROPERTY VMM_MAKE_RULES
                         "$(eval $(call libvmm_component,${arg_ELF},${arg_SOURCES},${arg_DEPENDS}))\n")
        endif()
        return()
    endif()
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_ELF} SUFFIX ""
        LINK_DEPENDS "${MICROKIT_BOARD_DIR}/lib/microkit.ld;${MICROKIT_BOARD_DIR}/lib/libmicrokit.a")
    target_include_directories(${target} SYSTEM PRIVATE ${MICROKIT_BOARD_DIR}/include)
    target_link_directories(${target} PRIVATE ${MICROKIT_BOARD_DIR}/lib)
    target_link_options(${target} PRIVATE -Tmicrokit.ld)
    # A group: libmicrokit calls the program's entry points, which may live in one of our archives.
    target_link_libraries(${target} PRIVATE vmm_warnings -Wl,--start-group ${arg_DEPENDS} microkit.a
                          -Wl,--end-group)
    # Layouts name drivers and virtualisers without listing them.
    if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${LIBVMM_ROOT}/components/")
        set_property(GLOBAL APPEND PROPERTY VMM_COMPONENTS ${target})
    endif()
endfunction()

# vmm_guest(TARGET [KERNEL F] [INITRD F] [DTB F] [CMDLINE S] [VCPUS N] [VM NAME] [RAM REGION])
# embeds a guest's images into the VMM's program TARGET (lib/vmm/images.S). What is not given is
# Debian's kernel, our initramfs, no DTB, the board's serial port as console and one vCPU. VM and RAM name the
# <virtual_machine> and the <memory_region> of a system description that belong to this guest, so
# that ./run can change --vcpus and --memory (defaults: linux, guest_ram); a layout needs neither.
function(vmm_guest target)
    if(NOT CMAKE_CROSSCOMPILING)
        return()
    endif()
    cmake_parse_arguments(arg "" "KERNEL;INITRD;DTB;CMDLINE;VCPUS;VM;RAM" "" ${ARGN})
    foreach(default KERNEL=${VMM_GUEST_DIR}/linux INITRD=${VMM_GUEST_DIR}/initramfs.cpio
            VCPUS=1 VM=linux RAM=guest_ram)
        string(REGEX MATCH "^([A-Z]+)=(.*)$" _ ${default})
        if(NOT arg_${CMAKE_MATCH_1})
            set(arg_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
        endif()
    endforeach()
    if(NOT DEFINED arg_CMDLINE)
        set(arg_CMDLINE "console=${BOARD_CONSOLE_LINUX}")
    endif()

    set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}.guest)
    file(MAKE_DIRECTORY ${directory})
    foreach(image KERNEL INITRD DTB)
        string(TOLOWER ${image} name)
        file(REMOVE ${directory}/${name})
        if(arg_${image})
            vmm_check_guest_image(${arg_${image}})
            file(CREATE_LINK ${arg_${image}} ${directory}/${name} SYMBOLIC)
            list(APPEND files ${arg_${image}})
        else()
            file(TOUCH ${directory}/${name})
        endif()
    endforeach()
    # Not file(CONFIGURE), which ends the file with a newline.
    file(GENERATE OUTPUT ${directory}/cmdline CONTENT "${arg_CMDLINE}")
    file(CONFIGURE OUTPUT ${directory}/guest.inc CONTENT ".equ guest_vcpus, ${arg_VCPUS}\n" @ONLY)

    set(images ${LIBVMM_ROOT}/lib/vmm/images.S)
    add_library(${target}_images OBJECT ${images})
    target_include_directories(${target}_images PRIVATE ${directory})
    # Appended: several guests of one folder share the source file.
    set_property(SOURCE ${images} APPEND PROPERTY
        OBJECT_DEPENDS ${files} ${directory}/cmdline ${directory}/guest.inc)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_images>)
    set_target_properties(${target} PROPERTIES VMM_GUEST_DIRECTORY ${directory} VMM_GUEST_VM ${arg_VM}
        VMM_GUEST_RAM ${arg_RAM} VMM_GUEST_VCPUS ${arg_VCPUS})
endfunction()

# A project makes none of libvmm's own guest images; Ninja's word for one that is missing helps nobody.
function(vmm_check_guest_image image)
    string(FIND ${image} ${VMM_GUEST_DIR}/ at)
    if(LIBVMM_PACKAGE AND at EQUAL 0 AND NOT EXISTS ${image})
        file(GLOB there RELATIVE ${VMM_GUEST_DIR} ${VMM_GUEST_DIR}/*)
        list(JOIN there ", " there)
        message(FATAL_ERROR "There is no guest image ${image}. Its folder has: ${there}. In libvmm's source tree "
                            "./run fetches and makes them, ./run sound those with sound; for an installed tree "
                            "call ./run install again.")
    endif()
endfunction()

# vmm_system(NAME [SYSTEM FILE] PROGRAMS TARGET… [FILES F…])   the image NAME.img of a system
# description (default NAME.system) and its programs; FILES are further inputs (prefill files).
# Beside the image goes NAME.json, which tells tools/vmm all it must know to run or remake it.
function(vmm_system name)
    if(NOT CMAKE_CROSSCOMPILING)
        return()
    endif()
    cmake_parse_arguments(arg "" "SYSTEM" "PROGRAMS;FILES" ${ARGN})
    if(NOT arg_SYSTEM)
        set(arg_SYSTEM ${name}.system)
    endif()
    get_filename_component(system ${arg_SYSTEM} ABSOLUTE)
    vmm_search_path(search ${arg_PROGRAMS})
    vmm_image(${name} SYSTEM ${system} SEARCH ${search} DEPENDS ${arg_PROGRAMS} ${arg_FILES})
    vmm_describe(${name} SYSTEM ${system} SEARCH ${search} PROGRAMS ${arg_PROGRAMS})
endfunction()

# vmm_layout(NAME [LAYOUT FILE] [PROGRAMS TARGET…] [FILES F…] [DISK FILE])   the same of a layout
# (default NAME.layout.xml): tools/sysgen makes a system description of it, and fills in the programs.
# The drivers and virtualisers of components/ need not be listed. DISK is the image that QEMU gives
# the system's first disk, whose content no run changes.
function(vmm_layout name)
    if(NOT CMAKE_CROSSCOMPILING)
        return()
    endif()
    cmake_parse_arguments(arg "" "LAYOUT;DISK" "PROGRAMS;FILES" ${ARGN})
    if(NOT arg_LAYOUT)
        set(arg_LAYOUT ${name}.layout.xml)
    endif()
    vmm_layout_of(arg_LAYOUT . ${arg_LAYOUT})
    if(NOT EXISTS ${VMM_SYSGEN})
        message(FATAL_ERROR "${name} is a layout, and there is no generator ${VMM_SYSGEN}. Build the target "
                            "'tools' of the host build first (cmake --preset host && cmake --build --preset "
                            "host), or set VMM_SYSGEN.")
    endif()
    get_filename_component(layout ${arg_LAYOUT} ABSOLUTE)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}.layout)
    set(system ${folder}/${name}.system)
    set(drivers ${LIBVMM_ROOT}/components/drivers)
    set(board_json ${VMM_BOARD_FOLDER}/board.json)
    set(board_tree ${VMM_BOARDS_DIR}/${MICROKIT_BOARD}/board.dtb)
    vmm_components_of(components ${layout} --board ${board_json} --dtb ${board_tree} --drivers ${drivers})
    set(programs ${arg_PROGRAMS} ${components})
    vmm_search_path(search ${programs})
    file(GLOB_RECURSE resources CONFIGURE_DEPENDS ${drivers}/config.json)
    add_custom_command(OUTPUT ${system}
        COMMAND ${VMM_SYSGEN} ${layout} --name ${name} --board ${board_json} --dtb ${board_tree}
                --drivers ${drivers} --search-path ${search} -o ${folder}
        DEPENDS ${layout} ${programs} ${VMM_SYSGEN} ${board_json} ${board_tree} ${resources}
        COMMENT "layout ${name}" VERBATIM)
    vmm_image(${name} SYSTEM ${system} SEARCH ${folder} ${search} DEPENDS ${programs} ${arg_FILES})
    vmm_describe(${name} SYSTEM ${system} SEARCH ${folder} ${search} PROGRAMS ${arg_PROGRAMS} DISK "${arg_DISK}"
        LAYOUT "{ \"source\": \"${layout}\", \"generator\": \"${VMM_SYSGEN}\", \"tree\": \"${board_tree}\",
              \"drivers\": \"${drivers}\", \"folder\": \"${folder}\" }")
endfunction()

# vmm_components_of(RESULT LAYOUT SYSGEN-OPTIONS…)   the targets of components/ that a layout's system consists
# of, so that a project builds no others. None of a layout that is wrong, which the build then says at once; all,
# if a file will only be made by the build. In this tree's own build, which has systems with each of them, always all.
function(vmm_components_of result layout)
    get_property(all GLOBAL PROPERTY VMM_COMPONENTS)
    set(${result} ${all} PARENT_SCOPE)
    if(NOT LIBVMM_PACKAGE)
        return()
    endif()
    execute_process(COMMAND ${VMM_SYSGEN} ${layout} ${ARGN} --programs
                    RESULT_VARIABLE status OUTPUT_VARIABLE images ERROR_VARIABLE refusal)
    if(NOT status EQUAL 0 AND refusal MATCHES " cannot be read")
        return()
    endif()
    # Asked again when one of them changes.
    get_filename_component(folder ${layout} DIRECTORY)
    file(STRINGS ${layout} trees REGEX " tree=\"[^\"]+\"")
    list(TRANSFORM trees REPLACE ".* tree=\"([^\"]+)\".*" "${folder}/\\1")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${layout} ${VMM_SYSGEN} ${trees})
    set(components)
    string(REPLACE "\n" ";" images "${images}")
    foreach(component ${all})
        get_target_property(image ${component} OUTPUT_NAME)
        if(image IN_LIST images)
            list(APPEND components ${component})
        endif()
    endforeach()
    set(${result} ${components} PARENT_SCOPE)
endfunction()

# vmm_layout_of(RESULT FOLDER FILE)   the layout FILE of FOLDER, or BOARD.FILE beside it, if that exists.
function(vmm_layout_of result folder file)
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${file})
    set(special ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${MICROKIT_BOARD}.${file})
    if(EXISTS ${special})
        set(path ${special})
    endif()
    get_filename_component(path ${path} ABSOLUTE)
    set(${result} ${path} PARENT_SCOPE)
endfunction()

# vmm_missing_devices(RESULT LAYOUT)   the names of devices in a layout that the board does not have; a
# layout that is not there misses none.
function(vmm_missing_devices result layout)
    set(missing)
    if(EXISTS ${layout})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${layout})
        file(READ ${layout} text)
        string(REGEX MATCHALL " device=\"[a-z0-9_]+" devices "${text}")
        list(TRANSFORM devices REPLACE " device=\"" "")
        list(REMOVE_DUPLICATES devices)
        foreach(device ${devices})
            if(NOT device IN_LIST BOARD_DEVICES)
                list(APPEND missing ${device})
            endif()
        endforeach()
    endif()
    set(${result} ${missing} PARENT_SCOPE)
endfunction()

# The folders with these programs and with this folder's own files.
function(vmm_search_path result)
    set(search ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    foreach(program ${ARGN})
        get_target_property(folder ${program} BINARY_DIR)
        list(APPEND search ${folder})
    endforeach()
    list(REMOVE_DUPLICATES search)
    set(${result} ${search} PARENT_SCOPE)
endfunction()

# NAME.img by the SDK's tool, and what it reports.
function(vmm_image name)
    cmake_parse_arguments(arg "" "SYSTEM" "SEARCH;DEPENDS" ${ARGN})
    set(image ${CMAKE_CURRENT_BINARY_DIR}/${name}.img)
    set(report ${CMAKE_CURRENT_BINARY_DIR}/${name}.report.txt)
    add_custom_command(OUTPUT ${image} ${report}
        COMMAND ${CMAKE_COMMAND} -E env MICROKIT_SDK=${MICROKIT_SDK} ${MICROKIT_TOOL} ${arg_SYSTEM}
                --search-path ${arg_SEARCH} --board ${MICROKIT_BOARD} --config ${MICROKIT_CONFIG}
                -o ${image} -r ${report}
        DEPENDS ${arg_SYSTEM} ${arg_DEPENDS} ${MICROKIT_TOOL} ${MICROKIT_KERNEL}
        COMMENT "system ${name}" VERBATIM)
    add_custom_target(${name}_system ALL DEPENDS ${image})
endfunction()

# NAME.json for tools/vmm (tools/vmm/system.hpp says what is in it).
function(vmm_describe name)
    cmake_parse_arguments(arg "" "SYSTEM;LAYOUT;DISK" "SEARCH;PROGRAMS" ${ARGN})
    set(guest null)
    set(guests) # of all VMMs, for `vmm check`
    foreach(program ${arg_PROGRAMS})
        get_target_property(directory ${program} VMM_GUEST_DIRECTORY)
        if(directory)
            get_target_property(vm ${program} VMM_GUEST_VM)
            get_target_property(ram ${program} VMM_GUEST_RAM)
            get_target_property(vcpus ${program} VMM_GUEST_VCPUS)
            set(guest "{ \"program\": \"$<TARGET_FILE:${program}>\",
               \"object\": \"$<TARGET_OBJECTS:${program}_images>\",
               \"source\": \"${LIBVMM_ROOT}/lib/vmm/images.S\", \"directory\": \"${directory}\",
               \"vm\": \"${vm}\", \"ram\": \"${ram}\", \"vcpus\": ${vcpus} }")
            list(APPEND guests
                 "{ \"program\": \"$<TARGET_FILE:${program}>\", \"directory\": \"${directory}\" }")
        endif()
    endforeach()
    if(NOT arg_LAYOUT)
        set(arg_LAYOUT null)
    endif()
    foreach(file expect tour)
        set(${file} ${CMAKE_CURRENT_SOURCE_DIR}/${file}.txt)
        if(NOT EXISTS ${${file}})
            set(${file} "")
        endif()
    endforeach()
    list(JOIN guests ", " guests)
    list(JOIN arg_SEARCH "\", \"" search)
    file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.json CONTENT
"{ \"name\": \"${name}\", \"board\": \"${MICROKIT_BOARD}\", \"config\": \"${MICROKIT_CONFIG}\",
  \"system\": \"${arg_SYSTEM}\", \"image\": \"${CMAKE_CURRENT_BINARY_DIR}/${name}.img\",
  \"expect\": \"${expect}\", \"tour\": \"${tour}\", \"disk\": \"${arg_DISK}\",
  \"build\": \"${CMAKE_BINARY_DIR}\", \"search\": [\"${search}\"],
  \"sdk\": \"${MICROKIT_SDK}\", \"tool\": \"${MICROKIT_TOOL}\",
  \"board_json\": \"${VMM_BOARD_FOLDER}/board.json\",
  \"layout\": ${arg_LAYOUT},
  \"guests\": [${guests}],
  \"guest\": ${guest} }
")
endfunction()
