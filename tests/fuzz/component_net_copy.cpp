// SPDX-License-Identifier: BSD-2-Clause
// The network copier between a hostile client and a hostile virtualiser.
#include "component.hpp"

extern sddf::network::CopierConfig net_config;

namespace {

using sddf::network::k_buffer_size;

constexpr std::uint16_t k_buffers = 4;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Component component;
    kit::NetLink    source{k_buffers};
    kit::NetLink    client{k_buffers};
    kit::Memory     frames{k_buffers * k_buffer_size};
    kit::Memory     data{k_buffers * k_buffer_size};
    net_config             = {};
    net_config.magic       = sddf::magic_of(sddf::Class::network);
    net_config.rx          = source.connection(0);
    net_config.rx_data[0]  = frames.region();
    net_config.rx_data[2]  = frames.region();
    net_config.client      = client.connection(1);
    net_config.client_data = data.region();
    component.share(source);
    component.share(client);
    component.start();
    for (fuzz::Input input{bytes, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            component.scribble(input);
            break;
        case 2:
            (void)client.put(client.free, {.io_or_offset = input.take(1) * k_buffer_size / 2});
            break;
        case 3:
        case 4:
            (void)source.put(source.active, {.io_or_offset = (what >> 3 & 7) * k_buffer_size,
                                             .len = static_cast<std::uint16_t>(input.take(2)),
                                             .oid = static_cast<std::uint8_t>(what >> 6)});
            break;
        default:
            component.event(static_cast<unsigned>(what >> 3) % 2);
            break;
        }
    }
    return 0;
}
