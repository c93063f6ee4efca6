// SPDX-License-Identifier: BSD-2-Clause
// Buffers between clients and the driver: each is checked, gets the device's address, and a slot
// until it is answered.
#include "virtualiser.hpp"

#include "arch/cache.hpp"
#include "base/checked.hpp"

#include <algorithm>

namespace sound_virt {

namespace {

using sddf::sound::k_buffer_size;

constexpr std::uint32_t k_slot_bits = 8;
static_assert(k_slots == 1U << k_slot_bits);

/// Names a buffer to the driver, so that an answer that comes twice is known for what it is.
std::uint32_t cookie_of(std::uint32_t slot) { return kept.slots[slot].use << k_slot_bits | slot; }

bool is_playback(unsigned client, const Pcm& request)
{
    const auto& page = *reinterpret_cast<const sddf::sound::SharedState*>(
        sound_config.clients[client].connection.state.vaddr);
    return page.stream_info[request.stream_id].direction == 0;
}

void answer(unsigned client, const Pcm& request, Status status, std::uint32_t length,
            std::uint32_t latency)
{
    // There is room: a buffer is taken only when there is.
    (void)virtualiser.clients[client].answers.push({.cookie        = request.cookie,
                                                    .stream_id     = request.stream_id,
                                                    .io_or_offset  = request.io_or_offset,
                                                    .len           = length,
                                                    .status        = status,
                                                    .latency_bytes = latency,
                                                    .reserved      = 0});
}

bool is_allowed(unsigned client, const Pcm& request)
{
    const auto& of = virtualiser.clients[client];
    if (request.stream_id >= of.count || request.len == 0 || request.len > k_buffer_size) {
        return false;
    }
    const auto& stream = kept.streams[of.streams[request.stream_id]];
    return stream.owner == client &&
           base::is_aligned<std::uint64_t>(request.io_or_offset, k_buffer_size) &&
           base::range_fits<std::uint64_t>(request.io_or_offset, request.len,
                                           sound_config.clients[client].data.region.size);
}

void free_slot(std::uint32_t slot)
{
    virtualiser.next[slot] = virtualiser.first_free;
    virtualiser.first_free = static_cast<std::uint16_t>(slot + 1);
}

void take(unsigned client, const Pcm& request)
{
    if (!is_allowed(client, request)) {
        answer(client, request, Status::bad_message, 0, 0);
        return;
    }
    auto&       of   = virtualiser.clients[client];
    const auto& data = sound_config.clients[client].data;
    // Before a capture, too: a line that is written back later would spoil what the device wrote.
    arch::clean_data_cache(data.region.bytes().data() + request.io_or_offset, request.len);

    const std::uint32_t slot = virtualiser.first_free - 1U;
    virtualiser.first_free   = virtualiser.next[slot];
    auto& it                 = kept.slots[slot];
    keep(it, {.use = it.use + 1, .client = client, .request = request});
    ++of.under_way;
    (void)virtualiser.buffers.push({.cookie        = cookie_of(slot),
                                    .stream_id     = of.streams[request.stream_id],
                                    .io_or_offset  = data.io_addr + request.io_or_offset,
                                    .len           = request.len,
                                    .status        = Status::ok,
                                    .latency_bytes = 0,
                                    .reserved      = 0});
}

void take_back(const Pcm& response)
{
    const auto slot = response.cookie % k_slots;
    const auto it   = kept.slots[slot];
    if (it.use % 2 == 0 || response.cookie != cookie_of(slot) || it.client >= client_count()) {
        return; // nobody's: an answer that came twice
    }
    keep(kept.slots[slot].use, it.use + 1);
    free_slot(slot);
    --virtualiser.clients[it.client].under_way;
    if (!is_playback(it.client, it.request)) {
        const auto& data = sound_config.clients[it.client].data;
        arch::clean_invalidate_data_cache(data.region.bytes().data() + it.request.io_or_offset,
                                          it.request.len);
    }
    answer(it.client, it.request, response.status, std::min(response.len, it.request.len),
           response.latency_bytes);
}

} // namespace

void restore_buffers()
{
    for (std::uint32_t i = k_slots; i-- > 0;) {
        const auto& it = kept.slots[i];
        if (it.use % 2 == 0) {
            free_slot(i);
        } else if (it.client < k_max_clients) {
            ++virtualiser.clients[it.client].under_way;
        }
    }
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void take_buffers(unsigned client)
{
    auto&      of    = virtualiser.clients[client];
    const auto share = std::max(1U, k_slots / std::max(1U, client_count()));
    for (auto left = of.buffers.available();
         left != 0 && of.under_way < share && of.answers.space() > of.under_way; --left) {
        make_room();
        const auto request = of.buffers.pop();
        if (!request) {
            break;
        }
        take(client, *request);
    }
}

void take_buffers_back()
{
    for (auto left = virtualiser.answers.available(); left != 0; --left) {
        make_room();
        const auto response = virtualiser.answers.pop();
        if (!response) {
            break;
        }
        take_back(*response);
    }
}

} // namespace sound_virt
