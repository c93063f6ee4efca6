# SPDX-License-Identifier: BSD-2-Clause
# Where the parts of libvmm are. The folders of target code lie under LIBVMM_ROOT, in a source tree and in an
# installed one alike; what the host build made lies beside them, or in build/.
#
#   LIBVMM_ROOT     lib, components, boards, cmake, picokit
#   VMM_BOARDS_DIR  what boardgen made, a folder a board
#   VMM_GUEST_DIR   Debian's kernels and our initramfs
#   VMM_SDK_DIR     picokit, laid out as an SDK; has the boards that were built
#   VMM_SYSGEN, VMM_BOARDGEN, VMM_MICROKIT   programs
get_filename_component(LIBVMM_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
if(EXISTS ${LIBVMM_ROOT}/cmake/installed.cmake)
    include(${LIBVMM_ROOT}/cmake/installed.cmake) # says where LIBVMM_PROGRAMS is
    if(NOT VMM_BOARDS_DIR)
        set(VMM_BOARDS_DIR ${LIBVMM_ROOT}/generated-boards)
    endif()
    if(NOT VMM_GUEST_DIR)
        set(VMM_GUEST_DIR ${LIBVMM_ROOT}/guest)
    endif()
    set(VMM_SDK_DIR ${LIBVMM_ROOT}/sdk)
    set(VMM_SYSGEN ${LIBVMM_PROGRAMS}/sysgen)
    set(VMM_BOARDGEN ${LIBVMM_PROGRAMS}/boardgen)
    set(VMM_MICROKIT ${LIBVMM_PROGRAMS}/microkit)
else()
    set(VMM_BOARDS_DIR ${LIBVMM_ROOT}/build/boards CACHE PATH "Generated board files")
    set(VMM_GUEST_DIR ${LIBVMM_ROOT}/build/guest CACHE PATH "Debian's kernels and our initramfs")
    set(VMM_SDK_DIR ${LIBVMM_ROOT}/build/sdk)
    set(VMM_SYSGEN ${LIBVMM_ROOT}/build/host/tools/sysgen/sysgen CACHE FILEPATH "The layout generator")
    set(VMM_BOARDGEN ${LIBVMM_ROOT}/build/host/tools/boardgen/boardgen)
    set(VMM_MICROKIT ${LIBVMM_ROOT}/build/host/picokit/tool/microkit)
endif()
