// SPDX-License-Identifier: BSD-2-Clause
// Driver of the Arm PrimeCell UART PL011: sDDF's serial class, with FIFOs and interrupts.
#include "drivers/serial/uart/driver.hpp"

#include "arch/mmio.hpp"
#include "drivers/serial/uart/clock.hpp"
#include "pl011.hpp"

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".serial_driver_config") sddf::serial::DriverConfig serial_config;

namespace {

using pl011::Interrupts;
using pl011::Reg;

template <class Register>
Register read(Reg which)
{
    return Register{arch::mmio_read32(device_resources.regions[0].region.vaddr +
                                      static_cast<std::uint32_t>(which))};
}

template <class Register>
void write(Reg which, Register value)
{
    arch::mmio_write32(device_resources.regions[0].region.vaddr + static_cast<std::uint32_t>(which),
                       value.raw());
}

struct Pl011 {
    /// Sets the speed, where it is known what clocks the device; else it stays as the firmware has
    /// set it.
    void set_up();
    bool forget() { return false; } // its interrupts are levels
    bool has_room() { return !read<pl011::Uartfr>(Reg::uartfr).get<pl011::Uartfr::txff>(); }
    void send(std::byte byte)
    {
        write(Reg::uartdr, pl011::Uartdr{std::to_integer<std::uint32_t>(byte)});
    }
    bool has_input() { return !read<pl011::Uartfr>(Reg::uartfr).get<pl011::Uartfr::rxfe>(); }
    std::optional<std::byte> take()
    {
        const auto data = read<pl011::Uartdr>(Reg::uartdr);
        if (data.is_damaged()) {
            return std::nullopt;
        }
        return static_cast<std::byte>(data.get<pl011::Uartdr::data>());
    }
    void ask_for(uart::Wanted wanted)
    {
        write(Reg::uartimsc, Interrupts{}
                                 .with<Interrupts::rx>(wanted.receive)
                                 .with<Interrupts::rt>(wanted.receive)
                                 .with<Interrupts::tx>(wanted.transmit));
    }
};

void Pl011::set_up()
{
    write(Reg::uartimsc, Interrupts{});
    const auto line =
        pl011::UartlcrH{}.with<pl011::UartlcrH::fen>(true).with<pl011::UartlcrH::wlen>(3);
    const auto control = pl011::Uartcr{}
                             .with<pl011::Uartcr::uarten>(true)
                             .with<pl011::Uartcr::txe>(true)
                             .with<pl011::Uartcr::rxe>(true);
    // After a restart it is as we left it, and what is being sent shall not be cut off.
    const auto speed  = pl011::Speed::of(uart::clock_of(device_resources.regions[0].io_addr),
                                         serial_config.default_baud);
    const bool is_set = !speed || (read<pl011::Uartibrd>(Reg::uartibrd) == speed->whole &&
                                   read<pl011::Uartfbrd>(Reg::uartfbrd) == speed->fraction);
    if (!is_set || read<pl011::UartlcrH>(Reg::uartlcr_h) != line ||
        read<pl011::Uartcr>(Reg::uartcr) != control) {
        write(Reg::uartcr, pl011::Uartcr{});
        if (speed) { // before the line's, whose writing makes it count (3.3.6)
            write(Reg::uartibrd, speed->whole);
            write(Reg::uartfbrd, speed->fraction);
        }
        write(Reg::uartlcr_h, line);
        write(Reg::uartcr, control);
    }
    write(Reg::uartifls,
          pl011::Uartifls{}.with<pl011::Uartifls::txiflsel>(0).with<pl011::Uartifls::rxiflsel>(2));
    write(Reg::uarticr, Interrupts{Interrupts::k_all});
}

Pl011                         device;
constinit uart::Driver<Pl011> driver{device_resources, serial_config};

} // namespace

void init() { driver.start(device); }
void notified(microkit::Channel channel) { driver.event(device, channel); }
