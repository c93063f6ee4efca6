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
    fuzz::live(component, device, input, 2, 1,
               [&](std::uint64_t what) { (void)clients[what >> 3 & 1].take(); });
    return 0;
}
