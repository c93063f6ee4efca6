// SPDX-License-Identifier: BSD-2-Clause
// The other end of a sound client's rings: a virtualiser with a driver and a device, for tests.
#pragma once

#include "kit/sddf_links.hpp"
#include "sddf/sound.hpp"

#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace kit {

class FakeSoundServer {
public:
    static constexpr std::uint64_t k_first = 8192; ///< where this client's part begins

    explicit FakeSoundServer(std::size_t buffers = 8)
        : data{k_first + buffers * sddf::sound::k_buffer_size}
    {
        auto& it          = page();
        it                = {.ready = 0, .streams = 2, .stream_info = {}};
        it.stream_info[0] = {1U << 5 | 1U << 11, 1U << 7, 0, 1, 2};
        it.stream_info[1] = {1U << 5, 1U << 7, 1, 1, 1};
        it.set_ready(true);
        commands_ = opened<sddf::sound::CommandConsumer>(cmd_req.bytes(), k_commands);
        results_  = opened<sddf::sound::CommandProducer>(cmd_resp.bytes(), k_commands);
        requests_ = opened<sddf::sound::PcmConsumer>(pcm_req.bytes(), k_pcm);
        answers_  = opened<sddf::sound::PcmProducer>(pcm_resp.bytes(), k_pcm);
    }
    [[nodiscard]] sddf::sound::ClientConfig config()
    {
        return {.magic = sddf::sound::k_magic,
                .virt  = {.state    = state.region(),
                          .cmd_req  = cmd_req.region(),
                          .cmd_resp = cmd_resp.region(),
                          .pcm_req  = pcm_req.region(),
                          .pcm_resp = pcm_resp.region(),
                          .id       = 1},
                .data  = data.region(),
                .first = k_first,
                .size  = data.bytes().size() - k_first};
    }
    [[nodiscard]] sddf::sound::SharedState& page()
    {
        return *reinterpret_cast<sddf::sound::SharedState*>(state.bytes().data());
    }

    /// Answers all commands: with `next` of the stream, or as the protocol says.
    void command()
    {
        while (const auto it = commands_.pop()) {
            using sddf::sound::Code;
            log += std::to_string(it->stream_id) + "TPRSX"[static_cast<unsigned>(it->code)] + ' ';
            const bool own  = owned[it->stream_id];
            auto       said = own == (it->code == Code::take) ? sddf::sound::Status::bad_message
                                                              : sddf::sound::Status::ok;
            if (!refuse.empty()) {
                said = refuse.front();
                refuse.pop_front();
            }
            if (said == sddf::sound::Status::ok) {
                owned[it->stream_id] = it->code != Code::release;
            }
            last       = *it;
            auto reply = *it;
            // As the official code does: a byte of before stays.
            reply.value = static_cast<std::uint32_t>(said) | 0xab00'0000;
            (void)results_.push(reply);
        }
        (void)commands_.release();
        (void)results_.publish();
    }
    /// Takes what was sent.
    void take()
    {
        while (const auto it = requests_.pop()) {
            pending.push_back(*it);
        }
        (void)requests_.release();
    }
    /// Plays or records the oldest; what was played. Records `with`, as far as it fits.
    std::string answer(std::size_t which = 0, const std::string& with = {},
                       sddf::sound::Status status = sddf::sound::Status::ok)
    {
        auto it = pending.at(which);
        pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(which));
        const auto  bytes = data.bytes().subspan(it.io_or_offset, it.len);
        std::string sound(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        std::memcpy(bytes.data(), with.data(), std::min(with.size(), bytes.size()));
        if (it.stream_id == 1) {
            it.len = static_cast<std::uint32_t>(std::min(with.size(), bytes.size()));
        }
        it.status        = status;
        it.latency_bytes = 9;
        (void)answers_.push(it);
        (void)answers_.publish();
        return sound;
    }
    void answer_raw(const sddf::sound::Pcm& it)
    {
        (void)answers_.push(it);
        (void)answers_.publish();
    }
    void answer_raw(const sddf::sound::Command& it)
    {
        (void)results_.push(it);
        (void)results_.publish();
    }

    static constexpr std::uint32_t k_commands = sddf::sound::k_command_capacity;
    static constexpr std::uint32_t k_pcm      = sddf::sound::k_pcm_capacity;

    Memory state{4096};
    Memory cmd_req{sddf::sound::CommandProducer::bytes_for(k_commands)};
    Memory cmd_resp{sddf::sound::CommandProducer::bytes_for(k_commands)};
    Memory pcm_req{sddf::sound::PcmProducer::bytes_for(k_pcm)};
    Memory pcm_resp{sddf::sound::PcmProducer::bytes_for(k_pcm)};
    Memory data;

    std::string                     log; ///< of commands: stream, and the code's letter
    std::map<std::uint32_t, bool>   owned;
    std::deque<sddf::sound::Status> refuse;
    sddf::sound::Command            last{};
    std::vector<sddf::sound::Pcm>   pending;

private:
    sddf::sound::CommandConsumer commands_{};
    sddf::sound::CommandProducer results_{};
    sddf::sound::PcmConsumer     requests_{};
    sddf::sound::PcmProducer     answers_{};
};

} // namespace kit
