# SPDX-License-Identifier: BSD-2-Clause
# Programs, guests and systems of a product build: what components/ and examples/ are written with.
# They see one SDK directory (MICROKIT_SDK, MICROKIT_BOARD, MICROKIT_CONFIG) and never ask whose it is.
#
# A folder reads like this:
#   vmm_program(simple_vmm ELF vmm.elf SOURCES vmm.cpp DEPENDS vmm)
#   vmm_guest(simple_vmm)
#   vmm_system(simple PROGRAMS simple_vmm timer_driver)
# In a host build these functions do nothing, so that folders can list their tests beside them.

if(CMAKE_CROSSCOMPILING)
    foreach(variable MICROKIT_SDK MICROKIT_BOARD MICROKIT_CONFIG)
        set(${variable} "$ENV{${variable}}" CACHE STRING "See the Microkit manual")
        if(NOT ${variable})
            message(FATAL_ERROR "Set ${variable}: -D ${variable}=… or the environment variable.")
        endif()
    endforeach()
    get_filename_component(MICROKIT_SDK ${MICROKIT_SDK} ABSOLUTE)
    set(MICROKIT_BOARD_DIR ${MICROKIT_SDK}/board/${MICROKIT_BOARD}/${MICROKIT_CONFIG})
    if(NOT EXISTS ${MICROKIT_BOARD_DIR}/lib/libmicrokit.a)
        message(FATAL_ERROR "The SDK in ${MICROKIT_SDK} has no board '${MICROKIT_BOARD}' with configuration "
                            "'${MICROKIT_CONFIG}': ${MICROKIT_BOARD_DIR}/lib/libmicrokit.a is missing.")
    endif()
    set(version unknown)
    if(EXISTS ${MICROKIT_SDK}/VERSION)
        file(STRINGS ${MICROKIT_SDK}/VERSION version LIMIT_COUNT 1)
    endif()
    if(NOT version MATCHES "^2\\.")
        message(FATAL_ERROR "The SDK in ${MICROKIT_SDK} has version '${version}'; libvmm needs a Microkit SDK 2.x.")
    endif()
    set(MICROKIT_TOOL ${MICROKIT_SDK}/bin/microkit CACHE FILEPATH "The image tool")
    # The tool takes the kernel from here: an image is older than a kernel that was built after it.
    file(GLOB MICROKIT_KERNEL ${MICROKIT_BOARD_DIR}/elf/*.elf ${MICROKIT_BOARD_DIR}/*.json)
    # The build of a VMM embeds these; they are made by tools/guest in the host build.
    set(VMM_GUEST_DIR ${PROJECT_SOURCE_DIR}/build/guest CACHE PATH "Debian's kernels and our initramfs")
endif()

# vmm_program(TARGET ELF FILE SOURCES… [DEPENDS LIB…])   a protection domain's program, FILE in the
# folder's build directory, linked with the SDK's libmicrokit and linker script.
function(vmm_program target)
    if(NOT CMAKE_CROSSCOMPILING)
        return()
    endif()
    cmake_parse_arguments(arg "" "ELF" "SOURCES;DEPENDS" ${ARGN})
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_ELF} SUFFIX ""
        LINK_DEPENDS "${MICROKIT_BOARD_DIR}/lib/microkit.ld;${MICROKIT_BOARD_DIR}/lib/libmicrokit.a")
    target_include_directories(${target} SYSTEM PRIVATE ${MICROKIT_BOARD_DIR}/include)
    target_link_directories(${target} PRIVATE ${MICROKIT_BOARD_DIR}/lib)
    target_link_options(${target} PRIVATE -Tmicrokit.ld)
    # A group: libmicrokit calls the program's entry points, which may live in one of our archives.
    target_link_libraries(${target} PRIVATE vmm_warnings -Wl,--start-group ${arg_DEPENDS} microkit.a
                          -Wl,--end-group)
endfunction()

# vmm_guest(TARGET [KERNEL F] [INITRD F] [DTB F] [CMDLINE S] [VCPUS N] [VM NAME] [RAM REGION])
# embeds a guest's images into the VMM's program TARGET (lib/vmm/images.S). What is not given is
# Debian's kernel, our initramfs, no DTB, "console=ttyAMA0" and one vCPU. VM and RAM name the
# <virtual_machine> and the <memory_region> of the system description that belong to this guest, so
# that ./run can change --vcpus and --memory (defaults: linux, guest_ram).
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
        set(arg_CMDLINE "console=ttyAMA0")
    endif()

    set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}.guest)
    file(MAKE_DIRECTORY ${directory})
    foreach(image KERNEL INITRD DTB)
        string(TOLOWER ${image} name)
        file(REMOVE ${directory}/${name})
        if(arg_${image})
            file(CREATE_LINK ${arg_${image}} ${directory}/${name} SYMBOLIC)
            list(APPEND files ${arg_${image}})
        else()
            file(TOUCH ${directory}/${name})
        endif()
    endforeach()
    # Not file(CONFIGURE), which ends the file with a newline.
    file(GENERATE OUTPUT ${directory}/cmdline CONTENT "${arg_CMDLINE}")
    file(CONFIGURE OUTPUT ${directory}/guest.inc CONTENT ".equ guest_vcpus, ${arg_VCPUS}\n" @ONLY)

    set(images ${PROJECT_SOURCE_DIR}/lib/vmm/images.S)
    add_library(${target}_images OBJECT ${images})
    target_include_directories(${target}_images PRIVATE ${directory})
    # Appended: several guests of one folder share the source file.
    set_property(SOURCE ${images} APPEND PROPERTY
        OBJECT_DEPENDS ${files} ${directory}/cmdline ${directory}/guest.inc)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_images>)
    set_target_properties(${target} PROPERTIES VMM_GUEST_DIRECTORY ${directory} VMM_GUEST_VM ${arg_VM}
        VMM_GUEST_RAM ${arg_RAM} VMM_GUEST_VCPUS ${arg_VCPUS})
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
    set(search ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set(guest null)
    foreach(program ${arg_PROGRAMS})
        get_target_property(folder ${program} BINARY_DIR)
        list(APPEND search ${folder})
        get_target_property(directory ${program} VMM_GUEST_DIRECTORY)
        if(directory)
            get_target_property(vm ${program} VMM_GUEST_VM)
            get_target_property(ram ${program} VMM_GUEST_RAM)
            get_target_property(vcpus ${program} VMM_GUEST_VCPUS)
            set(guest "{ \"program\": \"$<TARGET_FILE:${program}>\",
               \"object\": \"$<TARGET_OBJECTS:${program}_images>\",
               \"source\": \"${PROJECT_SOURCE_DIR}/lib/vmm/images.S\", \"directory\": \"${directory}\",
               \"vm\": \"${vm}\", \"ram\": \"${ram}\", \"vcpus\": ${vcpus} }")
        endif()
    endforeach()
    list(REMOVE_DUPLICATES search)

    set(image ${CMAKE_CURRENT_BINARY_DIR}/${name}.img)
    set(report ${CMAKE_CURRENT_BINARY_DIR}/${name}.report.txt)
    add_custom_command(OUTPUT ${image} ${report}
        COMMAND ${CMAKE_COMMAND} -E env MICROKIT_SDK=${MICROKIT_SDK} ${MICROKIT_TOOL} ${system}
                --search-path ${search} --board ${MICROKIT_BOARD} --config ${MICROKIT_CONFIG}
                -o ${image} -r ${report}
        DEPENDS ${system} ${arg_PROGRAMS} ${arg_FILES} ${MICROKIT_TOOL} ${MICROKIT_KERNEL}
        COMMENT "system ${name}" VERBATIM)
    add_custom_target(${name}_system ALL DEPENDS ${image})

    list(JOIN search "\", \"" search)
    set(expect ${CMAKE_CURRENT_SOURCE_DIR}/expect.txt)
    if(NOT EXISTS ${expect})
        set(expect "")
    endif()
    file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.json CONTENT
"{ \"name\": \"${name}\", \"board\": \"${MICROKIT_BOARD}\", \"config\": \"${MICROKIT_CONFIG}\",
  \"system\": \"${system}\", \"image\": \"${image}\", \"expect\": \"${expect}\",
  \"build\": \"${PROJECT_BINARY_DIR}\", \"search\": [\"${search}\"],
  \"sdk\": \"${MICROKIT_SDK}\", \"tool\": \"${MICROKIT_TOOL}\",
  \"board_json\": \"${PROJECT_SOURCE_DIR}/boards/${MICROKIT_BOARD}/board.json\",
  \"guest\": ${guest} }
")
endfunction()
