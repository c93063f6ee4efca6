# SPDX-License-Identifier: BSD-2-Clause
# Toolchain for freestanding AArch64 code: kernel, libmicrokit, libraries, components, examples.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(VMM_TOOLCHAIN_PREFIX "aarch64-linux-gnu-" CACHE STRING "Prefix of the target's GCC and binutils")
set(CMAKE_C_COMPILER   ${VMM_TOOLCHAIN_PREFIX}gcc)
set(CMAKE_CXX_COMPILER ${VMM_TOOLCHAIN_PREFIX}g++)
set(CMAKE_ASM_COMPILER ${VMM_TOOLCHAIN_PREFIX}gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# The words of target.flags, by the first word of their line.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/target.flags vmm_flag_lines REGEX "^[A-Z]")
set(vmm_flags_ALL)
set(vmm_flags_CXX)
set(vmm_flags_ASM)
set(vmm_flags_LINK)
foreach(line ${vmm_flag_lines})
    string(REGEX MATCH "^([A-Z]+)(.*)$" _ ${line})
    string(APPEND vmm_flags_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()
set(CMAKE_C_FLAGS_INIT   "${vmm_flags_ALL}")
set(CMAKE_CXX_FLAGS_INIT "${vmm_flags_ALL}${vmm_flags_CXX}")
set(CMAKE_ASM_FLAGS_INIT "${vmm_flags_ASM}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${vmm_flags_LINK}")

# The optimisation is the same in every configuration: what differs is the kernel that the SDK has.
set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type")
foreach(language C CXX ASM)
    set(CMAKE_${language}_FLAGS_RELEASE "-O2 -g" CACHE STRING "Flags of the Release build")
endforeach()

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# Projects of others that are configured with this file find the package without being told where it is.
if(NOT libvmm_DIR AND NOT libvmm_ROOT)
    set(libvmm_DIR ${CMAKE_CURRENT_LIST_DIR})
endif()
