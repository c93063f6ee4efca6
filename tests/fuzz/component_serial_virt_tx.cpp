// SPDX-License-Identifier: BSD-2-Clause
// The serial virtualiser for output, among hostile clients and a driver that is hostile too; or
// good, and then a good client's text comes out in the end.
#include "component.hpp"

#include <array>
#include <string>

extern sddf::serial::TxVirtConfig serial_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input                    input{bytes, size};
    const auto                     how         = input.take(1);
    const bool                     good_driver = (how & 1) != 0;
    fuzz::Component                component;
    kit::SerialLink                driver{64};
    std::array<kit::SerialLink, 3> clients{kit::SerialLink{16}, kit::SerialLink{64},
                                           kit::SerialLink{32}};
    serial_config               = {};
    serial_config.magic         = sddf::magic_of(sddf::Class::serial);
    serial_config.driver        = driver.connection(0);
    serial_config.num_clients   = 3;
    serial_config.enable_colour = (how & 2) != 0;
    for (std::uint8_t i = 0; i < 3; ++i) {
        serial_config.clients[i] = {clients[i].connection(static_cast<std::uint8_t>(1 + i)),
                                    {'c', static_cast<char>('0' + i)}};
        if (i != 2) {
            component.share(clients[i]);
        }
    }
    if (!good_driver) {
        component.share(driver);
    }
    component.start();
    std::string printed;
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            component.scribble(input);
            break;
        case 2:
        case 3: {
            const std::string text(what >> 3, (what & 1) != 0 ? '\n' : 'x');
            (void)clients[what >> 7].put(text);
            break;
        }
        case 4:
            printed += driver.take();
            break;
        default:
            component.event(static_cast<unsigned>(what >> 3) % 4);
            break;
        }
    }
    if (good_driver) {
        (void)driver.take();
        printed.clear();
        (void)clients[2].put("good!");
        for (unsigned i = 0; i < 40; ++i) {
            component.event(3);
            component.event(0);
            printed += driver.take();
        }
        for (const char letter : std::string{"good!"}) {
            fuzz::require(printed.find(letter) != std::string::npos);
        }
    }
    return 0;
}
