# SPDX-License-Identifier: BSD-2-Clause
# cmake --install build/host --prefix P: what projects of others stand on, wherever P is moved to afterwards.
#   P/bin/vmm                 the front door
#   P/lib/libvmm/bin          the programs that builds call
#   P/lib/cmake/libvmm        find_package(libvmm)
#   P/share/libvmm            as in the source tree: lib components boards cmake picokit make tools, and what was
#                             made: generated-boards, sdk (picokit for the boards that were built), guest
# The target's libraries are compiled in each project's own build: its board and SDK decide how.

set(share share/libvmm)
# Files of an older version would be compiled with the new ones.
foreach(folder lib components boards generated-boards sdk picokit cmake make tools)
    install(CODE "file(REMOVE_RECURSE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${share}/${folder}\")")
endforeach()

install(TARGETS vmm_tool RUNTIME DESTINATION bin)
install(TARGETS sysgen boardgen microkit_main initramfs disk RUNTIME DESTINATION lib/libvmm/bin)

install(DIRECTORY lib components DESTINATION ${share} PATTERN test EXCLUDE)
install(DIRECTORY picokit/abi picokit/kernel picokit/libmicrokit DESTINATION ${share}/picokit PATTERN test EXCLUDE)
install(FILES picokit/CMakeLists.txt picokit/README.md DESTINATION ${share}/picokit)
install(DIRECTORY boards DESTINATION ${share} PATTERN CMakeLists.txt EXCLUDE)
install(DIRECTORY cmake make DESTINATION ${share} FILES_MATCHING PATTERN *.cmake PATTERN *.flags PATTERN *.mk
        PATTERN install.cmake EXCLUDE)
install(FILES tools/qemu/fetch.sh DESTINATION ${share}/tools/qemu PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
        GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(FILES LICENSE DESTINATION ${share})

# What the program says of itself: its man page, and how bash completes its words.
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tools/vmm/vmm.1 DESTINATION share/man/man1)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tools/vmm/vmm.bash DESTINATION share/bash-completion/completions RENAME vmm)

# Everything is found from where it stands.
set(made ${CMAKE_CURRENT_BINARY_DIR}/install)
file(CONFIGURE OUTPUT ${made}/installed.cmake @ONLY CONTENT
"get_filename_component(LIBVMM_PROGRAMS \${CMAKE_CURRENT_LIST_DIR}/../../../lib/libvmm/bin ABSOLUTE)
")
file(CONFIGURE OUTPUT ${made}/libvmmConfig.cmake @ONLY CONTENT
"include(\${CMAKE_CURRENT_LIST_DIR}/../../../${share}/cmake/libvmmConfig.cmake)
")
install(FILES ${made}/installed.cmake DESTINATION ${share}/cmake)
install(FILES ${made}/libvmmConfig.cmake cmake/libvmmConfigVersion.cmake DESTINATION lib/cmake/libvmm)

# Not what is left of boards that had another name.
file(GLOB all_boards RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/boards CONFIGURE_DEPENDS boards/*/board.json)
list(TRANSFORM all_boards REPLACE "/board.json" "")
foreach(board ${all_boards})
    install(DIRECTORY ${VMM_BOARDS_DIR}/${board} DESTINATION ${share}/generated-boards PATTERN stamp EXCLUDE)
    install(DIRECTORY ${VMM_SDK_DIR}/board/${board} DESTINATION ${share}/sdk/board OPTIONAL)
endforeach()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/parts.mk DESTINATION ${share}/make)
install(DIRECTORY ${VMM_SDK_DIR}/ DESTINATION ${share}/sdk USE_SOURCE_PERMISSIONS OPTIONAL
        PATTERN board EXCLUDE)
# Some are links to what was fetched, some have holes.
set(guest "\"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${share}/guest\"")
install(CODE "file(MAKE_DIRECTORY ${guest})")
foreach(file linux linux-6.12 u-boot.bin initramfs.cpio initramfs-virtio.cpio initramfs-sound.cpio small.img debian.img)
    install(CODE "
        if(EXISTS ${VMM_GUEST_DIR}/${file})
            message(STATUS \"Installing: ${share}/guest/${file}\")
            execute_process(COMMAND cp -L ${VMM_GUEST_DIR}/${file} ${guest}
                            COMMAND_ERROR_IS_FATAL ANY)
        endif()")
endforeach()

# `ninja manual`, if it has been made.
install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/manual/html/ DESTINATION share/doc/libvmm/html OPTIONAL
        PATTERN .buildinfo EXCLUDE)

# picokit for every board: `vmm` and the package build what is missing, so this is for those who want it before.
set(LIBVMM_SDK_BOARDS "" CACHE STRING "Boards of the target sdk; empty: all")
set(LIBVMM_SDK_CONFIGS debug release CACHE STRING "Their configurations")
set(boards ${LIBVMM_SDK_BOARDS})
if(NOT boards)
    set(boards ${all_boards})
endif()
add_custom_target(sdk)
set(previous)
foreach(board ${boards})
    foreach(config ${LIBVMM_SDK_CONFIGS})
        # The folder that ./run uses. One after the other: they share the SDK directory.
        set(folder ${PROJECT_SOURCE_DIR}/build/picokit/${board}/${config})
        add_custom_target(sdk_${board}_${config}
            COMMAND ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${PROJECT_SOURCE_DIR}/picokit -B ${folder}
                    -D CMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/aarch64.cmake -D PICOKIT_BOARD=${board}
                    -D PICOKIT_CONFIG=${config} -D PICOKIT_SDK=${VMM_SDK_DIR}
                    -D PICOKIT_TOOL=$<TARGET_FILE:microkit_main>
            COMMAND ${CMAKE_COMMAND} --build ${folder}
            COMMENT "picokit for ${board}, ${config}" VERBATIM)
        add_dependencies(sdk_${board}_${config} boards microkit_main ${previous})
        set(previous sdk_${board}_${config})
        add_dependencies(sdk ${previous})
    endforeach()
endforeach()
