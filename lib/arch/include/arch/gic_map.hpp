// SPDX-License-Identifier: BSD-2-Clause
// Where a GIC's memory-mapped registers are, for those who drive a real one (IHI 0048B 4.1.2,
// 4.1.3, 5.3; IHI 0069H 12.8 and 12.10). Offsets in bytes from the frame that the name begins with.
#pragma once

#include <cstdint>

namespace arch {

inline constexpr std::uint64_t k_gicd_ctlr       = 0x000;
inline constexpr std::uint64_t k_gicd_typer      = 0x004;
inline constexpr std::uint64_t k_gicd_igroupr    = 0x080;  ///< one bit an interrupt
inline constexpr std::uint64_t k_gicd_isenabler  = 0x100;  ///< one bit
inline constexpr std::uint64_t k_gicd_icenabler  = 0x180;  ///< one bit
inline constexpr std::uint64_t k_gicd_icpendr    = 0x280;  ///< one bit
inline constexpr std::uint64_t k_gicd_icactiver  = 0x380;  ///< one bit
inline constexpr std::uint64_t k_gicd_ipriorityr = 0x400;  ///< one byte
inline constexpr std::uint64_t k_gicd_itargetsr  = 0x800;  ///< one byte; GICv2
inline constexpr std::uint64_t k_gicd_icfgr      = 0xc00;  ///< two bits
inline constexpr std::uint64_t k_gicd_irouter    = 0x6000; ///< eight bytes; GICv3

inline constexpr std::uint64_t k_gicc_ctlr = 0x000;
inline constexpr std::uint64_t k_gicc_pmr  = 0x004;
inline constexpr std::uint64_t k_gicc_iar  = 0x00c;
inline constexpr std::uint64_t k_gicc_eoir = 0x010;

inline constexpr std::uint64_t k_gich_hcr   = 0x000;
inline constexpr std::uint64_t k_gich_vtr   = 0x004;
inline constexpr std::uint64_t k_gich_vmcr  = 0x008;
inline constexpr std::uint64_t k_gich_misr  = 0x010;
inline constexpr std::uint64_t k_gich_eisr0 = 0x020;
inline constexpr std::uint64_t k_gich_apr   = 0x0f0;
inline constexpr std::uint64_t k_gich_lr    = 0x100; ///< four bytes each

inline constexpr std::uint64_t k_gicr_size  = 0x2'0000; ///< two frames a core; no VLPIs
inline constexpr std::uint64_t k_gicr_typer = 0x008;
inline constexpr std::uint64_t k_gicr_waker = 0x014;
/// The frame of SGIs and PPIs; in it the offsets of the distributor from k_gicd_igroupr on.
inline constexpr std::uint64_t k_gicr_sgi_base = 0x1'0000;

} // namespace arch
