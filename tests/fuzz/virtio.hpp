// SPDX-License-Identifier: BSD-2-Clause
// A hostile virtIO driver for fuzz targets: any register access, any change of the guest's memory,
// at any time; with enough good manners now and then to get past the status machine.
#pragma once

#include "input.hpp"

#include "kit/fake_driver.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace fuzz {

class HostileDriver {
public:
    static constexpr std::uint16_t k_size = 8; ///< of each queue
    static constexpr std::size_t   k_ram  = 0x1'0000;

    HostileDriver(virtio::Device& device, unsigned queues)
        : driver_{ram_, device}
        , queues_{queues}
    {
        for (unsigned i = 0; i < queues; ++i) {
            rings_.emplace_back(ram_, k_size);
        }
        data_ = ram_.allocate(64);
    }

    [[nodiscard]] kit::GuestRam&   ram() { return ram_; }
    [[nodiscard]] kit::FakeDriver& driver() { return driver_; }

    /// Resets the device and gets it going, with the features given.
    void begin(std::uint64_t features)
    {
        if (!driver_.negotiate(features)) {
            return;
        }
        for (unsigned i = 0; i < queues_; ++i) {
            rings_[i].clear();
            driver_.configure(i, rings_[i].settings());
        }
        driver_.go();
    }

    /// One act of malice, or of routine.
    void act(Input& input)
    {
        const auto what  = input.take(1);
        const auto queue = static_cast<unsigned>((what >> 4) % queues_);
        auto&      ring  = rings_[queue];
        switch (what & 0xf) {
        case 0: // any access
            driver_.registers.write(input.take(2) & 0xffc, 4, input.take(4));
            return;
        case 1: {
            const auto size = 1U << (input.take(1) & 3);
            const auto at   = (input.take(2) & 0xfff) / size * size;
            driver_.registers.write(at, size, input.take(size));
            (void)driver_.registers.read(at, size);
            return;
        }
        case 2: // any change of the rings' memory
            ram_.store(kit::GuestRam::k_start + input.take(2) % (k_ram - 8), input.take(4));
            return;
        case 3:
            begin(input.take(8));
            return;
        case 4:
            driver_.notify(static_cast<std::uint32_t>(input.take(1)));
            return;
        case 5:
            driver_.write(kit::Mmio::queue_sel, queue);
            driver_.write(kit::Mmio::queue_reset, 1);
            ring.clear();
            driver_.configure(queue, ring.settings());
            return;
        case 6: { // a descriptor that is nearly good
            const auto bits = input.take(4);
            ring.descriptor(static_cast<std::uint16_t>(bits & 7), address(input),
                            static_cast<std::uint32_t>(input.take(2)),
                            static_cast<std::uint16_t>(bits >> 3 & 7),
                            static_cast<std::uint16_t>(bits >> 6 & 0xf));
            return;
        }
        case 7: // an indirect table
            ram_.store(address(input) & ~7ULL, address(input));
            return;
        case 8:
        case 9:
            ring.offer(static_cast<std::uint16_t>(input.take(1) & 0xf));
            ring.show();
            driver_.notify(queue);
            return;
        case 10: // the data that requests begin with
            ram_.store(data_ + (input.take(1) & 0x38), input.take(8));
            return;
        case 11: { // a whole request
            const auto readable = static_cast<std::uint32_t>(input.take(1) & 0x3f);
            const auto writable = static_cast<std::uint32_t>(input.take(2));
            ring.descriptor(0, data_, readable, kit::FakeRing::k_next, 1);
            ring.descriptor(1, address(input), static_cast<std::uint32_t>(input.take(2)),
                            static_cast<std::uint16_t>(kit::FakeRing::k_next | (input.take(1) & 2)),
                            2);
            ring.descriptor(2, address(input), writable, kit::FakeRing::k_write);
            ring.offer(0);
            ring.show();
            driver_.notify(queue);
            return;
        }
        case 12:
            driver_.take_interrupt();
            return;
        default:
            driver_.notify(queue);
            return;
        }
    }

    /// A request in good order: 16 bytes, `size` bytes of data, and a byte for the answer.
    void request(unsigned queue, std::uint64_t first, std::uint64_t second, std::uint32_t size,
                 bool device_writes)
    {
        auto& ring = rings_[queue % queues_];
        ram_.store(data_, first);
        ram_.store(data_ + 8, second);
        ring.descriptor(0, data_, 16, kit::FakeRing::k_next, 1);
        ring.descriptor(1, kit::GuestRam::k_start + 0x8000, size,
                        static_cast<std::uint16_t>(kit::FakeRing::k_next | (device_writes ? 2 : 0)),
                        2);
        ring.descriptor(2, data_ + 32, 1, kit::FakeRing::k_write);
        ring.offer(0);
        ring.show();
        driver_.notify(queue % queues_);
    }

    /// One buffer, for the device to read or to write.
    void buffer(unsigned queue, std::uint64_t at, std::uint32_t size, bool device_writes)
    {
        auto& ring = rings_[queue % queues_];
        ring.descriptor(3, at, size, device_writes ? kit::FakeRing::k_write : std::uint16_t{0});
        ring.offer(3);
        ring.show();
        driver_.notify(queue % queues_);
    }

    /// A buffer to read and one to write.
    void pair(unsigned queue, std::uint64_t from, std::uint32_t readable, std::uint64_t to,
              std::uint32_t writable)
    {
        auto& ring = rings_[queue % queues_];
        ring.descriptor(4, from, readable, kit::FakeRing::k_next, 5);
        ring.descriptor(5, to, writable, kit::FakeRing::k_write);
        ring.offer(4);
        ring.show();
        driver_.notify(queue % queues_);
    }

private:
    /// In RAM, or nearly.
    std::uint64_t address(Input& input)
    {
        return kit::GuestRam::k_start + (input.take(2) % (k_ram - 16));
    }

    kit::GuestRam             ram_{k_ram};
    kit::FakeDriver           driver_;
    std::deque<kit::FakeRing> rings_;
    unsigned                  queues_;
    std::uint64_t             data_ = 0;
};

} // namespace fuzz
