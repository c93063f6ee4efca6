// SPDX-License-Identifier: BSD-2-Clause
#include "client.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"

namespace sound_test {

using namespace sddf::sound;

void Client::open()
{
    using microkit::require;
    require(sddf::check(config_));
    require(commands_.open(config_.virt.cmd_req.bytes(), k_command_capacity));
    require(command_answers_.open(config_.virt.cmd_resp.bytes(), k_command_capacity));
    require(requests_.open(config_.virt.pcm_req.bytes(), k_pcm_capacity));
    require(answers_.open(config_.virt.pcm_resp.bytes(), k_pcm_capacity));
}

std::optional<std::uint32_t> Client::stream(unsigned direction) const
{
    for (std::uint32_t i = 0; i < page().streams; ++i) {
        if (page().stream_info[i].direction == direction) {
            return i;
        }
    }
    return std::nullopt;
}

void Client::command(Code code, std::uint32_t stream)
{
    (void)commands_.push(
        {.code      = code,
         .cookie    = ++cookie_,
         .stream_id = stream,
         .value     = code == Code::take ? Command::parameters(k_channels, k_format, k_rate) : 0});
}

void Client::go_on(const Command& answer)
{
    switch (answer.code) {
    case Code::take:
        command(Code::prepare, answer.stream_id);
        break;
    case Code::prepare:
        command(Code::start, answer.stream_id);
        break;
    case Code::stop:
        command(Code::release, answer.stream_id);
        break;
    default:
        break;
    }
}

std::span<Frame> Client::frames(unsigned buffer) const
{
    const auto at = config_.data.vaddr + config_.first + std::uint64_t{buffer} * k_buffer_size;
    return {reinterpret_cast<Frame*>(at), k_frames};
}

void Client::give(unsigned buffer, std::uint32_t stream)
{
    (void)requests_.push({.cookie        = buffer,
                          .stream_id     = stream,
                          .io_or_offset  = config_.first + std::uint64_t{buffer} * k_buffer_size,
                          .len           = k_buffer_size,
                          .status        = Status::ok,
                          .latency_bytes = 0,
                          .reserved      = 0});
}

void Client::publish()
{
    (void)command_answers_.release();
    (void)answers_.release();
    const bool has_commands = commands_.publish();
    if (requests_.publish() || has_commands) {
        microkit::Channel{config_.virt.id}.notify();
    }
}

} // namespace sound_test
