// SPDX-License-Identifier: BSD-2-Clause
// The serial virtualiser for input, among hostile clients and a hostile driver.
#include "component.hpp"

#include <array>
#include <string>

extern sddf::serial::RxVirtConfig serial_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Component                component;
    kit::SerialLink                driver{32};
    std::array<kit::SerialLink, 3> clients{kit::SerialLink{16}, kit::SerialLink{64},
                                           kit::SerialLink{32}};
    serial_config                    = {};
    serial_config.magic              = sddf::magic_of(sddf::Class::serial);
    serial_config.driver             = driver.connection(0);
    serial_config.num_clients        = 3;
    serial_config.switch_char        = 28;
    serial_config.terminate_num_char = 13;
    for (std::uint8_t i = 0; i < 3; ++i) {
        serial_config.clients[i] = clients[i].connection(static_cast<std::uint8_t>(1 + i));
        component.share(clients[i]);
    }
    component.share(driver);
    component.start();
    for (fuzz::Input input{bytes, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            component.scribble(input);
            break;
        case 1:
            (void)driver.put(std::string{'\x1c', static_cast<char>('0' + (what >> 3 & 7)), '\r'});
            break;
        case 2:
        case 3:
            (void)driver.put(std::string(what >> 3, static_cast<char>(input.take(1))));
            break;
        case 4:
            (void)clients[(what >> 3) % 3].take();
            break;
        default:
            component.event(static_cast<unsigned>(what >> 3) % 4);
            break;
        }
    }
    return 0;
}
