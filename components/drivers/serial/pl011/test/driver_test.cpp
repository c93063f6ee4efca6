// SPDX-License-Identifier: BSD-2-Clause
// The PL011 driver over a device whose FIFOs are 16 bytes deep.
#include "../pl011.hpp"

#include "drivers/serial/uart/clock.hpp"
#include "drivers/serial/uart/test/fixture.hpp"

#include <deque>
#include <string>

namespace {

using namespace uart::test;
using pl011::Interrupts;

constexpr std::uintptr_t k_base = 0x900'0000;
constexpr std::size_t    k_fifo = 16;

/// The device, as far as the driver may rely on it.
struct FakeUart {
    using Reg = pl011::Reg;

    std::deque<std::uint32_t> input; ///< with the error bits
    std::deque<char>          fifo;  ///< to be sent
    std::string               line;  ///< was sent
    Interrupts                mask;
    std::uint32_t             control      = 0;
    std::uint32_t             line_control = 0;
    std::uint32_t             whole        = 0;
    std::uint32_t             fraction     = 0;
    std::uint32_t             latched      = 0; ///< what the speed was when it began to count
    unsigned                  set_ups      = 0;
    bool                      tx_raised    = false;

    [[nodiscard]] std::uint32_t read(Reg reg)
    {
        switch (reg) {
        case Reg::uartdr: {
            const auto value = input.empty() ? 0 : input.front();
            if (!input.empty()) {
                input.pop_front();
            }
            return value;
        }
        case Reg::uartfr:
            return pl011::Uartfr{}
                .with<pl011::Uartfr::rxfe>(input.empty())
                .with<pl011::Uartfr::txff>(fifo.size() == k_fifo)
                .raw();
        case Reg::uartcr:
            return control;
        case Reg::uartlcr_h:
            return line_control;
        case Reg::uartibrd:
            return whole;
        case Reg::uartfbrd:
            return fraction;
        default:
            return 0;
        }
    }
    void write(Reg reg, std::uint32_t value)
    {
        switch (reg) {
        case Reg::uartdr:
            EXPECT_LT(fifo.size(), k_fifo) << "a byte is lost";
            EXPECT_EQ(control & 0x301, 0x301U) << "not enabled";
            fifo.push_back(static_cast<char>(value));
            tx_raised = false;
            break;
        case Reg::uartcr:
            control = value;
            ++set_ups;
            break;
        case Reg::uartlcr_h:
            EXPECT_EQ(control, 0U) << "3.3.7: disable the UART first";
            line_control = value;
            latched      = whole * 64 + fraction;
            break;
        case Reg::uartibrd:
            whole = value;
            break;
        case Reg::uartfbrd:
            fraction = value;
            break;
        case Reg::uartimsc:
            mask = Interrupts{value};
            break;
        default:
            break;
        }
    }
    /// Time passes: the FIFO is sent, and its interrupt raised as it falls through its level.
    void send()
    {
        tx_raised = tx_raised || !fifo.empty();
        line.append(fifo.begin(), fifo.end());
        fifo.clear();
    }
    [[nodiscard]] bool is_interrupting() const
    {
        return (mask.get<Interrupts::tx>() && tx_raised) ||
               (mask.get<Interrupts::rt>() && !input.empty());
    }
};

using Pl011 = UartTest<FakeUart, k_base>;

TEST_F(Pl011, EnablesTheDeviceWithFifosAndEightBits)
{
    init();
    EXPECT_EQ(uart.line_control, 0x70U);
    EXPECT_EQ(uart.control, 0x301U);
    EXPECT_TRUE(uart.mask.get<Interrupts::rx>());
    EXPECT_TRUE(uart.mask.get<Interrupts::rt>());
    EXPECT_FALSE(uart.mask.get<Interrupts::tx>());
}

TEST_F(Pl011, ARestartDoesNotCutOffWhatIsBeingSent)
{
    init();
    const auto before = uart.set_ups;
    init();
    EXPECT_EQ(uart.set_ups, before);
}

TEST_F(Pl011, SendsWhatFitsAndTheRestWhenThereIsRoom)
{
    init();
    const std::string text(100, 'x');
    tx.put(text);
    event(k_tx);
    EXPECT_EQ(uart.fifo.size(), k_fifo);
    EXPECT_TRUE(uart.mask.get<Interrupts::tx>());
    uart.send();
    run_interrupts();
    EXPECT_EQ(uart.line, text);
    EXPECT_FALSE(uart.mask.get<Interrupts::tx>()) << "nothing more to send";
}

TEST_F(Pl011, TheVirtualiserIsToldOfSpaceWhenItAsked)
{
    init();
    tx.put("a");
    event(k_tx);
    EXPECT_EQ(fake.notifications, std::vector{k_tx}) << "fresh memory asks";
    tx.put("b");
    event(k_tx);
    EXPECT_TRUE(fake.notifications.empty());
    tx.control().producer_signalled = 0;
    tx.put("c");
    event(k_tx);
    EXPECT_EQ(fake.notifications, std::vector{k_tx});
}

TEST_F(Pl011, OneEventSendsABoundedAmount)
{
    init();
    // A device that sends at once, as QEMU's does.
    auto& mmio    = kit::FakeMmio::instance();
    mmio.on_write = [this](auto at, auto v) {
        uart.write(Reg(at - k_base), v);
        uart.send();
    };
    tx.put(std::string(1000, 'y'));
    event(k_tx);
    EXPECT_EQ(uart.line.size(), 256U);
    run_interrupts();
    EXPECT_EQ(uart.line.size(), 1000U);
}

TEST_F(Pl011, PassesOnWhatArrives)
{
    init();
    uart.input = {'h', 'i'};
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_rx});
    EXPECT_EQ(fake.acknowledgements.back(), k_irq);
    EXPECT_EQ(rx.take(), "hi");
}

