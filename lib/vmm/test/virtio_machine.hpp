// SPDX-License-Identifier: BSD-2-Clause
// A machine with virtIO devices, for tests: a guest's driver in front, through the machine's exits,
// and the ends of sDDF's links behind.
#pragma once

#include "kit/fake_driver.hpp"
#include "kit/fake_ring.hpp"
#include "kit/guest_ram.hpp"
#include "machine_fixture.hpp"
#include "vmm/virtio_device.hpp"

#include <deque>
#include <span>

namespace machine_test {

/// The rest of the fixture's machine is not used: this one's RAM is kit::GuestRam.
class VirtioMachine : public MachineTest {
protected:
    static constexpr std::uint64_t k_window  = 0x0a00'0000;
    static constexpr std::uint32_t k_intid   = 159;
    static constexpr unsigned      k_timer   = 40; ///< channel
    static constexpr std::uint8_t  k_channel = 5;  ///< to the device's virtualiser

    static constexpr vmm::VirtioWindow window(unsigned index = 0)
    {
        return {.address = k_window + 0x200 * index, .size = 0x200, .intid = k_intid - index};
    }

    /// The guest's rings and buffers lie where no image is loaded.
    void boot_guest()
    {
        (void)virtio.boot(vmm::Image{.bytes = kernel_bytes()});
        if (guest.left() == guest.all().size()) {
            (void)guest.allocate(2 << 20);
        }
    }

    void write_register(unsigned device, kit::Mmio offset, std::uint32_t value)
    {
        fake.vcpu(0).set_x(1, value);
        ASSERT_TRUE(data_abort(k_window + 0x200 * device + static_cast<std::uint64_t>(offset),
                               store(2, 1)));
    }
    std::uint32_t read_register(unsigned device, kit::Mmio offset)
    {
        EXPECT_TRUE(
            data_abort(k_window + 0x200 * device + static_cast<std::uint64_t>(offset), load(2, 2)));
        return static_cast<std::uint32_t>(fake.vcpu(0).x(2));
    }

    /// Section 3.1 up to FEATURES_OK, with all that is offered.
    std::uint64_t negotiate(unsigned device = 0)
    {
        using kit::Mmio;
        std::uint64_t offered = 0;
        write_register(device, Mmio::status, 0);
        write_register(device, Mmio::status, 3);
        for (std::uint32_t word = 0; word < 2; ++word) {
            write_register(device, Mmio::device_features_sel, word);
            const auto bits = read_register(device, Mmio::device_features);
            write_register(device, Mmio::driver_features_sel, word);
            write_register(device, Mmio::driver_features, bits);
            offered |= std::uint64_t{bits} << (32 * word);
        }
        write_register(device, Mmio::status, 11);
        EXPECT_EQ(read_register(device, Mmio::status), 11u);
        features = offered;
        return offered;
    }
    kit::FakeRing& set_up(unsigned device, std::uint32_t queue, std::uint16_t size = 16)
    {
        using kit::Mmio;
        kit::FakeRing& ring = rings.emplace_back(guest, size);
        ring.use_event_idx((features & virtio::k_feature_event_idx) != 0);
        const auto settings = ring.settings();
        const auto low      = [](std::uint64_t at) { return static_cast<std::uint32_t>(at); };
        write_register(device, Mmio::queue_sel, queue);
        write_register(device, Mmio::queue_num, size);
        write_register(device, Mmio::queue_desc_low, low(settings.descriptors));
        write_register(device, Mmio::queue_driver_low, low(settings.driver_area));
        write_register(device, Mmio::queue_device_low, low(settings.device_area));
        write_register(device, Mmio::queue_ready, 1);
        return ring;
    }
    void go(unsigned device = 0) { write_register(device, kit::Mmio::status, 15); }
    void kick(unsigned device, std::uint32_t queue)
    {
        write_register(device, kit::Mmio::queue_notify, queue);
    }

    [[nodiscard]] bool was_injected(std::uint32_t intid) const
    {
        return std::ranges::any_of(fake.injections,
                                   [&](const auto& one) { return one.interrupt.intid == intid; });
    }

    /// Time passes, and the timer driver notifies.
    void after_ms(std::uint64_t milliseconds)
    {
        counter.now += counter.frequency / 1000 * milliseconds;
        notify(k_timer);
    }

    kit::GuestRam             guest{std::size_t{8} << 20};
    std::uint64_t             guest_at = reinterpret_cast<std::uint64_t>(guest.all().data());
    std::deque<kit::FakeRing> rings;
    std::uint64_t             features = 0;
    std::vector<vmm::Event>   virtio_events;

    vmm::Machine virtio{vmm::MachineConfig{
        .name     = "virtio",
        .ram      = {vmm::ram(&guest_at, kit::GuestRam::k_start, std::uint64_t{8} << 20)},
        .vcpus    = 2,
        .platform = k_platform}};
};

} // namespace machine_test
