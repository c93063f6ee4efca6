# SPDX-License-Identifier: BSD-2-Clause
# Boards: the host build generates a directory a board, every other build reads it.
#   <VMM_BOARDS_DIR>/<board>/board.dtb        the device tree
#                            board.json       for the microkit tool
#                            board.cmake      BOARD_NAME, BOARD_CPU, BOARD_GIC_VERSION, …
#                            board/board.hpp  for C++

# vmm_generate_boards(NAME…)   host build: makes the files, target `boards`.
function(vmm_generate_boards)
    find_program(VMM_DTC dtc REQUIRED)
    set(all)
    foreach(name ${ARGN})
        set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name})
        set(output ${VMM_BOARDS_DIR}/${name})
        file(MAKE_DIRECTORY ${output})
        add_custom_command(
            OUTPUT ${output}/board.dtb
            COMMAND ${VMM_DTC} -q -I dts -O dtb -o ${output}/board.dtb ${source}/board.dts
            DEPENDS ${source}/board.dts VERBATIM)
        # The stamp, because boardgen leaves files alone that would not change.
        add_custom_command(
            OUTPUT ${output}/stamp
            BYPRODUCTS ${output}/board.json ${output}/board.cmake ${output}/board/board.hpp
            COMMAND boardgen --dtb ${output}/board.dtb --json ${source}/board.json -o ${output}
            COMMAND ${CMAKE_COMMAND} -E touch ${output}/stamp
            DEPENDS boardgen ${output}/board.dtb ${source}/board.json
            COMMENT "board ${name}" VERBATIM)
        list(APPEND all ${output}/stamp)
    endforeach()
    add_custom_target(boards ALL DEPENDS ${all})
endfunction()

# vmm_board(NAME)   the interface library board_NAME gives #include "board/board.hpp"; in a build
# for the target also the variables of board.cmake, which must exist by then.
function(vmm_board name)
    set(directory ${VMM_BOARDS_DIR}/${name})
    if(NOT TARGET board_${name})
        add_library(board_${name} INTERFACE)
        target_include_directories(board_${name} INTERFACE ${directory})
        target_link_libraries(board_${name} INTERFACE arch base)
        if(NOT CMAKE_CROSSCOMPILING)
            add_dependencies(board_${name} boards)
        endif()
    endif()
    if(CMAKE_CROSSCOMPILING)
        if(NOT EXISTS ${directory}/board.cmake)
            message(FATAL_ERROR "No generated files for board '${name}' in ${VMM_BOARDS_DIR}. "
                                "Build the target 'boards' of the host build first, or set VMM_BOARDS_DIR.")
        endif()
        include(${directory}/board.cmake)
        foreach(fact NAME ARCH CPU GIC_VERSION LOAD_ADDRESS TIMER_IRQ DEVICES CONSOLE_START CONSOLE_SIZE
                CONSOLE_IRQ CONSOLE_LINUX GIC_CPU_INTERFACE GIC_VCPU_INTERFACE)
            string(PREPEND fact BOARD_)
            set(${fact} ${${fact}} PARENT_SCOPE)
        endforeach()
    endif()
endfunction()
