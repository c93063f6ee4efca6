// SPDX-License-Identifier: BSD-2-Clause
// A UART's driver between a fake device and a fake Microkit: what the tests of all of them need.
#pragma once

#include "kit/fake_microkit.hpp"
#include "kit/fake_mmio.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <cstdint>
#include <gtest/gtest.h>

extern sddf::DeviceResources      device_resources;
extern sddf::serial::DriverConfig serial_config;

namespace uart::test {

inline constexpr unsigned k_irq = 0;
inline constexpr unsigned k_rx  = 1;
inline constexpr unsigned k_tx  = 2;

/// Of the UART under test: what a test's clock_of() answers.
inline std::uint64_t clock_frequency = 0;

/// `Device` has its registers (`Reg`) at `base`; it is read() and written, sends what it was given
/// and says whether it is_interrupting().
template <class Device, std::uintptr_t base>
class UartTest : public testing::Test {
protected:
    using Reg = typename Device::Reg;

    UartTest()
    {
        fake.reset();
        auto& mmio                   = kit::FakeMmio::instance();
        mmio.on_read                 = [this](auto at) { return uart.read(Reg(at - base)); };
        mmio.on_write                = [this](auto at, auto v) { uart.write(Reg(at - base), v); };
        device_resources             = {};
        device_resources.magic       = sddf::magic_of(sddf::Class::device_resources);
        device_resources.irqs[0]     = k_irq;
        device_resources.num_irqs    = 1;
        device_resources.num_regions = 1;
        device_resources.regions[0].region = {.vaddr = base, .size = 0x1000};
        serial_config                      = {.magic        = sddf::magic_of(sddf::Class::serial),
                                              .rx           = rx.connection(k_rx),
                                              .tx           = tx.connection(k_tx),
                                              .default_baud = 115'200,
                                              .rx_enabled   = true};
    }
    ~UartTest() override { clock_frequency = 0; }

    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    /// Delivers interrupts while the device, which is fast, raises them.
    void run_interrupts()
    {
        for (unsigned i = 0; i < 1000 && uart.is_interrupting(); ++i) {
            event(k_irq);
            uart.send();
        }
        EXPECT_FALSE(uart.is_interrupting()) << "the interrupt never ends";
    }

    kit::FakeMicrokit& fake = kit::FakeMicrokit::instance();
    Device             uart;
    kit::SerialLink    rx{64};
    kit::SerialLink    tx{1024};
};

} // namespace uart::test
