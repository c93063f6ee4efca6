// SPDX-License-Identifier: BSD-2-Clause
// The device's side of virtIO over MMIO for tests of drivers: registers, and queues that a test
// empties and completes as it likes. Device addresses are host addresses.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace kit {

class FakeVirtioDevice {
public:
    struct Piece {
        std::uint64_t address;
        std::uint32_t length;
        bool          device_writes;

        [[nodiscard]] std::uint8_t* bytes() const
        {
            return reinterpret_cast<std::uint8_t*>(address);
        }
    };
    struct Chain {
        std::uint16_t      head;
        std::vector<Piece> pieces;
    };

    std::uint32_t                 type       = 0;
    std::uint32_t                 version    = 2;
    std::uint64_t                 features   = 1ULL << 32;
    std::uint64_t                 accepted   = 0;
    std::uint32_t                 status     = 0;
    std::uint32_t                 interrupts = 0;
    unsigned                      resets     = 0;
    std::vector<unsigned>         notifications;
    std::array<std::uint8_t, 256> config{};

    [[nodiscard]] std::uint32_t read(std::uint64_t offset)
    {
        if (offset >= 0x100) {
            std::uint32_t value = 0;
            std::memcpy(&value, &config[offset - 0x100], 4);
            return value;
        }
        switch (offset) {
        case 0x000:
            return 0x7472'6976;
        case 0x004:
            return version;
        case 0x008:
            return type;
        case 0x010:
            return static_cast<std::uint32_t>(features >> (32 * device_sel_));
        case 0x034:
            return 256;
        case 0x060:
            return interrupts;
        case 0x070:
            return status;
        default:
            return 0;
        }
    }
    void write(std::uint64_t offset, std::uint32_t value)
    {
        auto& queue = queues_[queue_sel_];
        switch (offset) {
        case 0x014:
            device_sel_ = value;
            break;
        case 0x020:
            accepted = (accepted & ~(0xffff'ffffULL << (32 * driver_sel_))) |
                       std::uint64_t{value} << (32 * driver_sel_);
            break;
        case 0x024:
            driver_sel_ = value;
            break;
        case 0x030:
            queue_sel_ = value;
            break;
        case 0x038:
            queue.size = value;
            break;
        case 0x044:
            queue.ready = value != 0;
            break;
        case 0x050:
            EXPECT_EQ(status & 4, 4U) << "notified before DRIVER_OK";
            notifications.push_back(value);
            break;
        case 0x064:
            interrupts &= ~value;
            break;
        case 0x070:
            status = value;
            if (value == 0) {
                ++resets;
                queues_.clear();
                accepted = 0;
            }
            break;
        default:
            if (offset >= 0x80 && offset < 0xa8) {
                auto&          part  = queue.parts[(offset - 0x80) / 0x10];
                const unsigned shift = offset % 8 == 4 ? 32 : 0;
                part = (part & ~(0xffff'ffffULL << shift)) | std::uint64_t{value} << shift;
            }
        }
    }

    /// All chains that the driver has made available since the last time.
    std::vector<Chain> take(unsigned index)
    {
        auto&              queue = queues_[index];
        std::vector<Chain> chains;
        if (!queue.ready) {
            return chains;
        }
        const auto* available = reinterpret_cast<const std::uint16_t*>(queue.parts[1]);
        for (; queue.seen != available[1]; ++queue.seen) {
            Chain chain{.head = available[2 + queue.seen % queue.size], .pieces = {}};
            for (std::uint16_t at = chain.head;;) {
                EXPECT_LT(at, queue.size);
                EXPECT_LE(chain.pieces.size(), queue.size) << "a loop";
                Raw raw;
                std::memcpy(&raw, reinterpret_cast<const Raw*>(queue.parts[0]) + at, sizeof raw);
                chain.pieces.push_back({raw.address, raw.length, (raw.flags & 2) != 0});
                if ((raw.flags & 1) == 0) {
                    break;
                }
                at = raw.next;
            }
            chains.push_back(std::move(chain));
        }
        return chains;
    }
    /// The device is done with a chain.
    void complete(unsigned index, std::uint32_t head, std::uint32_t written)
    {
        auto& queue                          = queues_[index];
        auto* used                           = reinterpret_cast<std::uint16_t*>(queue.parts[2]);
        auto* ring                           = reinterpret_cast<std::uint32_t*>(queue.parts[2] + 4);
        ring[2 * (used[1] % queue.size)]     = head;
        ring[2 * (used[1] % queue.size) + 1] = written;
        ++used[1];
        interrupts |= 1;
    }

private:
    struct Raw {
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };
    struct Queue {
        std::uint32_t                size  = 0;
        bool                         ready = false;
        std::array<std::uint64_t, 3> parts{};
        std::uint16_t                seen = 0;
    };

    std::map<unsigned, Queue> queues_;
    unsigned                  queue_sel_  = 0;
    unsigned                  device_sel_ = 0;
    unsigned                  driver_sel_ = 0;
};

} // namespace kit
