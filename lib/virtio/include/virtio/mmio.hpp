// SPDX-License-Identifier: BSD-2-Clause
// The MMIO transport, version 2 (virtIO 1.2, section 4.2): registers in front of a device.
#pragma once

#include "virtio/device.hpp"

#include <cstdint>

namespace virtio {

/// An interrupt line of the guest's interrupt controller; level-triggered.
class InterruptLine {
public:
    virtual void set(bool high) = 0;

protected:
    ~InterruptLine() = default;
};

/// A page of registers. Accesses are naturally aligned and inside of k_size.
class MmioTransport final : private Listener {
public:
    static constexpr std::uint64_t k_size = 0x1000;

    /// Puts the registers in front of a device. All outlive the transport.
    MmioTransport(Device& device, const Memory& memory, InterruptLine& line)
        : device_{device}
        , line_{line}
    {
        device.attach(memory, *this);
    }
    MmioTransport(const MmioTransport&)            = delete;
    MmioTransport& operator=(const MmioTransport&) = delete;

    /// What a load of `size` bytes (1, 2, 4 or 8) gives. Registers are 4 bytes wide, and everything
    /// else among them reads as zero; the configuration space behind takes any width.
    [[nodiscard]] std::uint64_t read(std::uint64_t offset, unsigned size) const;

    /// A store; what is no register of 4 bytes ignores it.
    void write(std::uint64_t offset, unsigned size, std::uint64_t value);

private:
    [[nodiscard]] std::uint32_t read_register(std::uint64_t offset) const;
    void                        write_register(std::uint64_t offset, std::uint32_t value);
    void                        write_queue_register(std::uint64_t offset, std::uint32_t value);
    void                        raise(std::uint32_t cause);

    void used_buffers(unsigned queue) override;
    void configuration_changed() override;
    void was_reset() override;

    Device&        device_;
    InterruptLine& line_;
    std::uint32_t  interrupt_status_    = 0;
    std::uint32_t  device_features_sel_ = 0;
    std::uint32_t  driver_features_sel_ = 0;
    std::uint32_t  queue_sel_           = 0;
};

} // namespace virtio
