// SPDX-License-Identifier: BSD-2-Clause
// Devices below the drivers: registers at addresses, interrupts that are masked until they are
// acknowledged.
#pragma once

#include "scheduler.hpp"

#include "virtio/mmio.hpp"

#include <cstdint>
#include <functional>
#include <map>

namespace simulation {

/// A level-triggered interrupt of a driver.
class IrqLine final : public virtio::InterruptLine {
public:
    /// It arrives on `channel` of `driver`.
    IrqLine(Domain& driver, unsigned channel)
        : driver_{driver}
        , channel_{channel}
    {
        driver.wires.at(channel).acknowledge = [this] {
            masked_ = false;
            deliver();
        };
    }
    void set(bool high) override
    {
        high_ = high;
        deliver();
    }

private:
    void deliver()
    {
        if (high_ && !masked_) {
            masked_ = true;
            Scheduler::current().interrupt(driver_, channel_);
        }
    }
    Domain&  driver_;
    unsigned channel_;
    bool     high_   = false;
    bool     masked_ = false;
};

/// What drivers find at their registers.
class Bus {
public:
    static constexpr std::uintptr_t k_size = 0x1000;

    struct Registers {
        std::function<std::uint64_t(std::uint64_t offset, unsigned size)>             read;
        std::function<void(std::uint64_t offset, unsigned size, std::uint64_t value)> write;
    };
    /// The one that programs reach.
    static Bus& instance();
    void        clear() { devices_.clear(); }
    void        add(std::uintptr_t address, Registers registers)
    {
        devices_[address] = std::move(registers);
    }
    void add(std::uintptr_t address, virtio::MmioTransport& transport);

    [[nodiscard]] std::uint64_t read(std::uintptr_t address, unsigned size);
    void                        write(std::uintptr_t address, unsigned size, std::uint64_t value);

private:
    std::map<std::uintptr_t, Registers> devices_;
};

} // namespace simulation
