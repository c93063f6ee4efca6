# SPDX-License-Identifier: BSD-2-Clause
# The package: what a project of a user's own has after
#
#   cmake_minimum_required(VERSION 3.25)
#   project(my_system LANGUAGES C CXX ASM)
#   find_package(libvmm REQUIRED)
#
# configured with `-D CMAKE_TOOLCHAIN_FILE=…/aarch64.cmake -D MICROKIT_BOARD=…` (the toolchain file lies beside
# this one and makes find_package find it). It gives the functions vmm_program, vmm_guest, vmm_layout and
# vmm_system, the libraries (vmm, virtio, sddf, …), the components' programs, and board_<BOARD>. Everything is
# compiled in the project's build, for its board and with its SDK:
#
#   MICROKIT_BOARD   a board of libvmm's, of the project's own folder boards/, or of a folder in LIBVMM_BOARD_PATH
#   MICROKIT_CONFIG  debug (the default), release, …
#   MICROKIT_SDK     an official SDK; without it picokit, which is built if the board needs it
# Each may come from the environment as well.
if(TARGET vmm)
    return() # found before
endif()
if(NOT CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
    set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE "libvmm is code for the board. In an empty build folder, "
        "configure with: -D CMAKE_TOOLCHAIN_FILE=${CMAKE_CURRENT_LIST_DIR}/aarch64.cmake")
    return()
endif()
enable_language(C)
enable_language(CXX)
enable_language(ASM)

set(LIBVMM_PACKAGE ON)
include(${CMAKE_CURRENT_LIST_DIR}/libvmm.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/own_board.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/product.cmake)
vmm_board(${MICROKIT_BOARD})

foreach(libvmm_folder lib/base lib/arch lib/microkit lib/fdt lib/virtio lib/sddf lib/backend lib/vsock lib/control
                      lib/vmm components)
    add_subdirectory(${LIBVMM_ROOT}/${libvmm_folder} ${CMAKE_BINARY_DIR}/libvmm/${libvmm_folder} EXCLUDE_FROM_ALL)
endforeach()
unset(libvmm_folder)
