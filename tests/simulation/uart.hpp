// SPDX-License-Identifier: BSD-2-Clause
// A PL011 as its manual (Arm DDI 0183) describes it: FIFOs of 16, interrupts at their levels.
#pragma once

#include "drivers/serial/pl011/pl011.hpp"
#include "hardware.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <stdexcept>

namespace simulation {

class Uart {
public:
    static constexpr std::size_t k_fifo = 16;

    Uart(IrqLine& line, std::uintptr_t address)
        : line_{line}
    {
        Bus::instance().add(
            address,
            {.read = [this](std::uint64_t offset, unsigned) { return std::uint64_t{read(offset)}; },
             .write =
                 [this](std::uint64_t offset, unsigned, std::uint64_t value) {
                     write(offset, static_cast<std::uint32_t>(value));
                 }});
    }

    [[nodiscard]] bool can_send() const { return !transmit_.empty(); }
    /// A byte leaves through the wire.
    [[nodiscard]] char send()
    {
        const char byte = transmit_.front();
        transmit_.pop_front();
        if (transmit_.size() == k_transmit_level) { // 2.8.2: as it falls through the level
            raw_.set<pl011::Interrupts::tx>(true);
        }
        update();
        return byte;
    }
    /// Bytes that the driver has written and read.
    [[nodiscard]] std::uint32_t written() const { return written_; }
    [[nodiscard]] std::uint32_t taken() const { return taken_; }

    [[nodiscard]] bool has_room() const { return receive_.size() < k_fifo; }
    /// A byte comes in.
    void receive(char byte)
    {
        receive_.push_back(byte);
        if (receive_.size() >= k_receive_level) {
            raw_.set<pl011::Interrupts::rx>(true);
        }
        update();
    }
    [[nodiscard]] bool can_time_out() const
    {
        return !receive_.empty() && !raw_.get<pl011::Interrupts::rt>();
    }
    /// Nothing came for a while, and something is there.
    void time_out()
    {
        raw_.set<pl011::Interrupts::rt>(true);
        update();
    }

private:
    static constexpr std::size_t k_transmit_level = k_fifo / 8;
    static constexpr std::size_t k_receive_level  = k_fifo / 2;

    std::uint32_t read(std::uint64_t offset)
    {
        using pl011::Reg;
        switch (static_cast<Reg>(offset)) {
        case Reg::uartdr:
            return take();
        case Reg::uartfr:
            return pl011::Uartfr{}
                .with<pl011::Uartfr::rxfe>(receive_.empty())
                .with<pl011::Uartfr::txff>(transmit_.size() == k_fifo)
                .raw();
        case Reg::uartcr:
            return control_;
        case Reg::uartlcr_h:
            return line_control_;
        default:
            return 0;
        }
    }
    std::uint32_t take()
    {
        if (receive_.empty()) {
            throw std::logic_error("the driver reads from an empty FIFO");
        }
        const auto byte = static_cast<unsigned char>(receive_.front());
        receive_.pop_front();
        ++taken_;
        if (receive_.size() < k_receive_level) {
            raw_.set<pl011::Interrupts::rx>(false);
        }
        if (receive_.empty()) {
            raw_.set<pl011::Interrupts::rt>(false);
        }
        update();
        return byte;
    }
    void write(std::uint64_t offset, std::uint32_t value)
    {
        using pl011::Interrupts;
        using pl011::Reg;
        switch (static_cast<Reg>(offset)) {
        case Reg::uartdr:
            if (transmit_.size() == k_fifo) {
                throw std::logic_error("the driver writes into a full FIFO");
            }
            transmit_.push_back(static_cast<char>(value));
            ++written_;
            if (transmit_.size() > k_transmit_level) {
                raw_.set<Interrupts::tx>(false);
            }
            break;
        case Reg::uartcr:
            control_ = value;
            break;
        case Reg::uartlcr_h:
            line_control_ = value;
            break;
        case Reg::uartimsc:
            mask_ = Interrupts{value};
            break;
        case Reg::uarticr:
            raw_ = Interrupts{raw_.raw() & ~value};
            break;
        default:
            break;
        }
        update();
    }
    void update() { line_.set((raw_.raw() & mask_.raw()) != 0); }

    IrqLine&          line_;
    std::deque<char>  transmit_;
    std::deque<char>  receive_;
    pl011::Interrupts raw_{};
    pl011::Interrupts mask_{};
    std::uint32_t     control_      = 0;
    std::uint32_t     line_control_ = 0;
    std::uint32_t     written_      = 0;
    std::uint32_t     taken_        = 0;
};

} // namespace simulation
