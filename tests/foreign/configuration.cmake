# SPDX-License-Identifier: BSD-2-Clause
# cmake -D BOARDS=… -D OUT=… -P: what drivers and build systems of other people look for in gen_config.h.
cmake_minimum_required(VERSION 3.25)
set(VMM_BOARDS_DIR ${BOARDS})
include(${CMAKE_CURRENT_LIST_DIR}/../../picokit/libmicrokit/configuration.cmake)

# expect(BOARD CONFIG LINE…)   these lines are in the header of a board.
function(expect PICOKIT_BOARD PICOKIT_CONFIG)
    include(${BOARDS}/${PICOKIT_BOARD}/board.cmake)
    picokit_configuration(${OUT}/${PICOKIT_BOARD}/${PICOKIT_CONFIG})
    file(STRINGS ${OUT}/${PICOKIT_BOARD}/${PICOKIT_CONFIG}/kernel/gen_config.h lines)
    foreach(line ${ARGN})
        if(NOT line IN_LIST lines)
            list(JOIN lines "\n  " text)
            message(SEND_ERROR "${PICOKIT_BOARD}, ${PICOKIT_CONFIG}: no line '${line}' in\n  ${text}")
        endif()
    endforeach()
endfunction()

# Two blanks: Makefiles cut the fourth field out.
expect(qemu_virt_aarch64 debug "#define CONFIG_SEL4_ARCH  aarch64" "#define CONFIG_PLAT_QEMU_ARM_VIRT  1"
       "#define CONFIG_PLAT  qemu-arm-virt" "#define CONFIG_PRINTING  1" "#define CONFIG_DEBUG_BUILD  1"
       "#define CONFIG_ARM_PA_SIZE_BITS_40  1" "#define CONFIG_ARM_HYPERVISOR_SUPPORT  1"
       "#define CONFIG_ALLOW_SMC_CALLS  1" "#define CONFIG_ARM_CORTEX_A53  1")
expect(qemu_virt_aarch64_gicv3 release "#define CONFIG_PLAT_QEMU_ARM_VIRT  1"
       "#define CONFIG_ARM_GIC_V3_SUPPORT  1" "/* disabled: CONFIG_PRINTING */")
expect(zcu102 benchmark "#define CONFIG_PLAT_ZYNQMP  1" "#define CONFIG_PLAT  zynqmp" "#define CONFIG_EXPORT_PMU_USER  1")
expect(odroidc4 debug "#define CONFIG_PLAT_ODROIDC4  1" "#define CONFIG_ARM_CORTEX_A55  1")
expect(maaxboard debug "#define CONFIG_PLAT_MAAXBOARD  1")
expect(imx8mm_evk debug "#define CONFIG_PLAT_IMX8MM_EVK  1" "#define CONFIG_PLAT  imx8mm-evk")
expect(imx8mp_evk debug "#define CONFIG_PLAT_IMX8MP_EVK  1")
file(GLOB raspberry_pi RELATIVE ${BOARDS} ${BOARDS}/rpi4b*)
foreach(board ${raspberry_pi})
    expect(${board} debug "#define CONFIG_PLAT_BCM2711  1")
endforeach()

# What our own build asks an SDK for.
include(${CMAKE_CURRENT_LIST_DIR}/../../cmake/product.cmake)
set(MICROKIT_BOARD_DIR ${OUT}/official)
file(WRITE ${MICROKIT_BOARD_DIR}/include/kernel/gen_config.h
    "#define CONFIG_EXPORT_PCNT_USER  1  /* as seL4 writes it */\n/* disabled: CONFIG_EXPORT_PTMR_USER */\n"
    "#define CONFIG_EXPORT_PTMR_USER_SIDE  1\n")
foreach(case PCNT=ON PTMR=OFF VCNT=OFF)
    string(REGEX MATCH "(.*)=(.*)" _ ${case})
    set(option ${CMAKE_MATCH_1})
    set(expected ${CMAKE_MATCH_2})
    vmm_sdk_has(has EXPORT_${option}_USER)
    if(NOT has STREQUAL expected)
        message(SEND_ERROR "EXPORT_${option}_USER is ${expected}, vmm_sdk_has says ${has}")
    endif()
endforeach()
