// SPDX-License-Identifier: BSD-2-Clause
#include "vmm/physical_timer.hpp"

#include "arch/el1.hpp"

namespace vmm {

namespace sysreg = arch::sysreg;

bool PhysicalTimer::owns(arch::SysregId reg)
{
    return reg == sysreg::k_cntp_ctl_el0 || reg == sysreg::k_cntp_cval_el0 ||
           reg == sysreg::k_cntp_tval_el0;
}

std::uint64_t PhysicalTimer::read(arch::SysregId reg, std::uint64_t now) const
{
    using Control = arch::CntvCtl; // both timers' are alike
    if (reg == sysreg::k_cntp_cval_el0) {
        return compare_;
    }
    if (reg == sysreg::k_cntp_tval_el0) {
        return static_cast<std::uint32_t>(compare_ - now);
    }
    return Control{}
        .with<Control::enable>(enabled_)
        .with<Control::imask>(masked_)
        .with<Control::istatus>(enabled_ && now >= compare_)
        .raw();
}

void PhysicalTimer::write(arch::SysregId reg, std::uint64_t value, std::uint64_t now)
{
    if (reg == sysreg::k_cntp_cval_el0) {
        compare_ = value;
    } else if (reg == sysreg::k_cntp_tval_el0) {
        // A signed number of 32 bits.
        compare_ = now + static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(value)});
    } else {
        const auto control = arch::CntvCtl{value};
        enabled_           = control.get<arch::CntvCtl::enable>();
        masked_            = control.get<arch::CntvCtl::imask>();
    }
}

} // namespace vmm
