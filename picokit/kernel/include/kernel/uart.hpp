// SPDX-License-Identifier: BSD-2-Clause
// The serial ports that the kernel can print on: for output only, byte by byte, and as whoever ran
// before us has set them up. A kind is four numbers; a new one is a line here.
#pragma once

#include "machine/machine.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kernel {

struct Uart {
    std::string_view compatible;
    std::uint32_t    data;   ///< offset of the register that takes a byte
    std::uint32_t    status; ///< offset of the register that tells whether there is room
    std::uint32_t    mask;   ///< its bits that say so…
    std::uint32_t    room;   ///< …and what they are while there is room

    // Firmware leaves its port ready for use, and QEMU, which has none, as a reset does.
    std::uint32_t control = 0; ///< offset of the register that switches the port on
    std::uint32_t off     = 0; ///< bits of it, one of which is set…
    std::uint32_t not_on  = 0; ///< …or one of which is clear while it is off
    std::uint32_t enable  = 0; ///< what then is written
};

// clang-format off
inline constexpr std::array k_uarts{
    Uart{"arm,pl011",             0x00, 0x18, 1u << 5,  0},       // Arm DDI 0183: FR.TXFF
    Uart{"cdns,uart-r1p12",       0x30, 0x2c, 1u << 4,  0,        // UG1087: Channel_sts.TFUL;
         0x00, 1u << 5, 0, 1u << 4 | 1u << 2},                    // Control.TXDIS; TXEN, RXEN
    Uart{"snps,dw-apb-uart",      0x00, 0x14, 1u << 5,  1u << 5}, // 16550, registers 4 apart: LSR.THRE
    Uart{"brcm,bcm2835-aux-uart", 0x00, 0x14, 1u << 5,  1u << 5}, // the same, with fewer others
    Uart{"amlogic,meson-gx-uart", 0x00, 0x0c, 1u << 21, 0},       // STATUS: transmit FIFO full
    Uart{"fsl,imx6q-uart",        0x40, 0xb4, 1u << 4,  0,        // UTS.TXFULL;
         0x84, 0, 1u << 2, 0x4027},                               // UCR2: IRTS, WS, TXEN, RXEN, SRST
};
// clang-format on

/// Which of them is compatible with what a device tree says; k_uarts.size(): none.
[[nodiscard]] constexpr std::size_t uart_for(std::span<const std::string_view> compatible)
{
    const auto found = std::ranges::find_if(k_uarts, [&](const Uart& uart) {
        return std::ranges::find(compatible, uart.compatible) != compatible.end();
    });
    return static_cast<std::size_t>(found - k_uarts.begin());
}

/// How often the status is looked at, some 100 ms. A PD may own the device, too, and may have
/// switched it off: then characters are lost, and nothing else.
inline constexpr unsigned k_uart_patience = 1'000'000;

/// Switches the port on, unless it is.
inline void start(const Uart& uart, std::uint64_t base)
{
    if (uart.enable != 0) {
        const auto now = machine::read32(base + uart.control);
        if ((now & uart.off) != 0 || (~now & uart.not_on) != 0) {
            machine::write32(base + uart.control, uart.enable);
        }
    }
}

inline void put(const Uart& uart, std::uint64_t base, char character)
{
    for (unsigned i = 0; i < k_uart_patience; ++i) {
        if ((machine::read32(base + uart.status) & uart.mask) == uart.room) {
            break;
        }
    }
    machine::write32(base + uart.data, static_cast<unsigned char>(character));
}

} // namespace kernel
