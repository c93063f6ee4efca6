// SPDX-License-Identifier: BSD-2-Clause
// The worker's disk. Each place has blocks of its own, in the data region and on the disk, and one
// request under way: it writes a new pattern, again if it is told that this failed, and reads it.
#include "random.hpp"
#include "worker.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/config.hpp"

#include <array>

SDDF_CONFIG(".blk_client_config") sddf::block::ClientConfig blk_config;

namespace restarts {

namespace {

using sddf::block::Code;
using sddf::block::k_block_size;
using sddf::block::Status;

/// The last place's requests are so large that the virtualiser sends them in parts.
constexpr unsigned      k_places = 16;
constexpr std::uint16_t k_blocks = 4;
constexpr std::uint16_t k_large  = 150;

struct Place {
    std::uint32_t id      = 0; ///< of the request under way; 0: none
    std::uint32_t version = 0; ///< of the pattern
    bool          reads   = false;
};

std::array<Place, k_places>   places;
sddf::block::RequestProducer  requests;
sddf::block::ResponseConsumer responses;
std::uint32_t                 last_id = 0;
bool                          is_open = false;

std::uint16_t blocks_of(unsigned place) { return place + 1 == k_places ? k_large : k_blocks; }

std::span<std::uint64_t> words_of(unsigned place)
{
    auto* const start =
        reinterpret_cast<std::uint64_t*>(blk_config.data.vaddr + place * k_blocks * k_block_size);
    return {start, std::size_t{blocks_of(place)} * k_block_size / sizeof(std::uint64_t)};
}

std::uint64_t pattern(unsigned place, std::size_t word)
{
    return (std::uint64_t{places[place].version} << 32 | place << 24 | word) *
           0x9e37'79b9'7f4a'7c15;
}

} // namespace

void Disk::open()
{
    microkit::require(sddf::check(blk_config));
    const auto& virt = blk_config.virt;
    microkit::require(requests.open(virt.req_queue.bytes(), virt.num_buffers));
    microkit::require(responses.open(virt.resp_queue.bytes(), virt.num_buffers));
}

void Disk::begin(unsigned place)
{
    auto& it = places[place];
    if (!it.reads) {
        for (std::size_t i = 0; auto& word : words_of(place)) {
            word = pattern(place, i++);
        }
    }
    it.id = ++last_id;
    (void)requests.push({.code         = it.reads ? Code::read : Code::write,
                         .io_or_offset = std::uint64_t{place} * k_blocks * k_block_size,
                         .block_number = 64 + place * k_blocks,
                         .count        = blocks_of(place),
                         .id           = it.id});
}

void Disk::finish(unsigned place, bool failed)
{
    auto& it = places[place];
    it.id    = 0;
    ++count_.done;
    if (failed) {
        ++count_.errors;
        return; // the same again
    }
    if (it.reads) {
        for (std::size_t i = 0; auto& word : words_of(place)) {
            if (word != pattern(place, i++)) {
                ++count_.wrongs;
                microkit::debug_print("worker: WRONG: place ", place, " word ", i - 1, " reads ",
                                      base::Hex{word}, " in version ", it.version, '\n');
                break;
            }
        }
        ++it.version;
    } else {
        for (auto& word : words_of(place)) {
            word = 0; // nothing is read that was there before
        }
    }
    it.reads = !it.reads;
}

void Disk::go_on(bool more)
{
    auto& info = *reinterpret_cast<sddf::block::StorageInfo*>(blk_config.virt.storage_info.vaddr);
    is_open    = is_open || info.is_ready();
    while (const auto response = responses.pop()) {
        unsigned place = 0;
        while (place < k_places && places[place].id != response->id) {
            ++place;
        }
        if (place == k_places || response->id == 0) {
            ++count_.wrongs;
            microkit::debug_print("worker: WRONG: an answer that nobody waits for\n");
        } else {
            finish(place, response->status != Status::ok);
        }
    }
    (void)responses.release();
    for (unsigned place = 0; more && is_open && place < k_places; ++place) {
        if (places[place].id == 0) {
            begin(place);
        }
    }
    if (requests.publish()) {
        microkit::Channel{blk_config.virt.id}.notify();
    }
}

bool Disk::is_idle() const
{
    return std::ranges::all_of(places, [](const auto& place) { return place.id == 0; });
}

} // namespace restarts
