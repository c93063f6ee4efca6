// SPDX-License-Identifier: BSD-2-Clause
// A virtIO driver for tests.
#include "kit/fake_driver.hpp"

namespace kit {

std::uint64_t FakeDriver::offered()
{
    std::uint64_t offered = 0;
    for (std::uint32_t word = 0; word < 2; ++word) {
        write(Mmio::device_features_sel, word);
        offered |= std::uint64_t{read(Mmio::device_features)} << (32 * word);
    }
    return offered;
}

void FakeDriver::accept(std::uint64_t wanted)
{
    for (std::uint32_t word = 0; word < 2; ++word) {
        write(Mmio::driver_features_sel, word);
        write(Mmio::driver_features, static_cast<std::uint32_t>(wanted >> (32 * word)));
    }
    features = wanted;
}

bool FakeDriver::negotiate(std::uint64_t wanted)
{
    write(Mmio::status, 0);
    add_status(k_acknowledge);
    add_status(k_driver);
    accept(offered() & (wanted | virtio::k_feature_version_1));
    add_status(k_features_ok);
    return (status() & k_features_ok) != 0;
}

void FakeDriver::configure(std::uint32_t queue, const virtio::Queue::Settings& settings)
{
    const auto low  = [](std::uint64_t address) { return static_cast<std::uint32_t>(address); };
    const auto high = [](std::uint64_t address) {
        return static_cast<std::uint32_t>(address >> 32);
    };
    write(Mmio::queue_sel, queue);
    write(Mmio::queue_num, settings.size);
    write(Mmio::queue_desc_low, low(settings.descriptors));
    write(Mmio::queue_desc_high, high(settings.descriptors));
    write(Mmio::queue_driver_low, low(settings.driver_area));
    write(Mmio::queue_driver_high, high(settings.driver_area));
    write(Mmio::queue_device_low, low(settings.device_area));
    write(Mmio::queue_device_high, high(settings.device_area));
    write(Mmio::queue_ready, 1);
}

FakeRing& FakeDriver::set_up(std::uint32_t queue, std::uint16_t size)
{
    FakeRing& ring = rings_.emplace_back(ram, size);
    ring.use_event_idx((features & virtio::k_feature_event_idx) != 0);
    configure(queue, ring.settings());
    return ring;
}

bool FakeDriver::take_interrupt()
{
    const bool was_high = line.high;
    write(Mmio::interrupt_ack, read(Mmio::interrupt_status));
    return was_high;
}

} // namespace kit
