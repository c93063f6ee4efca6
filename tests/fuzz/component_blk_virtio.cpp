// SPDX-License-Identifier: BSD-2-Clause
// The virtIO block driver between a hostile virtualiser and a hostile device; restarts included.
#include "driver.hpp"

extern sddf::block::DriverConfig blk_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input         input{bytes, size};
    fuzz::Component     component;
    fuzz::HostileDevice device{2, input};
    kit::BlockLink      link{8};
    blk_config       = {};
    blk_config.magic = sddf::magic_of(sddf::Class::block);
    blk_config.virt  = link.connection(0);
    component.share(link);
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
            (void)link.ask({.code         = static_cast<sddf::block::Code>(what >> 3 & 7),
                            .io_or_offset = input.take(1) * 4096,
                            .block_number = input.take(1),
                            .count        = static_cast<std::uint16_t>(what >> 5),
                            .id           = static_cast<std::uint32_t>(what)});
            break;
        case 3:
            (void)link.take_responses();
            break;
        case 4:
        case 5:
            device.complete(0, static_cast<std::uint32_t>(what >> 3),
                            static_cast<std::uint32_t>(input.take(1)));
            break;
        case 6:
            if (what >> 3 == 0) {
                running = fuzz::start(component);
                break;
            }
            [[fallthrough]];
        default:
            component.event((what & 8) != 0 ? fuzz::HostileDevice::k_irq : 0);
            break;
        }
    }
    return 0;
}
