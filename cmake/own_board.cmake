# SPDX-License-Identifier: BSD-2-Clause
# A project's board and SDK, for the package: the board may be the project's own, and picokit is built when
# nobody named an SDK and there is none for the board yet. Sets MICROKIT_BOARD, MICROKIT_CONFIG, MICROKIT_SDK,
# VMM_BOARD_FOLDER, and for a board of the project's own VMM_BOARDS_DIR.

# libvmm_step(WHAT COMMAND…)   runs a command while configuring; what it prints is shown if it fails.
function(libvmm_step what)
    message(STATUS "libvmm: ${what}")
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "libvmm: ${what} failed:\n${output}")
    endif()
endfunction()

# Kept, for Ninja configures again in an environment of its own.
set(MICROKIT_BOARD "$ENV{MICROKIT_BOARD}" CACHE STRING "The board")
set(MICROKIT_CONFIG "$ENV{MICROKIT_CONFIG}" CACHE STRING "debug, release, …")
set(libvmm_name "$ENV{MICROKIT_SDK}")
if(libvmm_name)
    # As the shell means it, wherever the project is.
    get_filename_component(libvmm_name ${libvmm_name} ABSOLUTE BASE_DIR "$ENV{PWD}")
endif()
set(MICROKIT_SDK "${libvmm_name}" CACHE PATH "An official SDK; picokit if there is none")
string(REPLACE ":" ";" libvmm_board_path "$ENV{LIBVMM_BOARD_PATH}")
list(TRANSFORM libvmm_board_path REPLACE "^([^/].*)$" "$ENV{PWD}/\\1")
list(JOIN libvmm_board_path ":" libvmm_board_path)
set(LIBVMM_BOARD_PATH "${libvmm_board_path}" CACHE STRING "Folders with boards, separated by colons")
if(NOT MICROKIT_CONFIG)
    set(MICROKIT_CONFIG debug)
endif()

# The folder with the board's board.json: the first that has it.
string(REPLACE ":" ";" libvmm_board_path "${LIBVMM_BOARD_PATH}")
list(APPEND libvmm_board_path ${CMAKE_SOURCE_DIR}/boards ${LIBVMM_ROOT}/boards)
set(VMM_BOARD_FOLDER)
set(libvmm_boards)
foreach(libvmm_name ${libvmm_board_path})
    get_filename_component(libvmm_name "${libvmm_name}" ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
    file(GLOB libvmm_found RELATIVE ${libvmm_name} ${libvmm_name}/*/board.json)
    list(TRANSFORM libvmm_found REPLACE "/board.json$" "")
    list(APPEND libvmm_boards ${libvmm_found})
    if(NOT VMM_BOARD_FOLDER AND MICROKIT_BOARD IN_LIST libvmm_found)
        get_filename_component(VMM_BOARD_FOLDER ${libvmm_name}/${MICROKIT_BOARD} ABSOLUTE)
    endif()
endforeach()
if(NOT VMM_BOARD_FOLDER)
    list(REMOVE_DUPLICATES libvmm_boards)
    list(JOIN libvmm_boards ", " libvmm_boards)
    message(FATAL_ERROR "There is no board '${MICROKIT_BOARD}'. Name one with -D MICROKIT_BOARD=…: ${libvmm_boards}; "
                        "or one of your own in ${CMAKE_SOURCE_DIR}/boards or in a folder of LIBVMM_BOARD_PATH.")
endif()

# A board of the project's own is generated here, whenever its files change.
set(libvmm_kernel ${VMM_SDK_DIR})
if(NOT VMM_BOARD_FOLDER STREQUAL "${LIBVMM_ROOT}/boards/${MICROKIT_BOARD}")
    set(libvmm_kernel ${CMAKE_BINARY_DIR}/libvmm/sdk)
    set(VMM_BOARDS_DIR ${CMAKE_BINARY_DIR}/libvmm/boards)
    set(libvmm_found ${VMM_BOARDS_DIR}/${MICROKIT_BOARD})
    file(MAKE_DIRECTORY ${libvmm_found})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${VMM_BOARD_FOLDER}/board.dts ${VMM_BOARD_FOLDER}/board.json)
    find_program(VMM_DTC dtc REQUIRED)
    libvmm_step("reading ${VMM_BOARD_FOLDER}/board.dts"
        ${VMM_DTC} -q -I dts -O dtb -o ${libvmm_found}/board.dtb ${VMM_BOARD_FOLDER}/board.dts)
    libvmm_step("board ${MICROKIT_BOARD}"
        ${VMM_BOARDGEN} --dtb ${libvmm_found}/board.dtb --json ${VMM_BOARD_FOLDER}/board.json -o ${libvmm_found})
endif()

# picokit: that which came with libvmm, or one of this project's own, which follows its board.
if(NOT MICROKIT_SDK AND NOT EXISTS ${libvmm_kernel}/board/${MICROKIT_BOARD}/${MICROKIT_CONFIG}/lib/libmicrokit.a)
    set(libvmm_kernel ${CMAKE_BINARY_DIR}/libvmm/sdk)
endif()
if(NOT MICROKIT_SDK AND libvmm_kernel STREQUAL "${CMAKE_BINARY_DIR}/libvmm/sdk")
    set(libvmm_found ${CMAKE_BINARY_DIR}/libvmm/picokit/${MICROKIT_BOARD}/${MICROKIT_CONFIG})
    libvmm_step("configuring picokit for ${MICROKIT_BOARD}, ${MICROKIT_CONFIG}"
        ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${LIBVMM_ROOT}/picokit -B ${libvmm_found}
        -D CMAKE_TOOLCHAIN_FILE=${LIBVMM_ROOT}/cmake/aarch64.cmake -D PICOKIT_BOARD=${MICROKIT_BOARD}
        -D PICOKIT_CONFIG=${MICROKIT_CONFIG} -D PICOKIT_SDK=${libvmm_kernel} -D PICOKIT_TOOL=${VMM_MICROKIT}
        -D VMM_BOARDS_DIR=${VMM_BOARDS_DIR} -D VMM_TOOLCHAIN_PREFIX=${VMM_TOOLCHAIN_PREFIX}
        -D LIBVMM_STRICT=OFF)
    libvmm_step("building picokit" ${CMAKE_COMMAND} --build ${libvmm_found})
endif()
if(NOT MICROKIT_SDK)
    set(MICROKIT_SDK ${libvmm_kernel})
endif()
