// SPDX-License-Identifier: BSD-2-Clause
// The Cadence UART's driver over a device whose FIFOs are 64 bytes deep and whose interrupts latch.
#include "../cadence.hpp"

#include "drivers/serial/uart/clock.hpp"
#include "drivers/serial/uart/test/fixture.hpp"

#include <deque>
#include <string>

namespace {

using namespace uart::test;
using cadence::Status;

constexpr std::uintptr_t k_base = 0xff00'0000;
constexpr std::size_t    k_fifo = 64;

/// The device, as far as the driver may rely on it: as after a reset.
struct FakeUart {
    using Reg = cadence::Reg;

    std::deque<char> input;
    std::deque<char> fifo; ///< to be sent
    std::string      line; ///< was sent
    std::uint32_t    control = 0x28;
    std::uint32_t    mode    = 0;
    std::uint32_t    mask    = 0;
    std::uint32_t    latched = 0;
    std::uint32_t    rate    = 0x28b;
    std::uint32_t    divider = 0xf;
    std::uint32_t    level   = 0x20;
    unsigned         set_ups = 0;

    [[nodiscard]] Status status() const
    {
        return Status{}
            .with<Status::rtrig>(level != 0 && input.size() >= level)
            .with<Status::rempty>(input.empty())
            .with<Status::tempty>(fifo.empty())
            .with<Status::tfull>(fifo.size() == k_fifo);
    }
    /// What is so is latched.
    void               latch() { latched |= status().raw(); }
    [[nodiscard]] bool is_interrupting()
    {
        latch();
        return (latched & mask) != 0;
    }
    [[nodiscard]] std::uint32_t read(Reg reg)
    {
        switch (reg) {
        case Reg::fifo: {
            EXPECT_FALSE(input.empty()) << "reads what is not there";
            const auto value = input.empty() ? 0 : input.front();
            if (!input.empty()) {
                input.pop_front();
            }
            return static_cast<unsigned char>(value);
        }
        case Reg::status:
            return status().raw();
        case Reg::control:
            return control;
        case Reg::mode:
            return mode;
        case Reg::baud_rate:
            return rate;
        case Reg::baud_divider:
            return divider;
        default:
            return 0;
        }
    }
    void write(Reg reg, std::uint32_t value)
    {
        const bool is_off = (control & 0x28) == 0x28;
        switch (reg) {
        case Reg::fifo:
            EXPECT_LT(fifo.size(), k_fifo) << "a byte is lost";
            EXPECT_EQ(control, 0x14U) << "not enabled";
            fifo.push_back(static_cast<char>(value));
            break;
        case Reg::control:
            control = value;
            ++set_ups;
            break;
        case Reg::mode:
            EXPECT_TRUE(is_off);
            mode = value;
            break;
        case Reg::baud_rate:
            EXPECT_TRUE(is_off);
            rate = value;
            break;
        case Reg::baud_divider:
            EXPECT_TRUE(is_off);
            divider = value;
            break;
        case Reg::interrupt_enable:
            mask |= value;
            break;
        case Reg::interrupt_disable:
            mask &= ~value;
            break;
        case Reg::interrupt_status:
            latched &= ~value;
            latch();
            break;
        case Reg::receive_level:
            level = value;
            break;
        default:
            ADD_FAILURE() << "writes register " << static_cast<std::uint32_t>(reg);
        }
    }
    /// Time passes: the FIFO is sent.
    void send()
    {
        latch();
        line.append(fifo.begin(), fifo.end());
        fifo.clear();
        latch();
    }
};

using Cadence = UartTest<FakeUart, k_base>;

TEST_F(Cadence, IsSwitchedOnWithEightBitsAndNoParity)
{
    init();
    EXPECT_EQ(uart.control, 0x14U);
    EXPECT_EQ(uart.mode, 0x20U);
    EXPECT_EQ(uart.level, 1U);
    EXPECT_EQ(uart.mask, 1U) << "input only: there is nothing to send";
    EXPECT_EQ(uart.rate, 0x28bU) << "nobody knows the clock";
}

TEST_F(Cadence, ARestartDoesNotCutOffWhatIsBeingSent)
{
    clock_frequency = 100'000'000;
    init();
    const auto before = uart.set_ups;
    init();
    EXPECT_EQ(uart.set_ups, before);
}

TEST_F(Cadence, SendsWhatFitsAndTheRestWhenThereIsRoom)
{
    init();
    const std::string text(300, 'x');
    tx.put(text);
    event(k_tx);
    EXPECT_EQ(uart.fifo.size(), k_fifo);
    EXPECT_FALSE(uart.is_interrupting()) << "not before it is empty";
    uart.send();
    run_interrupts();
    EXPECT_EQ(uart.line, text);
    EXPECT_FALSE(uart.is_interrupting()) << "nothing more to send";
}

TEST_F(Cadence, ADeviceThatSendsAtOnceGetsAllOfIt)
{
    init();
    auto& mmio    = kit::FakeMmio::instance();
    mmio.on_write = [this](auto at, auto v) {
        uart.write(Reg(at - k_base), v);
        uart.send();
    };
    tx.put(std::string(1000, 'y'));
    event(k_tx);
    EXPECT_EQ(uart.line.size(), 512U) << "one event sends a bounded amount";
    run_interrupts();
    EXPECT_EQ(uart.line.size(), 1000U);
}

TEST_F(Cadence, PassesOnWhatArrives)
{
    init();
    uart.input = {'h', 'i'};
    EXPECT_TRUE(uart.is_interrupting());
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_rx});
    EXPECT_EQ(fake.acknowledgements.back(), k_irq);
    EXPECT_EQ(rx.take(), "hi");
    EXPECT_FALSE(uart.is_interrupting());
}

