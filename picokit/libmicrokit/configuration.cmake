# SPDX-License-Identifier: BSD-2-Clause
# The configuration that programs and the tool see: gen_config.h and its twin in JSON.

# picokit_platform(RESULT)   what seL4 calls PICOKIT_BOARD: drivers and VMMs ask for CONFIG_PLAT_ZYNQMP and the
# like. One platform may be several of Microkit's boards; where the two agree nothing need be said.
function(picokit_platform result)
    set(qemu_virt qemu-arm-virt)
    set(zcu102 zynqmp)
    set(rpi4b bcm2711)
    set(rock3b rk3568)
    string(REGEX REPLACE "_(aarch64.*|[0-9]+gb)$" "" board ${PICOKIT_BOARD})
    if(NOT DEFINED ${board})
        string(REPLACE "_" "-" ${board} ${PICOKIT_BOARD})
    endif()
    set(${result} ${${board}} PARENT_SCOPE)
endfunction()

# picokit_configuration(DIRECTORY)   writes DIRECTORY/kernel/gen_config.{h,json} for PICOKIT_CONFIG and
# the board in BOARD_…. A value `true` is a boolean: 1 in the header, absent from it where it is false.
function(picokit_configuration directory)
    file(READ ${VMM_BOARDS_DIR}/${PICOKIT_BOARD}/board.json facts)
    string(JSON pa_bits GET "${facts}" pa_bits)
    string(JSON cores GET "${facts}" cores)
    string(JSON timer_hz GET "${facts}" timer_hz)
    string(TOUPPER ${BOARD_CPU} cpu)
    string(REPLACE "-" "_" cpu ${cpu})

    set(values
        SEL4_ARCH=aarch64 ARCH=arm WORD_SIZE=64
        ARCH_AARCH64=true ARCH_ARM=true ARCH_ARM_V8A=true ARM_${cpu}=true
        ARM_HYPERVISOR_SUPPORT=true ARM_PA_SIZE_BITS=${pa_bits} ARM_PA_SIZE_BITS_${pa_bits}=true
        KERNEL_MCS=true NUM_PRIORITIES=256 NUM_DOMAINS=16 NUM_DOMAIN_SCHEDULES=100 MAX_NUM_NODES=${cores}
        HAVE_FPU=true ALLOW_SMC_CALLS=true TIMER_FREQUENCY=${timer_hz}
        AARCH64_USER_CACHE_ENABLE=true L1_CACHE_LINE_SIZE_BITS=6
        EXPORT_PCNT_USER=true EXPORT_PTMR_USER=true EXPORT_VCNT_USER=true
        KERNEL_INVOCATION_REPORT_ERROR_IPC=false HARDWARE_DEBUG_API=false ENABLE_SMP_SUPPORT=false
        BENCHMARK_TRACK_UTILISATION=false)
    if(BOARD_GIC_VERSION EQUAL 3)
        list(APPEND values ARM_GIC_V3_SUPPORT=true)
    else()
        list(APPEND values ARM_GIC_V3_SUPPORT=false)
    endif()
    picokit_platform(platform)
    string(TOUPPER ${platform} define)
    string(REPLACE "-" "_" define ${define})
    list(APPEND values PLAT=${platform} PLAT_${define}=true)
    if(PICOKIT_CONFIG STREQUAL debug)
        list(APPEND values DEBUG_BUILD=true PRINTING=true)
    else()
        list(APPEND values DEBUG_BUILD=false PRINTING=false)
    endif()
    if(PICOKIT_CONFIG STREQUAL benchmark)
        list(APPEND values EXPORT_PMU_USER=true)
    else()
        list(APPEND values EXPORT_PMU_USER=false)
    endif()

    set(PICOKIT_CONFIG_LINES "")
    set(json "")
    foreach(value ${values})
        string(REGEX MATCH "^([^=]+)=(.*)$" _ ${value})
        set(name ${CMAKE_MATCH_1})
        set(value ${CMAKE_MATCH_2})
        if(value STREQUAL "true")
            string(APPEND PICOKIT_CONFIG_LINES "#define CONFIG_${name}  1\n")
            list(APPEND json "\"${name}\": true")
        elseif(value STREQUAL "false")
            string(APPEND PICOKIT_CONFIG_LINES "/* disabled: CONFIG_${name} */\n")
            list(APPEND json "\"${name}\": false")
        else()
            string(APPEND PICOKIT_CONFIG_LINES "#define CONFIG_${name}  ${value}\n")
            list(APPEND json "\"${name}\": \"${value}\"")
        endif()
    endforeach()
    list(JOIN json ",\n    " json)
    configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/gen_config.h.in ${directory}/kernel/gen_config.h @ONLY)
    file(CONFIGURE OUTPUT ${directory}/kernel/gen_config.json CONTENT "{\n    ${json}\n}\n" @ONLY)

    # Where the tool maps the IPC buffer: the last page of the address space.
    math(EXPR ipc_buffer "(1 << ${pa_bits}) - 0x1000" OUTPUT_FORMAT HEXADECIMAL)
    set(PICOKIT_IPC_BUFFER ${ipc_buffer} PARENT_SCOPE)
endfunction()
