// SPDX-License-Identifier: BSD-2-Clause
// A hostile virtIO device below a driver of components/: right as far as the driver must insist on,
// any number elsewhere, and anything at any time in the memory that it shares.
#pragma once

#include "component.hpp"

#include "kit/fake_mmio.hpp"
#include "sddf/resources.hpp"

#include <array>
#include <cstdint>
#include <cstring>

extern sddf::DeviceResources device_resources;

namespace fuzz {

class HostileDevice {
public:
    static constexpr std::uintptr_t k_registers = 0x10000;
    static constexpr unsigned       k_irq       = 10;

    /// `type`: what the driver looks for. Takes some of the input for what the device says.
    HostileDevice(std::uint32_t type, Input& input)
        : type_{type}
        , features_{input.take(4) | std::uint64_t{1} << 32}
        , limit_{1U << (input.take(1) % 9)}
    {
        for (auto& word : config_) {
            word = static_cast<std::uint32_t>(input.take(2));
        }
        device_resources             = {};
        device_resources.magic       = sddf::magic_of(sddf::Class::device_resources);
        device_resources.num_regions = 2;
        device_resources.num_irqs    = 1;
        device_resources.regions[0]  = {{k_registers, 0x1000}, 0};
        device_resources.regions[1]  = with_device(rings_);
        device_resources.irqs[0]     = k_irq;
        auto& bus                    = kit::FakeMmio::instance();
        bus.on_read                  = [this](std::uintptr_t at) { return read(at - k_registers); };
        bus.on_read8                 = [this](std::uintptr_t at) {
            return static_cast<std::uint8_t>(read((at - k_registers) & ~std::uintptr_t{3}));
        };
        bus.on_write = [this](std::uintptr_t at, std::uint32_t value) {
            write(at - k_registers, value);
        };
    }

    [[nodiscard]] std::span<std::byte> rings() { return rings_.bytes(); }

    /// Says that it is done with a chain, whichever.
    void complete(unsigned queue, std::uint32_t id, std::uint32_t written)
    {
        auto&      it     = queues_[queue % queues_.size()];
        const auto offset = it.used - k_io - rings_.region().vaddr;
        const auto memory = rings_.bytes();
        if (it.size == 0 || offset > memory.size() || memory.size() - offset < 6 + 8 * it.size) {
            return;
        }
        auto* const   used  = memory.data() + offset;
        std::uint16_t index = 0;
        std::memcpy(&index, used + 2, 2);
        std::memcpy(used + 4 + 8 * (index % it.size), &id, 4);
        std::memcpy(used + 8 + 8 * (index % it.size), &written, 4);
        ++index;
        std::memcpy(used + 2, &index, 2);
    }

private:
    struct Queue {
        std::uint32_t size = 0;
        std::uint64_t used = 0;
    };

    std::uint32_t read(std::uint64_t offset)
    {
        switch (offset) {
        case 0x000:
            return 0x7472'6976;
        case 0x004:
            return 2;
        case 0x008:
            return type_;
        case 0x010:
            return static_cast<std::uint32_t>(features_ >> (32 * (selected_ & 1)));
        case 0x034:
            return limit_;
        case 0x060:
            return 3;
        case 0x070:
            return status_;
        default:
            return offset >= 0x100 ? config_[(offset - 0x100) / 4 % config_.size()] : 0;
        }
    }
    void write(std::uint64_t offset, std::uint32_t value)
    {
        auto& queue = queues_[queue_ % queues_.size()];
        switch (offset) {
        case 0x014:
            selected_ = value;
            break;
        case 0x030:
            queue_ = value;
            break;
        case 0x038:
            queue.size = value;
            break;
        case 0x070:
            status_ = value;
            break;
        case 0x0a0:
            queue.used = (queue.used & ~0xffff'ffffULL) | value;
            break;
        case 0x0a4:
            queue.used = (queue.used & 0xffff'ffffULL) | std::uint64_t{value} << 32;
            break;
        default:
            break;
        }
    }

    kit::Memory                  rings_{0x10000};
    std::uint32_t                type_;
    std::uint64_t                features_;
    std::uint32_t                limit_;
    std::uint32_t                status_   = 0;
    std::uint32_t                selected_ = 0;
    std::uint32_t                queue_    = 0;
    std::array<std::uint32_t, 8> config_{};
    std::array<Queue, 4>         queues_{};
};

/// Starts the driver. False: it does not want this device, and has said so.
inline bool start(Component& component)
{
    try {
        component.start();
    } catch (const kit::Crash&) {
        return false;
    }
    return true;
}

/// A driver's life as the input has it: anybody scribbles over shared memory, the neighbours behind
/// the first `channels` channels do what `act(what)` makes of 1, 2 and 3 (`what`'s low three bits),
/// the device answers on queues below `queues`, events come, and now and then a restart.
template <class Act>
void live(Component& component, HostileDevice& device, Input& input, unsigned channels,
          unsigned queues, Act act)
{
    bool running = start(component);
    while (running && !input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            component.scribble(input);
            break;
        case 1:
        case 2:
        case 3:
            act(what);
            break;
        case 4:
        case 5:
            device.complete(static_cast<unsigned>(what >> 7) % queues,
                            static_cast<std::uint32_t>(what >> 3 & 0x1f),
                            static_cast<std::uint32_t>(input.take(2)));
            break;
        case 6:
            if (what >> 3 == 0) {
                running = start(component);
                break;
            }
            [[fallthrough]];
        default:
            component.event((what & 8) != 0 ? HostileDevice::k_irq
                                            : static_cast<unsigned>(what >> 4) % channels);
            break;
        }
    }
}

} // namespace fuzz
