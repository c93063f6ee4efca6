// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF's sound class: frames to be played and recorded.
#include "backend/pcm_card.hpp"

#include <algorithm>
#include <cstring>

namespace backend {

using namespace sddf::sound;
using virtio::PcmJob;

namespace {

/// Bytes of a frame.
std::uint32_t frame_of(const virtio::PcmParameters& parameters)
{
    return std::max(1U, virtio::sample_bytes(parameters.format) * parameters.channels);
}

/// The largest part with whole frames.
std::uint32_t largest_part(const virtio::PcmParameters& parameters)
{
    const auto frame = frame_of(parameters);
    return std::max(k_buffer_size / frame * frame, 1U);
}

} // namespace

/// Calls `visit` with each part of a stream's sound that jobs do not have yet, answered or not.
/// Does not look behind the last of the stream's buffers: the first are always taken first.
template <class Visit>
void PcmCard::each_coming(unsigned number, Visit visit)
{
    std::uint32_t left = streams_[number].parts;
    for (auto part = parts_.begin(); left != 0 && part != parts_.end(); ++part) {
        if (part->state == Part::State::free || part->stream != number) {
            continue;
        }
        --left;
        if (part->state != Part::State::forgotten) {
            visit(*part);
        }
    }
}

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
    used_                                                       = std::max(used_, number + 1);
    Stream& stream                                              = streams_[number];
    (stream.last != nullptr ? stream.last->next : stream.first) = &job;
    stream.last                                                 = &job;
}

/// Gives the virtualiser as much of a stream as the stream's share of the buffers holds.
void PcmCard::pump(unsigned number)
{
    Stream& stream = streams_[number];
    // sDDF's clients send what they sent before START once more after it, so nothing goes before.
    if (!stream.started || stream.silent || stream.first == nullptr) {
        return;
    }
    if (!stream.output) {
        pour(number);
        ask_for_sound(number);
        return;
    }
    // Whole frames, unless the guest itself ends in the middle of one.
    const auto most = largest_part(stream.parameters);
    for (PcmJob* job = stream.first; job != nullptr; job = job->next) {
        while (job->begun < job->size) {
            const auto size = std::min(job->size - job->begun, most);
            if (!send_part(number, job, size)) {
                return;
            }
            job->begun += size;
        }
    }
}

/// A part of `job`, or one to be recorded.
bool PcmCard::send_part(unsigned number, PcmJob* job, std::uint32_t size)
{
    Stream&    stream = streams_[number];
    const auto share  = std::max<std::size_t>(1, parts_.size() / std::max(1U, streams()));
    const auto found  = std::ranges::find(parts_, Part::State::free, &Part::state);
    if (stream.parts >= share || found == parts_.end() || requests_.space() == 0) {
        return false;
    }
    *found = {.state  = Part::State::sent,
              .cut    = false,
              .failed = false,
              .job    = job,
              .cookie = ++cookies_,
              .stream = number,
              .offset = 0,
              .size   = size};
    if (job != nullptr) {
        (void)job->from.read({buffer_of(*found), size});
    }
    const auto index = static_cast<std::uint64_t>(found - parts_.begin());
    (void)requests_.push({.cookie       = found->cookie,
                          .stream_id    = number,
                          .io_or_offset = first_ + index * k_buffer_size,
                          .len          = size});
    ++stream.parts;
    return true;
}

/// As much as the jobs of a capture lack.
void PcmCard::ask_for_sound(unsigned number)
{
    Stream&       stream = streams_[number];
    std::uint64_t lacks  = 0;
    for (const PcmJob* job = stream.first; job != nullptr; job = job->next) {
        lacks += job->size - job->recorded;
    }
    std::uint64_t comes = 0;
    each_coming(number, [&](const Part& part) { comes += part.size - part.offset; });
    const auto size = largest_part(stream.parameters);
    while (comes < lacks && send_part(number, nullptr, size)) {
        comes += size;
    }
}

void PcmCard::release(Part& part)
{
    part.state = Part::State::free;
    --streams_[part.stream].parts;
}

/// Nobody waits for it any more. If it is with the virtualiser, its answer frees the buffer.
void PcmCard::forget(Part& part)
{
    if (part.state == Part::State::sent) {
        part.state = Part::State::forgotten;
    } else if (part.state == Part::State::recorded) {
        release(part);
    }
}

/// The first part of a stream's sound that jobs do not have yet, answered or not.
PcmCard::Part* PcmCard::oldest(unsigned number)
{
    Part* first = nullptr;
    each_coming(number, [&](Part& part) {
        if (first == nullptr || cookies_ - part.cookie > cookies_ - first->cookie) {
            first = &part;
        }
    });
    return first;
}

/// Fills jobs with what was recorded. A job is over when it is full, or where the sound breaks off.
void PcmCard::pour(unsigned number)
{
    Stream& stream = streams_[number];
    while (stream.first != nullptr) {
        Part* const part = oldest(number);
        if (part == nullptr || part->state != Part::State::recorded) {
            return;
        }
        PcmJob&    job   = *stream.first;
        const auto count = std::min(part->size - part->offset, job.size - job.recorded);
        auto       place = job.to;
        place.skip(job.recorded);
        (void)place.write({buffer_of(*part) + part->offset, count});
        job.recorded += count;
        part->offset += count;
        const bool is_empty = part->offset == part->size;
        const bool is_over  = is_empty && part->cut;
        job.failed          = job.failed || (is_over && part->failed);
        if (is_empty) {
            release(*part);
        }
        if (is_over || job.recorded == job.size) {
            finish_first(number);
        }
    }
}

void PcmCard::answered(const Pcm& response)
{
    const auto found = std::ranges::find_if(parts_, [&](const Part& it) {
        return (it.state == Part::State::sent || it.state == Part::State::forgotten) &&
               it.cookie == response.cookie && it.stream == response.stream_id;
    });
    if (found == parts_.end()) {
        return;
    }
    const Part part   = *found;
    Stream&    stream = streams_[part.stream];
    const bool good   = response.status == Status::ok;
    if (part.state == Part::State::sent && part.job == nullptr) {
        found->state  = Part::State::recorded;
        found->size   = good ? std::min(response.len, part.size) : 0;
        found->cut    = found->size < part.size;
        found->failed = !good;
        if (stream.first != nullptr) {
            stream.first->latency = response.latency_bytes;
        }
        pour(part.stream);
        return;
    }
    release(*found);
    if (part.state == Part::State::forgotten) {
        return;
    }
    PcmJob& job = *part.job;
    job.ended += part.size;
    job.latency = response.latency_bytes;
    job.failed  = job.failed || !good;
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
            forget(part);
        }
    }
    Stream& stream = streams_[number];
    while (stream.first != nullptr) {
        const PcmJob& job    = *stream.first;
        const auto    done   = stream.output ? job.ended : job.recorded;
        stream.first->failed = job.failed || done != job.size;
        finish_first(number);
    }
}

} // namespace backend
