// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF's sound class: connecting, and the commands to streams. Jobs are in
// pcm_jobs.cpp.
#include "backend/pcm_card.hpp"

#include "base/checked.hpp"

#include <algorithm>
#include <utility>

namespace backend {

using namespace sddf::sound;
using virtio::PcmCommand;
using virtio::PcmParameters;
using virtio::SoundStatus;

base::Result<> PcmCard::open(const ClientConfig& config)
{
    if (!config.is_valid()) {
        return base::fail("the section .sound_client_config was not filled in",
                          "is the file that the system generator made copied into the program?");
    }
    const auto state = config.virt.state.bytes();
    if (state.size() < sizeof(SharedState) ||
        !base::is_aligned<std::uint64_t>(config.virt.state.vaddr, alignof(SharedState))) {
        return base::fail("the page of a sound client that tells about the streams is too small",
                          "a page of memory", state.size());
    }
    data_ = config.data.part(config.first, config.size);
    if (data_.size() < k_buffer_size ||
        !base::is_aligned<std::uint64_t>(config.first, k_buffer_size)) {
        return base::fail("a sound client's part of the data region holds no buffer",
                          "4096 bytes for each, at a multiple of that", config.size);
    }
    first_ = config.first;
    state_ = static_cast<const SharedState*>(static_cast<const void*>(state.data()));
    parts_ = all_parts_.first(std::min(all_parts_.size(), data_.size() / k_buffer_size));
    TRY(commands_.open(config.virt.cmd_req.bytes(), k_command_capacity));
    TRY(command_answers_.open(config.virt.cmd_resp.bytes(), k_command_capacity));
    TRY(requests_.open(config.virt.pcm_req.bytes(), k_pcm_capacity));
    return answers_.open(config.virt.pcm_resp.bytes(), k_pcm_capacity);
}

unsigned PcmCard::streams() const
{
    return is_ready() ? std::min(sddf::load_relaxed(state_->streams), k_max_streams) : 0;
}

/// What the driver wrote, as far as it makes sense.
virtio::PcmInfo PcmCard::info(unsigned number) const
{
    if (number >= streams()) {
        return {};
    }
    const StreamInfo& it  = state_->stream_info[number];
    const auto        min = sddf::load_relaxed(it.channels_min);
    const auto        max = sddf::load_relaxed(it.channels_max);
    return {.formats      = sddf::load_relaxed(it.formats) & k_all_formats,
            .rates        = sddf::load_relaxed(it.rates) & k_all_rates,
            .direction    = sddf::load_relaxed(it.direction) == 0 ? virtio::PcmDirection::output
                                                                  : virtio::PcmDirection::input,
            .channels_min = min,
            .channels_max = std::max(min, max)};
}

void PcmCard::command(unsigned number, PcmCommand what, const PcmParameters& parameters)
{
    if (number >= streams_.size()) {
        return;
    }
    used_          = std::max(used_, number + 1);
    Stream& stream = streams_[number];
    if (what == PcmCommand::prepare) {
        stream.parameters = parameters;
        stream.output     = info(number).direction == virtio::PcmDirection::output;
    }
    if (stream.count != 0) { // a stream that is being cleaned up after a reset
        stream.waits = true;
        stream.next  = what;
        return;
    }
    begin(stream, what);
    advance(number);
}

/// The commands of sDDF that make one of the guest's.
void PcmCard::begin(Stream& stream, PcmCommand what)
{
    stream.done   = 0;
    stream.silent = false;
    stream.result = Status::ok;
    switch (what) {
    case PcmCommand::prepare:
        stream.steps = {Code::take, Code::prepare};
        stream.count = 2;
        return;
    case PcmCommand::start:
        stream.steps[0] = Code::start;
        break;
    case PcmCommand::stop:
        stream.steps[0] = Code::stop;
        break;
    case PcmCommand::release:
        stream.steps[0] = Code::release;
        break;
    }
    stream.count = 1;
}

/// Gives a stream back that its guest has left.
void PcmCard::clean(Stream& stream)
{
    stream.done   = 0;
    stream.count  = 0;
    stream.silent = true;
    if (stream.started) {
        stream.steps[stream.count++] = Code::stop;
    }
    if (stream.owned) {
        stream.steps[stream.count++] = Code::release;
    }
}

/// Sends the next step, if it is its turn and there is room.
void PcmCard::advance(unsigned number)
{
    Stream& stream = streams_[number];
    if (stream.sent || stream.done >= stream.count) {
        return;
    }
    const Code           code   = stream.steps[stream.done];
    const PcmParameters& with   = stream.parameters;
    const std::uint32_t  cookie = ++cookies_;
    if (commands_.push({.code      = code,
                        .cookie    = cookie,
                        .stream_id = number,
                        .value     = code == Code::take
                                         ? Command::parameters(with.channels, with.format, with.rate)
                                         : 0})) {
        stream.sent   = true;
        stream.cookie = cookie;
    }
}

void PcmCard::answered(const Command& response)
{
    const std::uint32_t number = response.stream_id;
    if (number >= streams_.size() || !streams_[number].sent ||
        streams_[number].cookie != response.cookie) {
        return;
    }
    streams_[number].sent = false;
    step_done(number, response.status());
}

void PcmCard::step_done(unsigned number, Status status)
{
    Stream&    stream = streams_[number];
    const Code code   = stream.steps[stream.done];
    const bool good   = status == Status::ok;
    if (code == Code::take) {
        stream.owned = good;
    } else if (code == Code::release) { // over, whatever the answer
        stream.owned   = false;
        stream.started = false;
    } else if (code == Code::start) {
        stream.started = good;
    } else if (code == Code::stop) {
        stream.started = stream.started && !good;
    }
    ++stream.done;
    if (!good && !stream.silent) {
        stream.result = stream.result == Status::ok ? status : stream.result;
        if (code == Code::prepare) { // is not to stay taken
            stream.steps[0] = Code::release;
            stream.done     = 0;
            stream.count    = 1;
        } else {
            stream.done = stream.count;
        }
    }
    if (stream.done >= stream.count) {
        list_done(number);
    } else {
        advance(number);
    }
}

void PcmCard::list_done(unsigned number)
{
    Stream& stream = streams_[number];
    stream.count   = 0;
    if (stream.silent) {
        // The guest left in the middle of something: what that made is to be undone, too.
        if (stream.owned) {
            clean(stream);
            advance(number);
            return;
        }
    } else {
        if (!stream.owned) {
            end_jobs(number);
        }
        events_ = true;
        switch (stream.result) {
        case Status::ok:
            client_->commanded(number, SoundStatus::ok);
            break;
        case Status::bad_message:
            client_->commanded(number, SoundStatus::bad_message);
            break;
        case Status::not_supported:
            client_->commanded(number, SoundStatus::not_supported);
            break;
        default:
            client_->commanded(number, SoundStatus::io);
            break;
        }
    }
    if (std::exchange(stream.waits, false)) {
        begin(stream, stream.next);
        advance(number);
    }
}

void PcmCard::notified()
{
    // Not more than a ring holds at a time: a counter that jumped would keep us for hours.
    for (std::uint32_t left = k_command_capacity; left != 0; --left) {
        const auto response = command_answers_.pop();
        if (!response) {
            break;
        }
        answered(*response);
    }
    (void)command_answers_.release();
    for (std::uint32_t left = k_pcm_capacity; left != 0; --left) {
        const auto response = answers_.pop();
        if (!response) {
            break;
        }
        answered(*response);
    }
    (void)answers_.release();
    kick();
}

void PcmCard::kick()
{
    for (unsigned i = 0; i < used_; ++i) {
        advance(i);
        pump(i);
    }
    const bool commands = commands_.publish();
    const bool requests = requests_.publish();
    if (commands || requests) {
        virtualiser_.ring();
    }
    if (std::exchange(events_, false)) {
        client_->batch_done();
    }
}

void PcmCard::reset()
{
    for (Part& part : parts_) {
        forget(part);
    }
    for (unsigned i = 0; i < used_; ++i) {
        Stream& stream = streams_[i];
        stream.first = stream.last = nullptr;
        stream.waits               = false;
        if (stream.sent) {
            // The list ends with the step under way; then list_done() cleans up.
            stream.silent = true;
            stream.count  = static_cast<std::uint8_t>(stream.done + 1);
        } else {
            clean(stream);
            advance(i);
        }
    }
    if (commands_.publish()) {
        virtualiser_.ring();
    }
}

} // namespace backend
