// SPDX-License-Identifier: BSD-2-Clause
// System registers by their encoding (Arm ARM DDI 0487, C5.3; IHI 0069, 12.2): the names of MSR,
// MRS.
#pragma once

#include <compare>
#include <cstdint>

namespace arch {

/// The five numbers that select a system register.
struct SysregId {
    std::uint8_t op0;
    std::uint8_t op1;
    std::uint8_t crn;
    std::uint8_t crm;
    std::uint8_t op2;

    constexpr auto operator<=>(const SysregId&) const = default;

    /// One number for a switch; unique among all registers.
    [[nodiscard]] constexpr std::uint32_t key() const
    {
        return static_cast<std::uint32_t>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
    }
};

namespace sysreg {
inline constexpr SysregId k_icc_sgi1r_el1  = {3, 0, 12, 11, 5};
inline constexpr SysregId k_icc_asgi1r_el1 = {3, 0, 12, 11, 6};
inline constexpr SysregId k_icc_sgi0r_el1  = {3, 0, 12, 11, 7};
inline constexpr SysregId k_icc_sre_el1    = {3, 0, 12, 12, 5};

inline constexpr SysregId k_midr_el1         = {3, 0, 0, 0, 0};
inline constexpr SysregId k_mpidr_el1        = {3, 0, 0, 0, 5};
inline constexpr SysregId k_id_aa64pfr0_el1  = {3, 0, 0, 4, 0};
inline constexpr SysregId k_id_aa64dfr0_el1  = {3, 0, 0, 5, 0};
inline constexpr SysregId k_id_aa64mmfr0_el1 = {3, 0, 0, 7, 0};
inline constexpr SysregId k_ctr_el0          = {3, 3, 0, 0, 1};

inline constexpr SysregId k_cntp_tval_el0 = {3, 3, 14, 2, 0};
inline constexpr SysregId k_cntp_ctl_el0  = {3, 3, 14, 2, 1};
inline constexpr SysregId k_cntp_cval_el0 = {3, 3, 14, 2, 2};

inline constexpr SysregId k_oslar_el1 = {2, 0, 1, 0, 4};
inline constexpr SysregId k_oslsr_el1 = {2, 0, 1, 1, 4};
} // namespace sysreg

} // namespace arch
