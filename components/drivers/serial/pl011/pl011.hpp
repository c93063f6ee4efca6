// SPDX-License-Identifier: BSD-2-Clause
// Registers of the Arm PrimeCell UART PL011 (Arm DDI 0183, chapter 3).
#pragma once

#include "base/reg.hpp"

#include <cstdint>
#include <optional>

namespace pl011 {

/// Offsets of the registers.
enum class Reg : std::uint32_t {
    uartdr    = 0x00,
    uartfr    = 0x18,
    uartibrd  = 0x24,
    uartfbrd  = 0x28,
    uartlcr_h = 0x2c,
    uartcr    = 0x30,
    uartifls  = 0x34,
    uartimsc  = 0x38,
    uarticr   = 0x44,
};

/// 3.3.1: a byte that was received, and what was wrong with it.
struct Uartdr : base::Register<Uartdr, std::uint32_t> {
    using Register::Register;
    using data          = base::Field<7, 0, std::uint8_t>;
    using framing_error = base::Flag<8>;
    using parity_error  = base::Flag<9>;
    using break_error   = base::Flag<10>;

    [[nodiscard]] bool is_damaged() const
    {
        return get<framing_error>() || get<parity_error>() || get<break_error>();
    }
};

/// 3.3.3
struct Uartfr : base::Register<Uartfr, std::uint32_t> {
    using Register::Register;
    using rxfe = base::Flag<4>; ///< nothing received
    using txff = base::Flag<5>; ///< no room to transmit
};

/// 3.3.5 and 3.3.6: the clock divided by 16 times the speed, whole and in 64ths.
struct Uartibrd : base::Register<Uartibrd, std::uint32_t> {
    using Register::Register;
    using divisor = base::Field<15, 0>;
};
struct Uartfbrd : base::Register<Uartfbrd, std::uint32_t> {
    using Register::Register;
    using fraction = base::Field<5, 0>;
};

/// What makes `baud` bits a second of a clock, rounded to the nearest; nothing where it cannot.
struct Speed {
    Uartibrd whole;
    Uartfbrd fraction;

    [[nodiscard]] static constexpr std::optional<Speed> of(std::uint64_t clock, std::uint64_t baud)
    {
        constexpr std::uint64_t k_most = 0xffff;
        if (clock == 0 || baud == 0 || baud > clock / 16 || clock / 16 / baud >= k_most) {
            return std::nullopt;
        }
        const std::uint64_t in_64ths = (clock * 4 + baud / 2) / baud;
        return Speed{
            Uartibrd{}.with<Uartibrd::divisor>(static_cast<std::uint32_t>(in_64ths / 64)),
            Uartfbrd{}.with<Uartfbrd::fraction>(static_cast<std::uint32_t>(in_64ths % 64))};
    }
};

/// 3.3.7
struct UartlcrH : base::Register<UartlcrH, std::uint32_t> {
    using Register::Register;
    using fen  = base::Flag<4>;     ///< FIFOs
    using wlen = base::Field<6, 5>; ///< 3: eight bits
};

/// 3.3.8
struct Uartcr : base::Register<Uartcr, std::uint32_t> {
    using Register::Register;
    using uarten = base::Flag<0>;
    using txe    = base::Flag<8>;
    using rxe    = base::Flag<9>;
};

/// 3.3.9: at which level of its FIFO each side interrupts; 0: an eighth, 2: a half.
struct Uartifls : base::Register<Uartifls, std::uint32_t> {
    using Register::Register;
    using txiflsel = base::Field<2, 0>;
    using rxiflsel = base::Field<5, 3>;
};

/// 3.3.10 to 3.3.13: the interrupts, as every one of their registers has them.
struct Interrupts : base::Register<Interrupts, std::uint32_t> {
    using Register::Register;
    using rx = base::Flag<4>; ///< the FIFO has reached its level
    using tx = base::Flag<5>; ///< likewise
    using rt = base::Flag<6>; ///< less than that, for a while

    static constexpr std::uint32_t k_all = 0x7ff;
};

} // namespace pl011
