// SPDX-License-Identifier: BSD-2-Clause
// The EL1 physical timer of a vCPU (DDI 0487, D11.2), for kernels that trap its registers: the
// board has one, and a timer driver owns it. What the guest sees is a timer of its own on the same
// count.
#pragma once

#include "arch/sysreg_id.hpp"

#include <cstdint>
#include <optional>

namespace vmm {

class PhysicalTimer {
public:
    /// Whether a register is one of the timer's: CNTP_CTL_EL0, CNTP_CVAL_EL0, CNTP_TVAL_EL0.
    [[nodiscard]] static bool owns(arch::SysregId reg);

    /// Off, as after a reset.
    void reset() { *this = {}; }

    /// Whether it may want something: it is on.
    [[nodiscard]] bool is_used() const { return enabled_; }

    /// A register's value when the physical counter is at `now`.
    [[nodiscard]] std::uint64_t read(arch::SysregId reg, std::uint64_t now) const;
    void                        write(arch::SysregId reg, std::uint64_t value, std::uint64_t now);

    /// The interrupt line: a level.
    [[nodiscard]] bool is_high(std::uint64_t now) const
    {
        return enabled_ && !masked_ && now >= compare_;
    }
    /// When the line is going to rise, if nobody writes a register; nothing if it is high or stays
    /// low.
    [[nodiscard]] std::optional<std::uint64_t> deadline(std::uint64_t now) const
    {
        return enabled_ && !masked_ && now < compare_ ? std::optional{compare_} : std::nullopt;
    }

private:
    std::uint64_t compare_ = 0;
    bool          enabled_ = false;
    bool          masked_  = false;
};

} // namespace vmm
