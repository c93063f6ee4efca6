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
    bool running = fuzz::start(component);
    while (running && !input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            component.scribble(input);
            break;
        case 1:
            (void)rx.put(rx.free, {.io_or_offset = (what >> 3) * 2048});
            break;
        case 2:
            (void)tx.put(tx.active, {.io_or_offset = (what >> 3) * 2048,
                                     .len          = static_cast<std::uint16_t>(input.take(2))});
            break;
        case 3:
            (void)((what & 8) != 0 ? rx.take(rx.active) : tx.take(tx.free));
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
