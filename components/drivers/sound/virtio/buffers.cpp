// SPDX-License-Identifier: BSD-2-Clause
// Buffers to be played and filled: each has a place here until it is answered. Those of a stream go
// to the device in their order, and each stream has its share of the device's queue.
#include "driver.hpp"

#include <algorithm>
#include <array>

namespace sound_virtio {

namespace {

constexpr unsigned k_pieces = 3; ///< of a buffer in the device's queue

/// Index of playback or capture in the arrays that have both.
unsigned   way_of(const Stream& stream) { return stream.is_output ? 0 : 1; }
Virtqueue& queue_of(unsigned way) { return driver.queues[k_playback + way]; }

bool may_have_buffers(const KeptStream& stream)
{
    return stream.state != State::released &&
           !(stream.has_command && stream.command.code == Code::release);
}
/// Whether the device takes buffers of it.
bool is_open(unsigned number)
{
    const auto& it = kept.streams[number];
    return driver.streams[number].is_back && may_have_buffers(it) && it.state != State::taken;
}

void answer(const Pcm& request, Status status, std::uint32_t length, std::uint32_t latency)
{
    // There is room: a buffer is taken only when there is.
    (void)driver.answers.push({.cookie        = request.cookie,
                               .stream_id     = request.stream_id,
                               .io_or_offset  = request.io_or_offset,
                               .len           = length,
                               .status        = status,
                               .latency_bytes = latency,
                               .reserved      = 0});
}

void free_place(std::uint16_t index)
{
    driver.next[index] = driver.first_free;
    driver.first_free  = static_cast<std::uint16_t>(index + 1);
}

/// Last of its stream.
void let_wait(std::uint16_t index)
{
    auto&      stream  = driver.streams[kept.places[index].request.stream_id];
    const auto link    = static_cast<std::uint16_t>(index + 1);
    driver.next[index] = 0;
    (stream.last != 0 ? driver.next[stream.last - 1] : stream.first) = link;
    stream.last                                                      = link;
}

/// The first of its stream, which has one.
std::uint16_t take_first(Stream& stream)
{
    const auto index = static_cast<std::uint16_t>(stream.first - 1);
    stream.first     = driver.next[index];
    if (stream.first == 0) {
        stream.last = 0;
    }
    return index;
}

void finish(std::uint16_t index, Status status, std::uint32_t length, std::uint32_t latency)
{
    auto& place = kept.places[index];
    keep(place.is_used, std::uint16_t{0});
    answer(place.request, status, length, latency);
    free_place(index);
    --driver.places;
}

/// The device is done with a buffer; what it says was written counts for a capture.
void finish(std::uint16_t index, const Transfer& transfer, std::uint32_t written)
{
    const auto& request   = kept.places[index].request;
    const bool  is_output = driver.streams[request.stream_id].is_output;
    const auto  status    = __atomic_load_n(&transfer.status, __ATOMIC_RELAXED);
    const auto  latency   = __atomic_load_n(&transfer.latency_bytes, __ATOMIC_RELAXED);
    const auto  recorded  = written > k_transfer_tail ? written - k_transfer_tail : 0;
    finish(index, status_of(status), is_output ? request.len : std::min(recorded, request.len),
           latency);
}

void give_to_device(unsigned number)
{
    auto&      stream   = driver.streams[number];
    const auto way      = way_of(stream);
    auto&      queue    = queue_of(way);
    const auto index    = take_first(stream);
    auto&      place    = kept.places[index];
    const auto token    = queue.next_token();
    auto&      transfer = shared().transfers[way][token];
    transfer            = {.stream = number, .status = k_no_answer, .latency_bytes = 0};
    (void)queue.add({{device.address_of(&transfer), k_transfer_head, false},
                     {place.request.io_or_offset, place.request.len, !stream.is_output},
                     {device.address_of(&transfer.status), k_transfer_tail, true}});
    keep(place.token, static_cast<std::uint16_t>(1 + way * Virtqueue::k_most + token));
    driver.place_of[way][token] = index;
    ++stream.at_device;
}

void take_back(unsigned way)
{
    auto& queue = queue_of(way);
    for (unsigned i = 0; i < queue.size(); ++i) {
        make_room();
        const auto used = queue.pop();
        if (!used) {
            break;
        }
        const auto index = driver.place_of[way][used->token];
        --driver.streams[kept.places[index].request.stream_id].at_device;
        finish(index, shared().transfers[way][used->token], used->written);
    }
}

/// How many buffers a stream of this direction may have with the device.
std::uint32_t share_of(unsigned way)
{
    std::uint32_t open = 0;
    for (unsigned i = 0; i < driver.count; ++i) {
        open += way_of(driver.streams[i]) == way && is_open(i) ? 1U : 0U;
    }
    return std::max(1U, queue_of(way).size() / k_pieces / std::max(1U, open));
}

/// QEMU's device writes a period into each buffer of a capture, whether there is room or not: into
/// its own heap.
bool has_room_for_device(unsigned number, std::uint32_t size)
{
    return driver.streams[number].is_output || size >= period_of(number);
}

void take(const Pcm& request)
{
    const auto number = request.stream_id;
    if (number >= driver.count || !may_have_buffers(kept.streams[number]) || request.len == 0 ||
        request.len > sddf::sound::k_buffer_size || !has_room_for_device(number, request.len)) {
        answer(request, Status::bad_message, 0, 0);
        return;
    }
    const auto index  = static_cast<std::uint16_t>(driver.first_free - 1);
    driver.first_free = driver.next[index];
    auto& place       = kept.places[index];
    keep(kept.sequence, kept.sequence + 1);
    keep(place, {.request = request, .sequence = kept.sequence, .token = 0, .is_used = 1});
    ++driver.places;
    let_wait(index);
}

} // namespace

void restore_buffers()
{
    std::array<std::uint16_t, k_most_places> order{};
    std::size_t                              used = 0;
    for (std::uint16_t i = k_most_places; i-- > 0;) {
        if (kept.places[i].is_used != 0) {
            order[used++] = i;
        } else {
            free_place(i);
        }
    }
    driver.places = static_cast<std::uint32_t>(used);
    // The oldest first; the newest has the number that was given last.
    const std::span waiting{order.data(), used};
    std::ranges::sort(waiting, {},
                      [](std::uint16_t i) { return kept.places[i].sequence - kept.sequence - 1; });
    for (const auto index : waiting) {
        make_room();
        auto& place = kept.places[index];
        if (place.token != 0) {
            const auto  at = static_cast<std::size_t>(place.token - 1);
            const auto& transfer =
                shared().transfers[at / Virtqueue::k_most % 2][at % Virtqueue::k_most];
            keep(place.token, std::uint16_t{0});
            // How much was recorded is not known; it is recorded anew.
            if (at < Virtqueue::k_most && transfer.status != k_no_answer) {
                finish(index, status_of(transfer.status), place.request.len, 0);
                continue;
            }
        }
        let_wait(index);
    }
}

void take_buffers_back()
{
    take_back(0);
    take_back(1);
}

void take_buffers()
{
    if (!driver.is_known) {
        return;
    }
    // What is there now, and no more: what comes meanwhile has a notification of its own.
    for (auto left = driver.requests.available();
         left != 0 && driver.first_free != 0 && driver.answers.space() > driver.places; --left) {
        make_room();
        const auto request = driver.requests.pop();
        if (!request) {
            break;
        }
        take(*request);
    }
}

void give_buffers_to_device()
{
    const std::array<std::uint32_t, 2> shares{share_of(0), share_of(1)};
    for (unsigned i = 0; i < driver.count; ++i) {
        const auto number = (driver.turn + i) % driver.count;
        auto&      stream = driver.streams[number];
        const auto way    = way_of(stream);
        while (stream.first != 0 && is_open(number) && stream.at_device < shares[way] &&
               queue_of(way).free() >= k_pieces) {
            make_room();
            give_to_device(number);
        }
    }
    driver.turn = driver.count != 0 ? (driver.turn + 1) % driver.count : 0;
}

void drop_buffers(unsigned number)
{
    auto& stream = driver.streams[number];
    while (stream.first != 0) {
        make_room();
        finish(take_first(stream), Status::io, 0, 0);
    }
}

} // namespace sound_virtio
