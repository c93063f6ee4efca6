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
    fuzz::live(component, device, input, 2, 2, [&](std::uint64_t what) {
        if ((what & 7) == 3) {
            (void)rx.take();
        } else {
            (void)tx.put(std::string(what >> 3, 'o'));
        }
    });
    return 0;
}
