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
    fuzz::live(component, device, input, 1, 1, [&](std::uint64_t what) {
        if ((what & 7) == 3) {
            (void)link.take_responses();
        } else {
            (void)link.ask({.code         = static_cast<sddf::block::Code>(what >> 3 & 7),
                            .io_or_offset = input.take(1) * 4096,
                            .block_number = input.take(1),
                            .count        = static_cast<std::uint16_t>(what >> 5),
                            .id           = static_cast<std::uint32_t>(what)});
        }
    });
    return 0;
}
