// SPDX-License-Identifier: BSD-2-Clause
// The sound device's control queue: information, parameters, and the life of a stream (5.14.6).
#include "virtio/sound.hpp"

#include "base/checked.hpp"
#include "sound_standard.hpp"

#include <algorithm>
#include <utility>

namespace virtio {

using namespace sound;

void Sound::control()
{
    Queue& queue = queues_[k_control];
    controlling_ = true;
    do {
        progress_ = false;
        do {
            for (;;) {
                Chain chain = held_ ? std::move(held_) : take(queue, control_room_);
                if (!chain) {
                    break;
                }
                if (chain.writable_bytes() < sizeof(SoundStatus)) {
                    fail(Fault::request); // nowhere to answer
                    break;
                }
                if (!execute(chain)) {
                    held_ = std::move(chain); // its stream is busy
                    break;
                }
            }
            publish(queue);
        } while (!held_ && queue.rest());
        if (held_) {
            queue.suppress();
        }
        card_.kick();
    } while (held_ && progress_);
    controlling_ = false;
}

/// False: the stream carries out another request; then the chain is as it was.
bool Sound::execute(Chain& chain)
{
    Reader     reader = chain.reader();
    const auto code   = reader.take<std::uint32_t>();
    if (!code) {
        answer(chain, SoundStatus::bad_message);
        return true;
    }
    if (*code == jack_info || *code == pcm_info || *code == chmap_info) {
        query(chain, *code, reader);
        return true;
    }
    const auto number = reader.take<std::uint32_t>();
    if (*code == jack_remap) { // 5.14.6.4.2: no jack of ours says that it can
        answer(chain, number && *number < config_.jacks ? SoundStatus::not_supported
                                                        : SoundStatus::bad_message);
        return true;
    }
    if (*code < pcm_set_params || *code > pcm_stop) {
        answer(chain, SoundStatus::not_supported);
        return true;
    }
    if (!number || *number >= config_.streams) {
        answer(chain, SoundStatus::bad_message);
        return true;
    }
    Stream& stream = streams_[*number];
    if (stream.control) {
        return false;
    }
    if (chain.segments() > stream.control_segments.size()) {
        answer(chain, SoundStatus::bad_message);
    } else if (*code == pcm_set_params) {
        set_parameters(chain, *number, reader);
    } else {
        change(chain, *number, *code);
    }
    return true;
}

void Sound::answer(Chain& chain, SoundStatus status, std::uint32_t extra)
{
    if (!queues_[k_control].owns(chain)) { // the queue was reset meanwhile
        chain = {};
        return;
    }
    Writer writer = chain.writer();
    (void)writer.put(static_cast<std::uint32_t>(status));
    queues_[k_control].finish(std::move(chain), writer.written() + extra);
}

/// 5.14.6.1: information about a run of items, each cut or filled up to the size that the driver
/// knows.
void Sound::query(Chain& chain, std::uint32_t code, Reader& reader)
{
    // Many times the largest item. What is larger is filled with zeros, as much as the guest likes.
    constexpr std::uint32_t k_most_item = 4096;

    const auto          what  = reader.take<Query>();
    const std::uint32_t total = code == jack_info  ? config_.jacks
                                : code == pcm_info ? config_.streams
                                                   : config_.chmaps;
    const std::uint64_t bytes = what ? std::uint64_t{what->count} * what->size : 0;
    if (!what || !base::range_fits(what->start_id, what->count, total) || what->size == 0 ||
        what->size > k_most_item || bytes > chain.writable_bytes() - sizeof(SoundStatus)) {
        answer(chain, SoundStatus::bad_message);
        return;
    }
    Writer writer = chain.writer();
    writer.skip(sizeof(SoundStatus));
    const auto put = [&](const auto& info) {
        Writer     item = writer.first(what->size);
        const auto all  = std::as_bytes(std::span{&info, 1});
        (void)item.write(all.first(std::min<std::size_t>(all.size(), what->size)));
        item.zero(item.room());
        writer.skip(what->size);
    };
    for (std::uint32_t i = what->start_id; i < what->start_id + what->count; ++i) {
        if (code == jack_info) {
            const SoundJack& it = jacks_[i];
            put(JackInfo{.hda_fn_nid      = it.group,
                         .features        = 0,
                         .hda_reg_defconf = it.defconf,
                         .hda_reg_caps    = it.caps,
                         .connected       = static_cast<std::uint8_t>(it.connected ? 1 : 0),
                         .padding         = {}});
        } else if (code == pcm_info) {
            const PcmInfo& it = streams_[i].info;
            put(PcmStreamInfo{.hda_fn_nid   = 0,
                              .features     = k_pcm_event_xruns,
                              .formats      = it.formats & k_all_pcm_formats,
                              .rates        = it.rates & k_all_pcm_rates,
                              .direction    = static_cast<std::uint8_t>(it.direction),
                              .channels_min = it.channels_min,
                              .channels_max = it.channels_max,
                              .padding      = {}});
        } else {
            const SoundChannelMap& it = maps_[i];
            put(ChannelMapInfo{.hda_fn_nid = 0,
                               .direction  = static_cast<std::uint8_t>(it.direction),
                               .channels =
                                   std::min<std::uint8_t>(it.channels, SoundChannelMap::k_most),
                               .positions = it.positions});
        }
    }
    answer(chain, SoundStatus::ok, static_cast<std::uint32_t>(bytes));
}

/// 5.14.6.6.3
void Sound::set_parameters(Chain& chain, unsigned number, Reader& reader)
{
    using State          = Stream::State;
    Stream&       stream = streams_[number];
    const auto    wanted = reader.take<SetParameters>();
    const PcmInfo info   = stream.info;
    const bool    now    = stream.state == State::idle || stream.state == State::set ||
                     stream.state == State::prepared;
    if (!wanted || !now || wanted->padding != 0 || wanted->period_bytes == 0 ||
        wanted->buffer_bytes == 0 || wanted->buffer_bytes % wanted->period_bytes != 0) {
        answer(chain, SoundStatus::bad_message);
        return;
    }
    const auto has_bit = [](std::uint64_t bits, std::uint8_t bit) {
        return bit < 64 && (bits >> bit & 1) != 0;
    };
    // A message is a period in pages that lie anywhere, its header and its status.
    constexpr std::uint32_t k_most_period = (k_most_segments - 3) * 4096;
    if ((wanted->features & ~k_pcm_event_xruns) != 0 || wanted->period_bytes > k_most_period ||
        wanted->buffer_bytes / wanted->period_bytes > k_most_messages ||
        !has_bit(info.formats & k_all_pcm_formats, wanted->format) ||
        !has_bit(info.rates & k_all_pcm_rates, wanted->rate) ||
        wanted->channels < info.channels_min || wanted->channels > info.channels_max) {
        answer(chain, SoundStatus::not_supported);
        return;
    }
    stream.parameters = {.buffer_bytes = wanted->buffer_bytes,
                         .period_bytes = wanted->period_bytes,
                         .channels     = wanted->channels,
                         .format       = wanted->format,
                         .rate         = wanted->rate};
    stream.features   = wanted->features;
    if (stream.state == State::prepared) {
        order(chain, number, PcmCommand::release, State::set);
        return;
    }
    stream.state = State::set;
    answer(chain, SoundStatus::ok);
}

/// 5.14.6.6.1: which command may follow which.
void Sound::change(Chain& chain, unsigned number, std::uint32_t code)
{
    using State          = Stream::State;
    const State state    = streams_[number].state;
    const bool  prepared = state == State::prepared;
    const bool  stopped  = state == State::stopped;
    if (code == pcm_prepare && state == State::set) {
        order(chain, number, PcmCommand::prepare, State::prepared);
    } else if (code == pcm_prepare && prepared) {
        answer(chain, SoundStatus::ok);
    } else if (code == pcm_start && (prepared || stopped)) {
        order(chain, number, PcmCommand::start, State::running);
    } else if (code == pcm_stop && state == State::running) {
        order(chain, number, PcmCommand::stop, State::stopped);
    } else if (code == pcm_release && (prepared || stopped)) {
        order(chain, number, PcmCommand::release, State::set);
    } else {
        answer(chain, SoundStatus::bad_message);
    }
}

void Sound::order(Chain& chain, unsigned number, PcmCommand what, Stream::State after)
{
    Stream& stream = streams_[number];
    chain.move_to(stream.control_segments);
    stream.control = std::move(chain);
    stream.after   = after;
    card_.command(number, what, stream.parameters);
}

void Sound::commanded(unsigned number, SoundStatus status)
{
    using State = Stream::State;
    if (number >= config_.streams || !streams_[number].control) {
        return;
    }
    Stream&    stream  = streams_[number];
    const bool release = stream.after == State::set;
    if (status == SoundStatus::ok || release) { // that is over in any case
        stream.state = stream.after;
    }
    if (release) {
        // 5.14.6.6.5.1: no message outlives its stream. The card has ended them; but for all cases:
        end_messages(stream, k_control);
        stream.xrun_due = false;
        publish(queues_[k_tx]);
        publish(queues_[k_rx]);
    }
    answer(stream.control, status);
    progress_ = true;
}

} // namespace virtio
