// SPDX-License-Identifier: BSD-2-Clause
// The virtIO console driver between hostile virtualisers and a hostile device; restarts included.
#include "driver.hpp"

#include <string>

extern sddf::serial::DriverConfig serial_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input         input{bytes, size};
    fuzz::Component     component;
    fuzz::HostileDevice device{3, input};
    kit::SerialLink     rx{32};
    kit::SerialLink     tx{64};
    serial_config            = {};
    serial_config.magic      = sddf::magic_of(sddf::Class::serial);
    serial_config.rx         = rx.connection(0);
    serial_config.tx         = tx.connection(1);
    serial_config.rx_enabled = true;
    component.share(rx);
    component.share(tx);
    component.share(device.rings());
    bool running = fuzz::start(component);
    while (running && !input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            component.scribble(input);
            break;
        case 1:
        case 2:
            (void)tx.put(std::string(what >> 3, 'o'));
            break;
        case 3:
            (void)rx.take();
            break;
        case 4:
        case 5:
            device.complete(what >> 7, static_cast<std::uint32_t>(what >> 3 & 0xf),
                            static_cast<std::uint32_t>(input.take(2)));
            break;
        case 6:
            if (what >> 3 == 0) {
                running = fuzz::start(component);
                break;
            }
            [[fallthrough]];
        default:
            component.event((what & 8) != 0 ? fuzz::HostileDevice::k_irq
                                            : static_cast<unsigned>(what >> 4 & 1));
            break;
        }
    }
    return 0;
}
