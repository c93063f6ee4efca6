// SPDX-License-Identifier: BSD-2-Clause
// A sound card for tests: it does what it is told when the test says so.
#pragma once

#include "virtio/sound_card.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace kit {

class FakeCard final : public virtio::SoundCard {
public:
    using Command = virtio::PcmCommand;

    /// What info() says: stream 0 plays, stream 1 records; S16 and S32, 44100 and 48000.
    std::vector<virtio::PcmInfo> what{
        {(1U << 5) | (1U << 17), (1U << 6) | (1U << 7), virtio::PcmDirection::output, 1, 2},
        {(1U << 5), (1U << 7), virtio::PcmDirection::input, 1, 1}};

    void                   connect(virtio::SoundClient& client) override { device = &client; }
    [[nodiscard]] unsigned streams() const override { return static_cast<unsigned>(what.size()); }
    [[nodiscard]] virtio::PcmInfo info(unsigned stream) const override { return what.at(stream); }
    void command(unsigned stream, Command command, const virtio::PcmParameters& with) override
    {
        commands += std::to_string(stream) + "PSXR"[static_cast<unsigned>(command)] + ' ';
        parameters = with;
        pending.push_back({stream, command});
        if (at_once) {
            answer();
        }
    }
    void submit(unsigned stream, virtio::PcmJob& job) override { jobs[stream].push_back(&job); }
    void kick() override { ++kicks; }
    void reset() override
    {
        jobs.clear();
        pending.clear();
        ++resets;
    }

    /// Carries out the oldest command.
    void answer(virtio::SoundStatus status = virtio::SoundStatus::ok)
    {
        const auto [stream, command] = pending.front();
        pending.pop_front();
        if (command == Command::release) {
            while (!jobs[stream].empty()) {
                finish(stream, 0, true);
            }
        }
        device->commanded(stream, status);
        if (!at_once) {
            device->batch_done();
        }
    }
    /// Plays, or records, the oldest job of a stream; what was played.
    std::string finish(unsigned stream, std::uint32_t recorded = 0, bool failed = false)
    {
        virtio::PcmJob& job = *jobs[stream].front();
        jobs[stream].pop_front();
        std::string sound(job.from.left(), '\0');
        (void)job.from.read(std::as_writable_bytes(std::span{sound}));
        job.recorded = recorded;
        if (recorded != 0) {
            (void)job.to.write(std::vector<std::byte>(recorded, std::byte{'r'}));
        }
        job.failed  = failed;
        job.latency = 7;
        device->finished(stream, job);
        return sound;
    }

    virtio::SoundClient*                            device  = nullptr;
    bool                                            at_once = true;
    std::string                                     commands;
    virtio::PcmParameters                           parameters{};
    std::deque<std::pair<unsigned, Command>>        pending;
    std::map<unsigned, std::deque<virtio::PcmJob*>> jobs;
    unsigned                                        kicks  = 0;
    unsigned                                        resets = 0;
};

} // namespace kit
