// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF's sound class: frames to be played and recorded.
#include "backend/pcm_card.hpp"

#include <algorithm>
#include <cstring>

namespace backend {

using namespace sddf::sound;
using virtio::PcmJob;

std::byte* PcmCard::buffer_of(const Part& part) const
{
    return data_.data() + static_cast<std::size_t>(&part - parts_.data()) * k_buffer_size;
}

void PcmCard::submit(unsigned number, PcmJob& job)
{
    job.begun = job.ended = 0;
    job.next              = nullptr;
    if (number >= streams_.size()) {
        return;
    }
    Stream& stream                                              = streams_[number];
    (stream.last != nullptr ? stream.last->next : stream.first) = &job;
    stream.last                                                 = &job;
}

/// Gives the virtualiser as much of a stream as the stream's share of the buffers holds.
void PcmCard::pump(unsigned number)
{
    Stream& stream = streams_[number];
    // sDDF's clients send what they sent before START once more after it, so nothing goes before.
    if (!stream.started || stream.silent) {
        return;
    }
    for (PcmJob* job = stream.first; job != nullptr; job = job->next) {
        while (job->begun < job->size) {
            if (!send_part(number, *job)) {
                return;
            }
        }
    }
}

bool PcmCard::send_part(unsigned number, PcmJob& job)
{
    Stream&    stream = streams_[number];
    const auto share  = std::max<std::size_t>(1, parts_.size() / std::max(1U, streams()));
    const auto found  = std::ranges::find_if(parts_, [](const Part& it) { return !it.in_use; });
    if (stream.parts >= share || found == parts_.end() || requests_.space() == 0) {
        return false;
    }
    // Whole frames, unless the guest itself ends in the middle of one.
    const std::uint32_t frame =
        std::max(1U, virtio::sample_bytes(stream.parameters.format) * stream.parameters.channels);
    const std::uint32_t most = std::max(k_buffer_size / frame * frame, 1U);
    *found                   = {.job    = &job,
                                .cookie = ++cookies_,
                                .stream = number,
                                .offset = job.begun,
                                .size   = std::min(job.size - job.begun, most),
                                .in_use = true};
    const std::span buffer{buffer_of(*found), found->size};
    if (stream.output) {
        (void)job.from.read(buffer);
    }
    const auto index = static_cast<std::uint64_t>(found - parts_.begin());
    (void)requests_.push({.cookie       = found->cookie,
                          .stream_id    = number,
                          .io_or_offset = first_ + index * k_buffer_size,
                          .len          = found->size});
    job.begun += found->size;
    ++stream.parts;
    return true;
}

void PcmCard::answered(const Pcm& response)
{
    const auto found = std::ranges::find_if(parts_, [&](const Part& it) {
        return it.in_use && it.cookie == response.cookie && it.stream == response.stream_id;
    });
    if (found == parts_.end()) {
        return;
    }
    const Part part   = *found;
    Stream&    stream = streams_[part.stream];
    found->in_use     = false;
    --stream.parts;
    if (part.job == nullptr) {
        return;
    }
    PcmJob& job = *part.job;
    job.ended += part.size;
    job.latency = response.latency_bytes;
    job.failed  = job.failed || response.status != Status::ok;
    if (response.status == Status::ok && !stream.output) {
        const std::uint32_t recorded = std::min(response.len, part.size);
        virtio::Writer      place    = job.to;
        place.skip(part.offset);
        (void)place.write({buffer_of(*found), recorded});
        job.recorded += recorded;
    }
    // Jobs end in their order, whatever the order of the answers.
    while (stream.first != nullptr && stream.first->ended == stream.first->size) {
        finish_first(part.stream);
    }
}

void PcmCard::finish_first(unsigned number)
{
    Stream& stream = streams_[number];
    PcmJob& job    = *stream.first;
    stream.first   = job.next;
    if (stream.first == nullptr) {
        stream.last = nullptr;
    }
    events_ = true;
    client_->finished(number, job);
}

/// A stream is released: what it was not asked for any more ends without having been played.
void PcmCard::end_jobs(unsigned number)
{
    for (Part& part : parts_) {
        if (part.stream == number) {
            part.job = nullptr;
        }
    }
    Stream& stream = streams_[number];
    while (stream.first != nullptr) {
        stream.first->failed = stream.first->failed || stream.first->ended != stream.first->size;
        finish_first(number);
    }
}

} // namespace backend
