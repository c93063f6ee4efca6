// SPDX-License-Identifier: BSD-2-Clause
// The sound device: messages with frames, and events. Its control queue is in sound_control.cpp.
#include "virtio/sound.hpp"

#include "sound_standard.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace virtio {

using namespace sound;

Sound::Sound(SoundCard& card, std::span<Stream> streams, std::span<const SoundJack> jacks,
             std::span<const SoundChannelMap> maps)
    : Device{DeviceId::sound, 0, queues_}
    , card_{card}
    , streams_{streams}
{
    for (Queue& it : queues_) {
        it.limit(k_queue_size);
    }
    card_.connect(*this);
    set_panel(jacks, maps);
    card_changed();
}

void Sound::set_panel(std::span<const SoundJack> jacks, std::span<const SoundChannelMap> maps)
{
    if (status() == Status{}) {
        jacks = jacks.first(std::min(jacks.size(), k_most_jacks));
        maps  = maps.first(std::min(maps.size(), k_most_maps));
        std::ranges::copy(jacks, jacks_.begin());
        std::ranges::copy(maps, maps_.begin());
        config_.jacks  = static_cast<std::uint32_t>(jacks.size());
        config_.chmaps = static_cast<std::uint32_t>(maps.size());
        configuration_changed();
    }
}

void Sound::card_changed()
{
    if (status() == Status{}) {
        config_.streams =
            static_cast<std::uint32_t>(std::min<std::size_t>(card_.streams(), streams_.size()));
        for (unsigned i = 0; i < config_.streams; ++i) {
            streams_[i].info = card_.info(i);
        }
        configuration_changed();
    }
}

void Sound::set_jack(unsigned jack, bool connected)
{
    if (jack < config_.jacks && jacks_[jack].connected != connected) {
        jacks_[jack].connected = connected;
        jacks_due_ |= is_running() ? 1U << jack : 0;
        notify(k_event);
    }
}

void Sound::on_notify(unsigned index)
{
    if (index == k_control) {
        control();
    } else if (index == k_event) {
        send_events();
    } else {
        transfer(index);
    }
}

Sound::Message* Sound::free_message(Stream& stream)
{
    const auto found =
        std::ranges::find_if(stream.messages, [](const Message& it) { return !it.in_use; });
    return found == stream.messages.end() ? nullptr : &*found;
}

/// Messages of the guest to the card.
void Sound::transfer(unsigned index)
{
    Queue& queue = queues_[index];
    do {
        while (Chain chain = take(queue, room_)) {
            if (!begin(std::move(chain), index)) {
                fail(Fault::request);
                return;
            }
        }
        publish(queue);
    } while (queue.rest());
    card_.kick();
}

/// False: not even the form is that of a message.
bool Sound::begin(Chain&& chain, unsigned index)
{
    constexpr std::uint64_t k_most_bytes = 1U << 30;

    const bool output = index == k_tx;
    Reader     reader = chain.reader();
    const auto number = reader.take<std::uint32_t>();
    // 5.14.6.8: nothing to write to but the status, or nothing to read but the stream's number.
    const bool good = output ? chain.writable_bytes() == sizeof(PcmStatus)
                             : chain.readable_bytes() == k_pcm_header &&
                                   chain.writable_bytes() >= sizeof(PcmStatus);
    if (!number || !good) {
        return false;
    }
    const std::uint64_t size = output ? reader.left() : chain.writable_bytes() - sizeof(PcmStatus);
    Stream* const       stream  = *number < config_.streams ? &streams_[*number] : nullptr;
    Message*            message = nullptr;
    if (stream != nullptr && size != 0 && size <= k_most_bytes &&
        (stream->info.direction == PcmDirection::output) == output &&
        stream->state >= Stream::State::prepared &&
        !(stream->control && stream->after == Stream::State::set)) { // being released
        message = free_message(*stream);
    }
    if (message == nullptr) {
        ++counters_.refused;
        reply(std::move(chain), index, SoundStatus::io, 0, 0);
        return true;
    }
    chain.move_to(message->segments);
    message->chain  = std::move(chain);
    message->in_use = true;
    message->job    = {.size = static_cast<std::uint32_t>(size)};
    if (output) {
        message->job.from = message->chain.reader();
        message->job.from.skip(k_pcm_header);
    } else {
        message->job.to = message->chain.writer().first(size);
    }
    ++stream->in_use;
    card_.submit(*number, message->job);
    return true;
}

