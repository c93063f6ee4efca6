// SPDX-License-Identifier: BSD-2-Clause
// A virtIO driver for tests, on the MMIO registers: finds a device, negotiates, sets queues up.
#pragma once

#include "kit/fake_ring.hpp"
#include "kit/guest_ram.hpp"
#include "virtio/mmio.hpp"

#include <cstdint>
#include <deque>

namespace kit {

/// An interrupt line that remembers.
class FakeLine final : public virtio::InterruptLine {
public:
    void set(bool level) override
    {
        rises += level && !high ? 1 : 0;
        high = level;
    }
    bool     high  = false;
    unsigned rises = 0;
};

/// Registers by their names in virtIO 1.2, section 4.2.2.
enum class Mmio : std::uint64_t {
    magic_value         = 0x000,
    version             = 0x004,
    device_id           = 0x008,
    vendor_id           = 0x00c,
    device_features     = 0x010,
    device_features_sel = 0x014,
    driver_features     = 0x020,
    driver_features_sel = 0x024,
    queue_sel           = 0x030,
    queue_num_max       = 0x034,
    queue_num           = 0x038,
    queue_ready         = 0x044,
    queue_notify        = 0x050,
    interrupt_status    = 0x060,
    interrupt_ack       = 0x064,
    status              = 0x070,
    queue_desc_low      = 0x080,
    queue_desc_high     = 0x084,
    queue_driver_low    = 0x090,
    queue_driver_high   = 0x094,
    queue_device_low    = 0x0a0,
    queue_device_high   = 0x0a4,
    shm_len_low         = 0x0b0,
    queue_reset         = 0x0c0,
    config_generation   = 0x0fc,
    config              = 0x100,
};

class FakeDriver {
public:
    static constexpr std::uint32_t k_acknowledge = 1;
    static constexpr std::uint32_t k_driver      = 2;
    static constexpr std::uint32_t k_driver_ok   = 4;
    static constexpr std::uint32_t k_features_ok = 8;
    static constexpr std::uint32_t k_needs_reset = 64;
    static constexpr std::uint32_t k_failed      = 128;

    FakeDriver(GuestRam& guest_ram, virtio::Device& device)
        : ram{guest_ram}
        , registers{device, guest_ram.memory(), line}
    {
    }

    [[nodiscard]] std::uint32_t read(Mmio offset) const
    {
        return static_cast<std::uint32_t>(registers.read(static_cast<std::uint64_t>(offset), 4));
    }
    void write(Mmio offset, std::uint32_t value)
    {
        registers.write(static_cast<std::uint64_t>(offset), 4, value);
    }
    template <class T>
    [[nodiscard]] T config(std::uint64_t offset)
    {
        return static_cast<T>(registers.read(0x100 + offset, sizeof(T)));
    }
    template <class T>
    void set_config(std::uint64_t offset, T value)
    {
        registers.write(0x100 + offset, sizeof(T), value);
    }

    [[nodiscard]] std::uint32_t status() const { return read(Mmio::status); }
    /// Sets bits beside those that are set.
    void               add_status(std::uint32_t bits) { write(Mmio::status, status() | bits); }
    [[nodiscard]] bool needs_reset() const { return (status() & k_needs_reset) != 0; }

    [[nodiscard]] std::uint64_t offered();
    void                        accept(std::uint64_t features);

    /// Section 3.1 up to FEATURES_OK, with those of `features` that are offered. False: refused.
    bool negotiate(std::uint64_t features = ~std::uint64_t{0});
    /// A queue in fresh memory, made ready.
    FakeRing& set_up(std::uint32_t queue, std::uint16_t size = 16);
    /// The registers of a queue, for a ring that exists.
    void configure(std::uint32_t queue, const virtio::Queue::Settings& settings);
    /// DRIVER_OK.
    void go() { add_status(k_driver_ok); }

    void notify(std::uint32_t queue) { write(Mmio::queue_notify, queue); }
    /// Whether the line is high; what the interrupt was about is acknowledged.
    bool take_interrupt();

    GuestRam&             ram;
    FakeLine              line;
    virtio::MmioTransport registers;
    std::uint64_t         features = 0; ///< negotiated

private:
    std::deque<FakeRing> rings_;
};

} // namespace kit
