// SPDX-License-Identifier: BSD-2-Clause
// The device tree that a guest is given, one part of its machine a function.
#pragma once

#include "base/fixed_vector.hpp"
#include "fdt/writer.hpp"
#include "vmm/device_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vmm {

class DeviceTreeWriter {
public:
    DeviceTreeWriter(std::span<std::byte> room, const DeviceTreeInputs& inputs)
        : in_{inputs}
        , tree_{room}
    {
    }

    /// Writes all of it; the number of bytes. Errors: what the inputs lack, or that there is no
    /// room.
    base::Result<std::size_t> build();

private:
    static constexpr std::uint32_t k_gic_phandle = 1;
    static constexpr std::uint32_t k_first_clock = 2; ///< phandles of clocks count from here
    static constexpr std::size_t   k_most_clocks = 32;

    static constexpr std::uint32_t k_first_ppi     = 16;
    static constexpr std::uint32_t k_first_spi     = 32;
    static constexpr std::uint32_t k_first_special = 1020;

    // Kinds and flags of the GIC's interrupt specifiers (Linux bindings, arm,gic.yaml).
    static constexpr std::uint32_t k_spi = 0, k_ppi = 1;
    static constexpr std::uint32_t k_edge_rising = 1, k_level_high = 4;

    // device_tree.cpp: the machine
    void chosen();
    void aliases();
    void path(const GuestDevice& device);
    void path(std::string_view node);
    void memory();
    void reserved_memory();
    void cpus();
    void psci();
    void gic();
    void timer();

    // device_tree_devices.cpp: the devices
    base::Result<> clocks();
    base::Result<> device(const GuestDevice& device);
    base::Result<> interrupt(arch::DeviceInterrupt line);
    base::Result<> extra(const ExtraProperty& property);

    void range(const base::GuestRange& range)
    {
        tree_.append_u64(range.start().raw());
        tree_.append_u64(range.size());
    }
    void registers(const base::GuestRange& one)
    {
        tree_.begin_property("reg");
        range(one);
    }
    /// Which vCPUs a PPI goes to; a field of the flags that only GICv2 has.
    [[nodiscard]] std::uint32_t ppi_targets() const
    {
        return in_.gic.version == GicVersion::v2 ? ((1U << in_.vcpus.size()) - 1) << 8 : 0;
    }

    const DeviceTreeInputs&                         in_;
    fdt::Writer                                     tree_;
    base::FixedVector<std::uint32_t, k_most_clocks> frequencies_;
};

} // namespace vmm
