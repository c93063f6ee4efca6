// SPDX-License-Identifier: BSD-2-Clause
// What the two VMMs of this system share: guests that print through a UART of their VMM's.
#pragma once

#include "board/board.hpp"
#include "microkit/debug.hpp"
#include "vmm/host.hpp"
#include "vmm/vmm.hpp"

#include <array>
#include <string_view>

namespace neighbours {

/// The output half of a PL011: each line goes to the kernel's console with the guest's name.
class LineUart final : public vmm::MmioDevice {
public:
    constexpr explicit LineUart(std::string_view guest)
        : guest_{guest}
    {
    }

    [[nodiscard]] std::uint64_t read(vmm::VcpuId, std::uint64_t, vmm::AccessSize) override
    {
        return 0; // never full, never busy, nothing received
    }

    void write(vmm::VcpuId, std::uint64_t offset, vmm::AccessSize, std::uint64_t value) override
    {
        if (offset != 0) {
            return;
        }
        const char c = static_cast<char>(value);
        if (c == '\n' || length_ == line_.size()) {
            microkit::debug_print(guest_, "| ", std::string_view{line_.data(), length_}, '\n');
            length_ = 0;
        } else if (c != '\r') {
            line_[length_++] = c;
        }
    }

    void reset() override { length_ = 0; }

private:
    std::string_view      guest_;
    std::array<char, 120> line_{};
    std::size_t           length_ = 0;
};

/// The board's UART as the guest's device tree has it, but with nothing real behind it.
inline void give_uart(vmm::Machine& machine, LineUart& uart)
{
    const auto device = vmm::guest_device(board::uart0);
    machine.attach(uart, device.registers[0]);
    machine.describe(device);
}

} // namespace neighbours
