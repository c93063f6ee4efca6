# SPDX-License-Identifier: BSD-2-Clause
# Toolchain for freestanding AArch64 code: kernel, libmicrokit, libraries, components, examples.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(VMM_TOOLCHAIN_PREFIX "aarch64-linux-gnu-" CACHE STRING "Prefix of the target's GCC and binutils")
set(CMAKE_C_COMPILER   ${VMM_TOOLCHAIN_PREFIX}gcc)
set(CMAKE_CXX_COMPILER ${VMM_TOOLCHAIN_PREFIX}g++)
set(CMAKE_ASM_COMPILER ${VMM_TOOLCHAIN_PREFIX}gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# -mcpu: the least of our boards. General registers only, so that FP state is the guest's alone.
set(vmm_target_flags "-ffreestanding -nostdlib -fno-pic -fno-pie -mcpu=cortex-a53 -mgeneral-regs-only \
-mstrict-align -mno-outline-atomics -ffunction-sections -fdata-sections -fno-stack-protector \
-fno-asynchronous-unwind-tables -fno-unwind-tables")
set(CMAKE_C_FLAGS_INIT   "${vmm_target_flags}")
set(CMAKE_CXX_FLAGS_INIT "${vmm_target_flags} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")
set(CMAKE_ASM_FLAGS_INIT "-mcpu=cortex-a53")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -static -no-pie -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack")

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
