// SPDX-License-Identifier: BSD-2-Clause
#include "guest/console.hpp"

#include "guest/cpu.hpp"

namespace guest {
namespace {

// PL011 (DDI 0183), 3.3: data at 0x0, flags at 0x18, control at 0x30.
constexpr std::uint64_t k_data = 0x00, k_flags = 0x18, k_control = 0x30;
constexpr std::uint32_t k_transmit_full = 1U << 5;
constexpr std::uint32_t k_enabled       = 0x301; // UART, transmitter and receiver

constinit std::uint64_t uart  = 0;
constinit base::Sink    other = nullptr;

} // namespace

void set_console(std::uint64_t pl011)
{
    uart = pl011;
    write32(uart + k_control, k_enabled);
}

void set_console(base::Sink sink) { other = sink; }

void put_char(char c)
{
    if (other != nullptr) {
        other(c);
        return;
    }
    if (uart == 0) {
        return;
    }
    if (c == '\n') {
        put_char('\r');
    }
    while ((read32(uart + k_flags) & k_transmit_full) != 0) {
    }
    write32(uart + k_data, static_cast<unsigned char>(c));
}

} // namespace guest