void Sound::reply(Chain&& chain, unsigned index, SoundStatus status, std::uint32_t recorded,
                  std::uint32_t latency)
{
    Writer writer = chain.writer();
    // 5.14.6.8.2: the status is at the end, though what was recorded may be less than the room.
    writer.skip(chain.writable_bytes() - sizeof(PcmStatus));
    (void)writer.put(PcmStatus{static_cast<std::uint32_t>(status), latency});
    queues_[index].finish(std::move(chain),
                          recorded + static_cast<std::uint32_t>(sizeof(PcmStatus)));
}

void Sound::finished(unsigned number, PcmJob& job)
{
    if (number >= config_.streams) {
        return;
    }
    Stream&    stream = streams_[number];
    const auto found  = std::ranges::find_if(
         stream.messages, [&](const Message& it) { return it.in_use && &it.job == &job; });
    if (found == stream.messages.end()) {
        return;
    }
    const bool output = stream.info.direction == PcmDirection::output;
    found->in_use     = false;
    --stream.in_use;
    ++(output ? counters_.played : counters_.recorded);
    reply(std::move(found->chain), output ? k_tx : k_rx,
          job.failed ? SoundStatus::io : SoundStatus::ok, output ? 0 : job.recorded, job.latency);
    // 5.14.6.7: it has nothing to play, or nowhere to record to.
    if (stream.state == Stream::State::running && stream.in_use == 0 && !stream.control) {
        ++counters_.xruns;
        stream.xrun_due = (stream.features & k_pcm_event_xruns) != 0;
    }
}

void Sound::batch_done()
{
    // Answers to messages before that to a release.
    publish(queues_[k_tx]);
    publish(queues_[k_rx]);
    publish(queues_[k_control]);
    if (std::ranges::any_of(streams(), [](const Stream& it) { return it.xrun_due; })) {
        notify(k_event);
    }
    if (held_ && !controlling_) {
        control();
    }
}

void Sound::send_events()
{
    Queue& queue = queues_[k_event];
    do {
        for (;;) {
            EventMessage event{};
            const auto   dry =
                std::ranges::find_if(streams(), [](const Stream& it) { return it.xrun_due; });
            if (jacks_due_ != 0) {
                event.data = static_cast<std::uint32_t>(std::countr_zero(jacks_due_));
                event.code = jacks_[event.data].connected ? jack_connected : jack_disconnected;
            } else if (dry != streams().end()) {
                event.data = static_cast<std::uint32_t>(dry - streams().begin());
                event.code = pcm_xrun;
            } else {
                queue.suppress(); // buffers without events are no news
                publish(queue);
                return;
            }
            Chain chain = take(queue, event_room_);
            if (!chain) {
                break;
            }
            Writer writer = chain.writer();
            // 5.14.5.1: for writing only, and large enough.
            if (chain.readable_bytes() != 0 || !writer.put(event)) {
                fail(Fault::request);
                return;
            }
            queue.finish(std::move(chain), writer.written());
            if (event.code == pcm_xrun) {
                streams_[event.data].xrun_due = false;
            } else {
                jacks_due_ &= jacks_due_ - 1;
            }
        }
        publish(queue);
    } while (queue.rest());
}

/// Ends what a stream has, without the card; those of the queue `forgotten` without an answer.
void Sound::end_messages(Stream& stream, unsigned forgotten)
{
    const unsigned index = stream.info.direction == PcmDirection::output ? k_tx : k_rx;
    for (Message& message : stream.messages) {
        if (std::exchange(message.in_use, false)) {
            Chain chain = std::move(message.chain);
            if (index != forgotten && is_running()) {
                reply(std::move(chain), index, SoundStatus::io, 0, 0);
            }
        }
    }
    stream.in_use = 0;
}

void Sound::on_stop()
{
    card_.reset();
    for (Stream& stream : streams()) {
        end_messages(stream, k_control);
        stream.control  = {};
        stream.state    = Stream::State::idle;
        stream.xrun_due = false;
    }
    held_      = {};
    jacks_due_ = 0;
}

bool Sound::on_queue_reset(unsigned index)
{
    if (index == k_control) {
        held_ = {};
        return true;
    }
    if (index == k_event) {
        return true;
    }
    // A card forgets all or nothing: the streams of the other direction end, too, with answers.
    card_.reset();
    for (Stream& stream : streams()) {
        end_messages(stream, index);
        if (stream.control) {
            answer(stream.control, SoundStatus::io);
        }
        stream.state    = Stream::State::idle;
        stream.xrun_due = false;
    }
    progress_ = true;
    batch_done();
    return true;
}

} // namespace virtio