TEST_F(Pl011, DropsDamagedBytes)
{
    init();
    uart.input = {'a', 0x100 | 'b', 0x200 | 'c', 0x400, 'd'};
    event(k_irq);
    EXPECT_EQ(rx.take(), "ad");
}

TEST_F(Pl011, InputWaitsInTheDeviceUntilThereIsSpace)
{
    init();
    for (unsigned c = 0; c < 80; ++c) {
        uart.input.push_back(c);
    }
    event(k_irq);
    EXPECT_EQ(uart.input.size(), 16U);
    EXPECT_FALSE(uart.is_interrupting()) << "masked, or it would come for ever";
    EXPECT_EQ(rx.control().producer_signalled, 0U) << "asked for space";
    bool notify = false;
    EXPECT_EQ(rx.take(&notify).size(), 64U);
    EXPECT_TRUE(notify);
    event(k_rx);
    EXPECT_EQ(rx.take().size(), 16U);
    EXPECT_TRUE(uart.mask.get<Interrupts::rx>());
}

TEST_F(Pl011, WithoutInputNothingIsRead)
{
    serial_config.rx_enabled = false;
    serial_config.rx         = {};
    init();
    uart.input = {'x'};
    event(k_irq);
    EXPECT_EQ(uart.input.size(), 1U);
    EXPECT_FALSE(uart.is_interrupting());
}

TEST_F(Pl011, AVirtualiserThatLiesHarmsNobody)
{
    init();
    tx.control().tail = 0xdead'beef; // ever more to send: some of it is sent, whatever it is
    event(k_tx);
    EXPECT_EQ(uart.fifo.size(), k_fifo);
    rx.control().head = 0x8000'0000;
    uart.input        = {'x'};
    event(k_irq);
    EXPECT_EQ(std::ranges::count(fake.notifications, k_rx), 0);
}

TEST_F(Pl011, AnEmptySectionIsReported)
{
    serial_config = {};
    EXPECT_THROW(init(), kit::Crash);
    EXPECT_NE(fake.debug_output.find("the configuration section is empty"), std::string::npos);
}

TEST_F(Pl011, SetsTheSpeedWhereItKnowsTheClock)
{
    clock_frequency            = 24'000'000;
    serial_config.default_baud = 115'200;
    init();
    clock_frequency = 0;
    EXPECT_EQ(uart.latched, 13U * 64 + 1); // 13.02
    EXPECT_FALSE(pl011::Speed::of(24'000'000, 0));
    EXPECT_FALSE(pl011::Speed::of(24'000'000, 3'000'000));
    EXPECT_FALSE(pl011::Speed::of(24'000'000, 10));
}

} // namespace

std::uint64_t uart::clock_of(std::uint64_t /*physical*/) { return uart::test::clock_frequency; }
