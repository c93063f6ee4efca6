// SPDX-License-Identifier: BSD-2-Clause
// A virtIO driver between a fake device and a fake Microkit: what the tests of all of them need.
#pragma once

#include "kit/fake_microkit.hpp"
#include "kit/fake_mmio.hpp"
#include "kit/fake_virtio_device.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <cstdint>
#include <gtest/gtest.h>

extern sddf::DeviceResources device_resources;

namespace virtio_driver::test {

inline constexpr unsigned       k_irq  = 0;
inline constexpr std::uintptr_t k_base = 0xa00'3c00;

class DriverTest : public testing::Test {
protected:
    /// The device of this type (section 5) offers these features and the modern interface.
    explicit DriverTest(std::uint32_t type, std::uint64_t features)
    {
        fake.reset();
        auto& mmio    = kit::FakeMmio::instance();
        mmio.on_read  = [this](auto at) { return device.read(at - k_base); };
        mmio.on_write = [this](auto at, auto value) { device.write(at - k_base, value); };
        device.type   = type;
        device.features |= features;
        device_resources                   = {};
        device_resources.magic             = sddf::magic_of(sddf::Class::device_resources);
        device_resources.num_regions       = 2;
        device_resources.num_irqs          = 1;
        device_resources.irqs[0]           = k_irq;
        device_resources.regions[0].region = {.vaddr = k_base, .size = 0x1000};
        device_resources.regions[1]        = {rings.region(), rings.region().vaddr};
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        fake.acknowledgements.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }

    kit::FakeMicrokit&    fake = kit::FakeMicrokit::instance();
    kit::FakeVirtioDevice device;
    kit::Memory           rings{65536}; ///< shared with the device
};

} // namespace virtio_driver::test
