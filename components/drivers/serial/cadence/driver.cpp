// SPDX-License-Identifier: BSD-2-Clause
// Driver of the Cadence UART: sDDF's serial class, with FIFOs and interrupts.
#include "drivers/serial/uart/driver.hpp"

#include "arch/mmio.hpp"
#include "cadence.hpp"
#include "drivers/serial/uart/clock.hpp"

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".serial_driver_config") sddf::serial::DriverConfig serial_config;

namespace {

using cadence::Control;
using cadence::Mode;
using cadence::Number;
using cadence::Reg;
using cadence::Status;

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

struct Uart {
    void set_up();

    /// What was latched has been seen to; what came between that and this must be looked for, or
    /// it would be forgotten, too.
    bool forget()
    {
        write(Reg::interrupt_status, Status{Status::k_all});
        const auto now = read<Status>(Reg::status);
        return !now.get<Status::rempty>() || now.get<Status::tempty>();
    }
    bool has_room() { return !read<Status>(Reg::status).get<Status::tfull>(); }
    void send(std::byte byte) { write(Reg::fifo, Number{std::to_integer<std::uint32_t>(byte)}); }
    bool has_input() { return !read<Status>(Reg::status).get<Status::rempty>(); }
    std::optional<std::byte> take()
    {
        return static_cast<std::byte>(read<Number>(Reg::fifo).get<Number::byte>());
    }
    void ask_for(uart::Wanted wanted)
    {
        const auto on =
            Status{}.with<Status::rtrig>(wanted.receive).with<Status::tempty>(wanted.transmit);
        write(Reg::interrupt_disable, Status{~on.raw() & Status::k_all});
        write(Reg::interrupt_enable, on);
    }
};

void Uart::set_up()
{
    write(Reg::interrupt_disable, Status{Status::k_all});
    const auto mode    = Mode{}.with<Mode::par>(4);
    const auto control = Control{}.with<Control::rxen>(true).with<Control::txen>(true);
    // After a restart it is as we left it, and what is being sent shall not be cut off.
    const auto speed     = cadence::Speed::of(uart::clock_of(device_resources.regions[0].io_addr),
                                              serial_config.default_baud);
    const auto now       = read<Control>(Reg::control);
    const bool is_on     = !now.get<Control::rxdis>() && !now.get<Control::txdis>();
    const bool has_speed = !speed || (read<Number>(Reg::baud_rate).raw() == speed->generator &&
                                      read<Number>(Reg::baud_divider).raw() == speed->divider);
    if (!is_on || !has_speed || read<Mode>(Reg::mode) != mode) {
        // While both directions are off, as the manual asks for.
        write(Reg::control, Control{}.with<Control::rxdis>(true).with<Control::txdis>(true));
        if (speed) {
            write(Reg::baud_rate, Number{speed->generator});
            write(Reg::baud_divider, Number{speed->divider});
        }
        write(Reg::mode, mode);
        write(Reg::control, control);
    }
    write(Reg::receive_level, Number{1});
}

Uart                         device;
constinit uart::Driver<Uart> driver{device_resources, serial_config};

} // namespace

void init() { driver.start(device); }
void notified(microkit::Channel channel) { driver.event(device, channel); }
