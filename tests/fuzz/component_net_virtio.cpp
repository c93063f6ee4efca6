// SPDX-License-Identifier: BSD-2-Clause
// The virtIO network driver between hostile virtualisers and a hostile device; restarts included.
#include "driver.hpp"

extern sddf::network::DriverConfig net_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input         input{bytes, size};
    fuzz::Component     component;
    fuzz::HostileDevice device{1, input};
    kit::NetLink        rx{8};
    kit::NetLink        tx{8};
    net_config         = {};
    net_config.magic   = sddf::magic_of(sddf::Class::network);
    net_config.virt_rx = rx.connection(0);
    net_config.virt_tx = tx.connection(1);
    component.share(rx);
    component.share(tx);
    component.share(device.rings());
    fuzz::live(component, device, input, 2, 2, [&](std::uint64_t what) {
        switch (what & 7) {
        case 1:
            (void)rx.put(rx.free, {.io_or_offset = (what >> 3) * 2048});
            break;
        case 2:
            (void)tx.put(tx.active, {.io_or_offset = (what >> 3) * 2048,
                                     .len          = static_cast<std::uint16_t>(input.take(2))});
            break;
        default:
            (void)((what & 8) != 0 ? rx.take(rx.active) : tx.take(tx.free));
            break;
        }
    });
    return 0;
}
