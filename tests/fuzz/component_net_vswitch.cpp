// SPDX-License-Identifier: BSD-2-Clause
// The network switch among hostile ports, with calls of any kind.
#include "component.hpp"

#include "virtualisers/net/vswitch/switch.hpp"

#include <array>

extern sddf::network::SwitchConfig net_config;

namespace {

using sddf::network::k_buffer_size;

constexpr std::uint16_t k_buffers = 4;
constexpr unsigned      k_ports   = 3;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Component                   component;
    std::array<kit::NetLink, k_ports> rx{kit::NetLink{k_buffers}, kit::NetLink{k_buffers},
                                         kit::NetLink{k_buffers}};
    std::array<kit::NetLink, k_ports> tx{kit::NetLink{k_buffers}, kit::NetLink{k_buffers},
                                         kit::NetLink{k_buffers}};
    std::vector<kit::Memory>          data(k_ports, kit::Memory{k_buffers * k_buffer_size});
    net_vswitch::books   = {};
    net_config           = {};
    net_config.magic     = sddf::magic_of(sddf::Class::network);
    net_config.num_ports = k_ports;
    for (std::uint8_t i = 0; i < k_ports; ++i) {
        net_config.ports[i] = {.rx       = rx[i].connection(i),
                               .tx       = tx[i].connection(static_cast<std::uint8_t>(10 + i)),
                               .tx_data  = data[i].region(),
                               .mac_addr = {2, 0, 0, 0, 0, i},
                               .acl      = 0b111};
        component.share(rx[i]);
        component.share(tx[i]);
        component.share(data[i].bytes());
    }
    component.start();
    for (fuzz::Input input{bytes, size}; !input.ended();) {
        const auto what = input.take(1);
        const auto port = (what >> 6) % k_ports;
        switch (what & 7) {
        case 0:
        case 1:
            component.scribble(input);
            break;
        case 2:
        case 3: {
            const auto buffer = (what >> 3 & 7) * k_buffer_size;
            if (buffer < data[port].bytes().size()) {
                const sddf::network::MacAddress to{
                    2, 0, 0, 0, 0, static_cast<std::uint8_t>(input.take(1) & 3)};
                std::memcpy(data[port].bytes().data() + buffer, to.data(), to.size());
            }
            (void)tx[port].put(
                tx[port].active,
                {.io_or_offset = buffer, .len = static_cast<std::uint16_t>(input.take(1) * 9)});
            break;
        }
        case 4:
            (void)rx[port].put(rx[port].free,
                               {.io_or_offset = (what >> 3 & 7) * k_buffer_size,
                                .oid          = static_cast<std::uint8_t>(input.take(1) & 3)});
            break;
        case 5:
            microkit::set_message_word(0, input.take(4));
            (void)protected_call(microkit::Channel{static_cast<unsigned>(10 + port)},
                                 microkit::MessageInfo::create(what >> 3 & 3, what >> 5 & 1));
            break;
        default:
            component.event(static_cast<unsigned>((what & 8) + port + (what & 8 ? 2 : 0)));
            break;
        }
    }
    return 0;
}
