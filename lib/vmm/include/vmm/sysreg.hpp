// SPDX-License-Identifier: BSD-2-Clause
// What a guest sees in system registers that trap: identification, debug, PMU. The physical timer
// is vmm/physical_timer.hpp; where there is no timer channel to keep its time it is undefined.
//
// Which of them trap differs between kernels and boards; seL4 lets most through. So the values say
// what is true on every board: no debug hardware, no PMU, an Armv8.0 core.
#pragma once

#include "arch/sysreg_id.hpp"
#include "vmm/types.hpp"

#include <cstdint>
#include <optional>

namespace vmm {

struct SysregContext {
    GicVersion gic;
    VcpuId     vcpu;
};

/// The register's value; nothing if the machine does not have it: reading it is undefined.
[[nodiscard]] std::optional<std::uint64_t> read_sysreg(arch::SysregId       reg,
                                                       const SysregContext& context);

/// Whether writing it is allowed; then nothing happens. (The registers that send SGIs are the
/// interrupt controller's.)
[[nodiscard]] bool ignores_sysreg_write(arch::SysregId reg, const SysregContext& context);

} // namespace vmm
