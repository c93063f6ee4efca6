// SPDX-License-Identifier: BSD-2-Clause
// The virtIO sound driver between a hostile virtualiser and a hostile device; restarts included.
#include "driver.hpp"

#include "drivers/sound/virtio/driver.hpp"
#include "kit/sound_link.hpp"

#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace sound_virtio;
    fuzz::Input         input{bytes, size};
    fuzz::Component     component;
    fuzz::HostileDevice hostile{k_device_type, input};
    kit::SoundLink      link;
    std::destroy_at(&kept);
    std::construct_at(&kept);
    sound_config       = {};
    sound_config.magic = sddf::sound::k_magic;
    sound_config.virt  = link.connection(0);
    component.share(link.state.bytes().first(sizeof(sddf::sound::SharedState)));
    component.share(link.commands.bytes());
    component.share(link.command_answers.bytes());
    component.share(link.buffers.bytes());
    component.share(link.buffer_answers.bytes());
    component.share(hostile.rings());
    fuzz::live(component, hostile, input, 1, 4, [&](std::uint64_t what) {
        const auto stream = static_cast<std::uint32_t>(what >> 6);
        switch (what & 7) {
        case 1:
            (void)link.ask({.code      = static_cast<Code>(what >> 3 & 7),
                            .cookie    = static_cast<std::uint32_t>(what),
                            .stream_id = stream,
                            .value     = static_cast<std::uint32_t>(input.take(3))});
            break;
        case 2:
            (void)link.give({.cookie        = static_cast<std::uint32_t>(what),
                             .stream_id     = stream,
                             .io_or_offset  = input.take(1) * 4096,
                             .len           = static_cast<std::uint32_t>(input.take(2)),
                             .status        = Status::ok,
                             .latency_bytes = 0,
                             .reserved      = 0});
            break;
        default:
            (void)link.take_command_answers();
            (void)link.take_buffer_answers();
            break;
        }
    });
    return 0;
}
