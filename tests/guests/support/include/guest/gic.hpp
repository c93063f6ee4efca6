// SPDX-License-Identifier: BSD-2-Clause
// The guest's own driver of a GICv2 or GICv3, reduced to what test programs do.
#pragma once

#include "guest/platform.hpp"

#include <cstdint>

namespace guest {

/// The parts that differ between the versions.
class Gic {
public:
    /// Distributor on, everything disabled.
    virtual void configure() = 0;
    /// This CPU's own interrupts and its interface on, priority mask open.
    virtual void configure_cpu() = 0;
    /// SPIs go to this CPU. Level or edge is left as it is.
    virtual void enable(std::uint32_t intid)  = 0;
    virtual void disable(std::uint32_t intid) = 0;
    /// A software generated interrupt (0 to 15) to the calling CPU itself.
    virtual void send_to_self(std::uint32_t sgi) = 0;
    /// To the CPU with this affinity (MPIDR); a GICv2 takes its lowest byte as the CPU's number.
    virtual void send(std::uint64_t mpidr, std::uint32_t sgi) = 0;
    /// What the CPU interface says: 1020 and above is no interrupt. A GICv2 adds the sender's
    /// number of an SGI in bits 12..10; hand all of it to end().
    virtual std::uint32_t acknowledge()          = 0;
    virtual void          end(std::uint32_t raw) = 0;
    virtual const char*   name() const           = 0;

protected:
    ~Gic() = default;
};

/// What to write to GICD_SGIR (GICv2, IHI 0048B 4.3.15) to interrupt oneself.
constexpr std::uint32_t sgir_to_self(std::uint32_t sgi) { return 2U << 24 | sgi; }
/// The same to interrupt the CPU with this MPIDR, whose lowest byte is its number.
constexpr std::uint32_t sgir(std::uint64_t mpidr, std::uint32_t sgi)
{
    return 1U << (16 + (mpidr & 7)) | sgi;
}
/// What to write to ICC_SGI1R_EL1 (GICv3, IHI 0069 12.2.20) to interrupt the CPU with this MPIDR.
constexpr std::uint64_t sgi1r(std::uint64_t mpidr, std::uint32_t sgi)
{
    const auto aff0 = mpidr & 0xff, aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff;
    const auto aff3 = mpidr >> 32 & 0xff;
    return aff3 << 48 | (aff0 / 16) << 44 | aff2 << 32 | std::uint64_t{sgi} << 24 | aff1 << 16 |
           1ULL << aff0 % 16;
}

/// The one that the platform has.
Gic& select_gic(const Platform& platform);
/// After select_gic().
Gic& gic();

} // namespace guest
