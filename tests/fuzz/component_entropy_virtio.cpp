// SPDX-License-Identifier: BSD-2-Clause
// The virtIO entropy driver between hostile clients and a hostile device; restarts included.
#include "driver.hpp"

#include "sddf/entropy.hpp"

#include <array>

extern sddf::entropy::DriverConfig entropy_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input                    input{bytes, size};
    fuzz::Component                component;
    fuzz::HostileDevice            device{4, input};
    std::array<kit::SerialLink, 2> clients{kit::SerialLink{64}, kit::SerialLink{2048}};
    entropy_config             = {};
    entropy_config.magic       = sddf::entropy::k_magic;
    entropy_config.num_clients = 2;
    for (std::uint8_t i = 0; i < 2; ++i) {
        entropy_config.clients[i] = clients[i].connection(i);
        component.share(clients[i]);
    }
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
            (void)clients[what >> 3 & 1].take();
            break;
        case 4:
        case 5:
            device.complete(0, static_cast<std::uint32_t>(what >> 3 & 7),
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
