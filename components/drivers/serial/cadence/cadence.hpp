// SPDX-License-Identifier: BSD-2-Clause
// Registers of the Cadence UART (Xilinx UG1087, module UART).
#pragma once

#include "base/reg.hpp"

#include <cstdint>
#include <optional>

namespace cadence {

/// Offsets of the registers.
enum class Reg : std::uint32_t {
    control           = 0x00,
    mode              = 0x04,
    interrupt_enable  = 0x08, ///< Intrpt_en: ones switch on
    interrupt_disable = 0x0c, ///< Intrpt_dis: ones switch off
    interrupt_status  = 0x14, ///< Chnl_int_sts: stays set until a one is written
    baud_rate         = 0x18, ///< Baud_rate_gen
    receive_level     = 0x20, ///< Rcvr_FIFO_trigger_level
    status            = 0x2c, ///< Channel_sts
    fifo              = 0x30,
    baud_divider      = 0x34,
};

/// Control. Of two opposites, one is written as 1; reading tells which it was.
struct Control : base::Register<Control, std::uint32_t> {
    using Register::Register;
    using rxen  = base::Flag<2>;
    using rxdis = base::Flag<3>;
    using txen  = base::Flag<4>;
    using txdis = base::Flag<5>;
};

/// Mode: eight bits (0), 4 is no parity, one stop bit (0), and whether the clock is divided by 8.
struct Mode : base::Register<Mode, std::uint32_t> {
    using Register::Register;
    using clks = base::Flag<0>;
    using chrl = base::Field<2, 1>;
    using par  = base::Field<5, 3>;
};

/// Channel_sts, and the interrupts of the same names.
struct Status : base::Register<Status, std::uint32_t> {
    using Register::Register;
    using rtrig  = base::Flag<0>; ///< as many bytes received as Rcvr_FIFO_trigger_level says
    using rempty = base::Flag<1>; ///< nothing received
    using tempty = base::Flag<3>; ///< nothing left to transmit
    using tfull  = base::Flag<4>; ///< no room to transmit

    static constexpr std::uint32_t k_all = 0x3fff;
};

/// A byte that was received or is to be sent, and the other registers that are just numbers.
struct Number : base::Register<Number, std::uint32_t> {
    using Register::Register;
    using byte = base::Field<7, 0, std::uint8_t>;
    using half = base::Field<15, 0>;
};

/// baud = clock / (generator × (divider + 1)); the divider is 4 to 255.
struct Speed {
    std::uint32_t generator;
    std::uint32_t divider;

    /// The nearest to `baud` bits a second; nothing where it is more than 3 % off.
    [[nodiscard]] static constexpr std::optional<Speed> of(std::uint64_t clock, std::uint64_t baud)
    {
        constexpr std::uint64_t k_most = 0xffff;
        std::optional<Speed>    best;
        std::uint64_t           best_error = baud * 3 / 100 + 1;
        for (std::uint32_t divider = 4; clock != 0 && baud != 0 && divider <= 255; ++divider) {
            const auto bit       = baud * (divider + 1);
            const auto generator = (clock + bit / 2) / bit;
            if (generator == 0 || generator > k_most) {
                continue;
            }
            const auto made  = clock / (generator * (divider + 1));
            const auto error = made > baud ? made - baud : baud - made;
            if (error < best_error) {
                best_error = error;
                best       = Speed{static_cast<std::uint32_t>(generator), divider};
            }
        }
        return best;
    }
};

} // namespace cadence
