// SPDX-License-Identifier: BSD-2-Clause
// How the processor is set while a PD runs at EL0, and while a guest does.
#pragma once

#include "arch/hcr.hpp"
#include "arch/spsr.hpp"
#include "kernel/config.hpp"

#include <cstdint>

namespace kernel {

/// HCR_EL2 of guests, the same as under seL4.
inline constexpr std::uint64_t k_guest_hcr = arch::Hcr{}
                                                 .with<arch::Hcr::vm>(true)
                                                 .with<arch::Hcr::fmo>(true)
                                                 .with<arch::Hcr::imo>(true)
                                                 .with<arch::Hcr::amo>(true)
                                                 .with<arch::Hcr::twi>(true)
                                                 .with<arch::Hcr::twe>(true)
                                                 .with<arch::Hcr::tsc>(true)
                                                 .with<arch::Hcr::rw>(true)
                                                 .raw();
static_assert(k_guest_hcr == 0x8008'6039);

/// HCR_EL2 of PDs: EL0 alone, stage 2 as its page table, cacheable without stage 1. WFI and WFE
/// trap: see wait_a_turn().
inline constexpr std::uint64_t k_native_hcr = arch::Hcr{}
                                                  .with<arch::Hcr::vm>(true)
                                                  .with<arch::Hcr::swio>(true)
                                                  .with<arch::Hcr::fmo>(true)
                                                  .with<arch::Hcr::imo>(true)
                                                  .with<arch::Hcr::amo>(true)
                                                  .with<arch::Hcr::dc>(true)
                                                  .with<arch::Hcr::twi>(true)
                                                  .with<arch::Hcr::twe>(true)
                                                  .with<arch::Hcr::tsc>(true)
                                                  .with<arch::Hcr::tge>(true)
                                                  .with<arch::Hcr::rw>(true)
                                                  .raw();

/// SCTLR_EL1 of PDs. With TGE its MMU bit counts as 0 anyway; what matters at EL0 is:
/// little-endian, SP alignment check, CTR_EL0, DC ZVA, cache maintenance by address. Its bits for
/// WFI and WFE trap neither: HCR_EL2 does.
inline constexpr std::uint64_t k_native_sctlr = 0x30d0'0800 // reserved bits that are 1
                                                | 1u << 26  // UCI
                                                | 1u << 18  // nTWE
                                                | 1u << 16  // nTWI
                                                | 1u << 15  // UCT
                                                | 1u << 14  // DZE
                                                | 1u << 12  // I
                                                | 1u << 4   // SA0
                                                | 1u << 2;  // C

/// CPACR_EL1 of PDs: FP/SIMD as CPTR_EL2 says.
inline constexpr std::uint64_t k_native_cpacr = 3u << 20;
/// CNTKCTL_EL1 of PDs: counters and the physical timer at EL0; not the virtual timer, which belongs
/// to whatever guest ran last.
inline constexpr std::uint64_t k_native_cntkctl = 1u << 9 | 1u << 1 | 1u << 0;
/// CNTKCTL_EL1 bits with which a guest would show its timers to EL0, hence to a PD.
inline constexpr std::uint64_t k_cntkctl_timers = 3u << 8;
/// CNTHCTL_EL2: physical counter, and physical timer, below EL2.
inline constexpr std::uint64_t k_cnthctl_counter = 1u << 0;
inline constexpr std::uint64_t k_cnthctl_timer   = 1u << 1;
inline constexpr std::uint64_t k_native_cnthctl  = k_cnthctl_counter | k_cnthctl_timer;
/// MDSCR_EL1 bits that raise debug exceptions at EL0: monitor debug (MDE), single step (SS).
inline constexpr std::uint64_t k_mdscr_step    = 1u << 0;
inline constexpr std::uint64_t k_mdscr_monitor = 1u << 15;

/// CPTR_EL2 (E2H = 0): the reserved bits, with and without the trap of FP/SIMD.
inline constexpr std::uint64_t k_cptr_fp_enabled = 0x33ff;
inline constexpr std::uint64_t k_cptr_fp_trapped = 0x37ff;

/// SPSR of a new thread, and of one whose supervisor asks for something else.
inline constexpr arch::Spsr k_user_spsr = arch::Spsr{}
                                              .with<arch::Spsr::mode>(arch::Mode::el0t)
                                              .with<arch::Spsr::f>(true)
                                              .with<arch::Spsr::a>(!k_config.debug);

} // namespace kernel
