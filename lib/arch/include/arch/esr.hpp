// SPDX-License-Identifier: BSD-2-Clause
// Exception Syndrome Register (Arm ARM DDI 0487, D17.2.37): what an exception was.
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// ESR_ELx.EC, exception classes that reach EL2.
enum class Ec : std::uint8_t {
    unknown           = 0x00,
    wf                = 0x01, ///< WFI or WFE
    fp                = 0x07, ///< trapped Advanced SIMD or floating point
    illegal_state     = 0x0e,
    svc64             = 0x15,
    hvc64             = 0x16,
    smc64             = 0x17,
    sysreg            = 0x18, ///< MSR, MRS or system instruction
    instruction_lower = 0x20, ///< instruction abort from a lower exception level
    instruction_same  = 0x21,
    pc_alignment      = 0x22,
    data_lower        = 0x24, ///< data abort from a lower exception level
    data_same         = 0x25,
    sp_alignment      = 0x26,
    serror            = 0x2f,
    breakpoint_lower  = 0x30,
    step_lower        = 0x32,
    watchpoint_lower  = 0x34,
    brk64             = 0x3c,
};

/// The part that every class shares.
struct Esr : base::Register<Esr, std::uint64_t> {
    using Register::Register;
    using iss = base::Field<24, 0, std::uint32_t>;
    using il  = base::Flag<25>; ///< the instruction was 32 bits long
    using ec  = base::Field<31, 26, Ec>;
};

/// ISS of data aborts (EC 0x24, 0x25).
struct DataAbortIss : base::Register<DataAbortIss, std::uint64_t> {
    using Register::Register;
    using dfsc  = base::Field<5, 0, std::uint8_t>;
    using wnr   = base::Flag<6>; ///< a write
    using s1ptw = base::Flag<7>; ///< on a stage 2 fault: while walking stage 1
    using cm    = base::Flag<8>; ///< cache maintenance
    using ea    = base::Flag<9>;
    using fnv   = base::Flag<10>; ///< FAR is not valid
    using ar    = base::Flag<14>; ///< acquire or release
    using sf    = base::Flag<15>; ///< the register is 64 bits wide
    using srt   = base::Field<20, 16, std::uint8_t>;
    using sse   = base::Flag<21>;                    ///< sign extend
    using sas   = base::Field<23, 22, std::uint8_t>; ///< log2 of the size in bytes
    using isv   = base::Flag<24>;                    ///< the fields sas to ar are valid
};

/// ISS of trapped MSR, MRS and system instructions (EC 0x18).
struct SysregIss : base::Register<SysregIss, std::uint64_t> {
    using Register::Register;
    using read = base::Flag<0>; ///< MRS
    using crm  = base::Field<4, 1, std::uint8_t>;
    using rt   = base::Field<9, 5, std::uint8_t>;
    using crn  = base::Field<13, 10, std::uint8_t>;
    using op1  = base::Field<16, 14, std::uint8_t>;
    using op2  = base::Field<19, 17, std::uint8_t>;
    using op0  = base::Field<21, 20, std::uint8_t>;
};

/// ISS of WFI and WFE (EC 0x01): ti 0 is WFI, 1 is WFE.
struct WfIss : base::Register<WfIss, std::uint64_t> {
    using Register::Register;
    using ti = base::Field<1, 0, std::uint8_t>;
};

} // namespace arch