TEST_F(Cadence, InputWaitsInTheDeviceUntilThereIsSpace)
{
    init();
    uart.input.assign(80, 'z');
    event(k_irq);
    EXPECT_EQ(uart.input.size(), 16U);
    EXPECT_FALSE(uart.is_interrupting()) << "masked, or it would come for ever";
    bool notify = false;
    EXPECT_EQ(rx.take(&notify).size(), 64U);
    EXPECT_TRUE(notify);
    event(k_rx);
    EXPECT_EQ(rx.take().size(), 16U);
    EXPECT_EQ(uart.mask, 1U);
}

TEST_F(Cadence, WhatHappensWhileInterruptsAreForgottenIsNotForgotten)
{
    init();
    tx.put(std::string(100, 'x'));
    auto& mmio    = kit::FakeMmio::instance();
    mmio.on_write = [this](auto at, auto v) {
        if (Reg(at - k_base) == Reg::interrupt_status && uart.line.empty()) {
            uart.send(); // all of it, just before
            uart.input.push_back('i');
            uart.latch();
        }
        uart.write(Reg(at - k_base), v);
        uart.latched = 0; // a device that latches only what changes
    };
    event(k_tx);
    EXPECT_EQ(uart.line.size(), 64U);
    EXPECT_EQ(uart.fifo.size(), 36U);
    EXPECT_EQ(rx.take(), "i");
}

TEST_F(Cadence, WithoutInputNothingIsRead)
{
    serial_config.rx_enabled = false;
    serial_config.rx         = {};
    init();
    uart.input = {'x'};
    event(k_irq);
    EXPECT_EQ(uart.input.size(), 1U);
    EXPECT_FALSE(uart.is_interrupting());
}

TEST_F(Cadence, SetsTheSpeedWhereItKnowsTheClock)
{
    clock_frequency = 100'000'000;
    init();
    const auto made = 100'000'000 / (uart.rate * (uart.divider + 1));
    EXPECT_NEAR(made, 115'200, 115'200 / 200);
    EXPECT_FALSE(cadence::Speed::of(100'000'000, 0));
    EXPECT_FALSE(cadence::Speed::of(0, 115'200));
    EXPECT_FALSE(cadence::Speed::of(1'000'000, 921'600));
}

} // namespace

std::uint64_t uart::clock_of(std::uint64_t /*physical*/) { return uart::test::clock_frequency; }
