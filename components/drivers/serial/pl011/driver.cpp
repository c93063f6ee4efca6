// SPDX-License-Identifier: BSD-2-Clause
// Driver of the Arm PrimeCell UART PL011: sDDF's serial class, with FIFOs and interrupts.
//
// It never waits for the device: what does not fit into the transmit FIFO is sent when its
// interrupt says that there is room; what does not fit into the receive queue stays in the receive
// FIFO, whose interrupt is masked until the virtualiser says that there is room.
#include "clock.hpp"
#include "pl011.hpp"

#include "arch/mmio.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/serial.hpp"

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".serial_driver_config") sddf::serial::DriverConfig serial_config;

namespace {

using pl011::Interrupts;
using pl011::Reg;

/// Bytes in each direction that one event may move: more than any FIFO has, so that the interrupt
/// is pending where there are more.
constexpr std::size_t k_budget = 256;

sddf::serial::Consumer to_send;
sddf::serial::Producer received;
Interrupts             enabled;

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

/// Sets the speed, where it is known what clocks the device; else it stays as the firmware has set
/// it.
void set_up_device()
{
    write(Reg::uartimsc, Interrupts{});
    const auto line =
        pl011::UartlcrH{}.with<pl011::UartlcrH::fen>(true).with<pl011::UartlcrH::wlen>(3);
    const auto control = pl011::Uartcr{}
                             .with<pl011::Uartcr::uarten>(true)
                             .with<pl011::Uartcr::txe>(true)
                             .with<pl011::Uartcr::rxe>(true);
    // After a restart it is as we left it, and what is being sent shall not be cut off.
    const auto speed  = pl011::Speed::of(pl011::clock_of(device_resources.regions[0].io_addr),
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

void transmit()
{
    std::size_t budget = k_budget;
    bool        full   = false;
    while (budget != 0 && !full) {
        const auto bytes = to_send.data().first(std::min(to_send.data().size(), budget));
        if (bytes.empty()) {
            break;
        }
        std::uint32_t sent = 0;
        for (const std::byte byte : bytes) {
            full = read<pl011::Uartfr>(Reg::uartfr).get<pl011::Uartfr::txff>();
            if (full) {
                break;
            }
            // One by one, and first: after a restart nobody can tell whether the device has got
            // the byte, and between these two it is hardly ever interrupted.
            to_send.advance(1);
            to_send.show();
            write(Reg::uartdr, pl011::Uartdr{std::to_integer<std::uint32_t>(byte)});
            ++sent;
        }
        budget -= sent;
    }
    if (to_send.release()) {
        microkit::Channel{serial_config.tx.id}.notify();
    }
    // The device keeps the interrupt until the FIFO is above its level again, so that none is lost
    // between the last look and this.
    enabled.set<Interrupts::tx>(to_send.available() != 0);
}

void receive()
{
    if (!serial_config.rx_enabled) {
        return;
    }
    const auto has_input = [] {
        return !read<pl011::Uartfr>(Reg::uartfr).get<pl011::Uartfr::rxfe>();
    };
    bool has_room = true;
    bool has_new  = false;
    for (std::size_t budget = k_budget; budget != 0 && has_input(); --budget) {
        auto room = received.room();
        if (room.empty()) {
            has_room = received.ask_for_space(1);
            if (!has_room) {
                break;
            }
            room = received.room();
        }
        const auto data = read<pl011::Uartdr>(Reg::uartdr);
        if (!data.is_damaged()) {
            room.front() = static_cast<std::byte>(data.get<pl011::Uartdr::data>());
            received.advance(1);
            received.show(); // the device has it no more, so a restart must not forget it
            has_new = true;
        }
    }
    if (has_new) {
        microkit::Channel{serial_config.rx.id}.notify();
    }
    enabled.set<Interrupts::rx>(has_room);
    enabled.set<Interrupts::rt>(has_room);
}

void run()
{
    receive();
    transmit();
    write(Reg::uartimsc, enabled);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(device_resources, 1, 1));
    require(sddf::check(serial_config));
    require(to_send.open(serial_config.tx.queue.bytes(), serial_config.tx.data.bytes()));
    if (serial_config.rx_enabled) {
        require(received.open(serial_config.rx.queue.bytes(), serial_config.rx.data.bytes()));
    }
    enabled = {};
    set_up_device();
    run(); // what was there before a restart
    // Before it a counter may have moved without a notification, or an interrupt have come without
    // an acknowledgement.
    if (serial_config.rx_enabled) {
        microkit::Channel{serial_config.rx.id}.notify();
    }
    microkit::Channel{serial_config.tx.id}.notify();
    microkit::Channel{device_resources.irqs[0]}.acknowledge();
}

void notified(microkit::Channel channel)
{
    run();
    if (channel.id() == device_resources.irqs[0]) {
        channel.acknowledge_at_end();
    }
}
