// SPDX-License-Identifier: BSD-2-Clause
// SMC Calling Convention 1.1 (DEN 0028) and the services this project knows by number: PSCI 1.1
// (DEN 0022), the Arm architecture calls and TRNG (DEN 0098).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// Who answers a call (DEN 0028, table 2-1).
enum class SmcccOwner : std::uint8_t {
    architecture        = 0,
    cpu                 = 1,
    sip                 = 2, ///< silicon provider
    oem                 = 3,
    standard            = 4, ///< PSCI, TRNG, SDEI, …
    standard_hypervisor = 5,
    vendor_hypervisor   = 6,
};

/// The function identifier in w0.
struct SmcccFunction : base::Register<SmcccFunction, std::uint32_t> {
    using Register::Register;
    using number = base::Field<15, 0, std::uint16_t>;
    using owner  = base::Field<29, 24, SmcccOwner>;
    using smc64  = base::Flag<30>; ///< arguments are 64 bits wide
    using fast   = base::Flag<31>;
};

namespace smccc {
inline constexpr std::uint32_t k_version           = 0x8000'0000;
inline constexpr std::uint32_t k_arch_features     = 0x8000'0001;
inline constexpr std::uint32_t k_arch_soc_id       = 0x8000'0002;
inline constexpr std::uint32_t k_arch_workaround_1 = 0x8000'8000; ///< CVE-2017-5715
inline constexpr std::uint32_t k_arch_workaround_2 = 0x8000'7fff; ///< CVE-2018-3639
inline constexpr std::uint32_t k_arch_workaround_3 = 0x8000'3fff; ///< CVE-2022-23960

inline constexpr std::uint64_t k_version_1_1 = 0x1'0001;

inline constexpr std::int64_t k_success            = 0;
inline constexpr std::int64_t k_not_supported      = -1;
inline constexpr std::int64_t k_not_required       = -2;
inline constexpr std::int64_t k_workaround_not_due = 1; ///< this CPU is not affected
} // namespace smccc

namespace psci {
/// SMC32 numbers; those that exist as SMC64 too have bit 30 set there.
inline constexpr std::uint32_t k_smc64             = 0x4000'0000;
inline constexpr std::uint32_t k_version           = 0x8400'0000;
inline constexpr std::uint32_t k_cpu_suspend       = 0x8400'0001;
inline constexpr std::uint32_t k_cpu_off           = 0x8400'0002;
inline constexpr std::uint32_t k_cpu_on            = 0x8400'0003;
inline constexpr std::uint32_t k_affinity_info     = 0x8400'0004;
inline constexpr std::uint32_t k_migrate_info_type = 0x8400'0006;
inline constexpr std::uint32_t k_system_off        = 0x8400'0008;
inline constexpr std::uint32_t k_system_reset      = 0x8400'0009;
inline constexpr std::uint32_t k_features          = 0x8400'000a;
inline constexpr std::uint32_t k_system_suspend    = 0x8400'000e;
inline constexpr std::uint32_t k_system_reset2     = 0x8400'0012;

inline constexpr std::uint64_t k_version_1_1 = 0x1'0001;

/// MIGRATE_INFO_TYPE: no Trusted OS, or one that needs no migration.
inline constexpr std::int64_t k_no_trusted_os = 2;

/// Return values (DEN 0022, 5.2.2).
inline constexpr std::int64_t k_success            = 0;
inline constexpr std::int64_t k_not_supported      = -1;
inline constexpr std::int64_t k_invalid_parameters = -2;
inline constexpr std::int64_t k_denied             = -3;
inline constexpr std::int64_t k_already_on         = -4;
inline constexpr std::int64_t k_on_pending         = -5;
inline constexpr std::int64_t k_internal_failure   = -6;
inline constexpr std::int64_t k_invalid_address    = -9;

/// Results of AFFINITY_INFO.
inline constexpr std::int64_t k_affinity_on  = 0;
inline constexpr std::int64_t k_affinity_off = 1;

/// power_state of CPU_SUSPEND in the original format (DEN 0022, 5.4.2.1).
struct PowerState : base::Register<PowerState, std::uint32_t> {
    using Register::Register;
    using state_id    = base::Field<15, 0, std::uint16_t>;
    using power_down  = base::Flag<16>; ///< else standby
    using reserved_lo = base::Field<23, 17, std::uint8_t>;
    using power_level = base::Field<25, 24, std::uint8_t>;
    using reserved_hi = base::Field<31, 26, std::uint8_t>;
};

/// reset_type of SYSTEM_RESET2: bit 31 is set for a vendor's own types.
inline constexpr std::uint32_t k_system_warm_reset = 0;
} // namespace psci

namespace trng {
inline constexpr std::uint32_t k_version  = 0x8400'0050;
inline constexpr std::uint32_t k_features = 0x8400'0051;
inline constexpr std::uint32_t k_get_uuid = 0x8400'0052;
inline constexpr std::uint32_t k_rnd32    = 0x8400'0053;
inline constexpr std::uint32_t k_rnd64    = 0xc400'0053;

inline constexpr std::uint64_t k_version_1_0 = 0x1'0000;

inline constexpr std::int64_t k_success            = 0;
inline constexpr std::int64_t k_not_supported      = -1;
inline constexpr std::int64_t k_invalid_parameters = -2;
inline constexpr std::int64_t k_no_entropy         = -3;
} // namespace trng

/// MPIDR_EL1 and the target_cpu and target_affinity arguments of PSCI (DDI 0487, D17.2.101).
struct Mpidr : base::Register<Mpidr, std::uint64_t> {
    using Register::Register;
    using aff0 = base::Field<7, 0, std::uint8_t>;
    using aff1 = base::Field<15, 8, std::uint8_t>;
    using aff2 = base::Field<23, 16, std::uint8_t>;
    using mt   = base::Flag<24>;
    using u    = base::Flag<30>; ///< a uniprocessor system
    using res1 = base::Flag<31>;
    using aff3 = base::Field<39, 32, std::uint8_t>;

    /// The affinity fields alone; PSCI wants every other bit of its arguments to be zero.
    static constexpr std::uint64_t k_affinity_mask = 0xff'00ff'ffff;
};

} // namespace arch
