// SPDX-License-Identifier: BSD-2-Clause
// From the first message to the newest, block by block.
#include "vmm/early_log.hpp"

#include "base/checked.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace vmm {

using base::GuestPhysical;

namespace {

constexpr std::uint64_t k_word = 8; ///< what blocks are aligned to, and a block's header
/// The longest text of a message (PRINTKRB_RECORD_MAX).
constexpr std::uint64_t k_most_text = 1024;
/// Messages that one follow() goes on by.
constexpr unsigned k_most_steps = 2048;
/// An empty message takes a number and no block.
constexpr std::uint64_t k_most_empty = 8;
/// The first number is minus the count of descriptors (2^5 to 2^24) in 32 bits. It counts on from
/// there in 64, so that no number looks like text.
constexpr std::uint64_t k_numbers     = std::uint64_t{1} << 32;
constexpr std::uint64_t k_least_count = std::uint64_t{1} << 5;
constexpr std::uint64_t k_most_count  = std::uint64_t{1} << 24;

constexpr auto k_first =
    std::bit_cast<std::uint64_t>(std::array{'B', 'o', 'o', 't', 'i', 'n', 'g', ' '});
constexpr auto k_second =
    std::bit_cast<std::uint64_t>(std::array{'L', 'i', 'n', 'u', 'x', ' ', 'o', 'n'});

bool is_first_id(std::uint64_t id)
{
    const auto count = k_numbers - id; // wraps if there is none
    return count >= k_least_count && count <= k_most_count && std::has_single_bit(count);
}

bool is_printable(std::byte byte) { return byte >= std::byte{' '} && byte < std::byte{0x7f}; }

std::uint64_t word_at(std::span<const std::byte> bytes, std::size_t offset)
{
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + offset, sizeof(word));
    return word;
}

/// Whether `id` is one of the next numbers after `last`.
bool follows(std::uint64_t id, std::uint64_t last, std::uint64_t most = k_most_empty)
{
    return id > last && id - last <= most;
}

} // namespace

/// As many bytes as the image has there.
std::size_t EarlyLog::read(const GuestMemory& memory, GuestPhysical at,
                           std::span<std::byte> to) const
{
    const auto left = kernel_.contains(at) ? kernel_.end().minus(at) : 0;
    const auto size = std::min<std::uint64_t>(left, to.size());
    return memory.copy_out(to.first(size), at) ? size : 0;
}

void EarlyLog::add(Block block)
{
    newest_                = block;
    tail_[count_ % k_tail] = block.at;
    ++count_;
}

bool EarlyLog::find(GuestMemory& memory, std::uint64_t bytes)
{
    while (count_ == 0 && unsearched_ > 2 * k_word && bytes != 0) {
        constexpr std::uint64_t k_piece = 0x1'0000;
        const auto              rest    = unsearched_ - std::min({unsearched_, bytes, k_piece});
        const auto              size = unsearched_ - base::align_down<std::uint64_t>(rest, k_word);
        unsearched_ -= size;
        bytes -= std::min(bytes, size);
        const GuestPhysical start{kernel_.start().raw() + unsearched_};
        const auto          window = memory.window(start, size);
        if (!window) {
            unsearched_ = 0; // no RAM of ours: the image was never loaded
            return false;
        }
        const auto piece = window->bytes();
        for (std::size_t at = 0; at + k_word <= size; at += k_word) {
            if (word_at(piece, at) != k_first) [[likely]] {
                continue;
            }
            const Block block{
                GuestPhysical{start.raw() + at - k_word},
                memory.load<std::uint64_t>(GuestPhysical{start.raw() + at - k_word}).value_or(0)};
            if (is_first_id(block.id) && kernel_.contains(block.at) &&
                memory.load<std::uint64_t>(GuestPhysical{start.raw() + at + k_word}) == k_second) {
                ring_ = block.at;
                add(block);
                return true;
            }
        }
    }
    return count_ != 0;
}

bool EarlyLog::step(const GuestMemory& memory)
{
    // A block does not wrap: one that would is at the start of the ring, with its number there and
    // where it would have begun.
    auto                              next = find_next(memory);
    std::array<std::byte, 2 * k_word> start{};
    if (read(memory, ring_, start) == start.size() && is_printable(start[k_word])) {
        const auto id = word_at(start, 0);
        if (next ? next->id == id : follows(id, newest_.id)) {
            next = Block{ring_, id};
        }
    }
    if (next) {
        add(*next);
    }
    return next.has_value();
}

/// The block that begins shortly behind the newest and follows it.
std::optional<EarlyLog::Block> EarlyLog::find_next(const GuestMemory& memory) const
{
    // The newest with its text, then number and first character of what may follow.
    std::array<std::byte, 3 * k_word + k_most_text> block{};
    const auto                                      size = read(memory, newest_.at, block);
    std::optional<Block> skipping; // what follows if messages between were empty
    for (std::size_t at = 2 * k_word; at + 2 * k_word <= size; at += k_word) {
        const auto id = word_at(block, at);
        if (!follows(id, newest_.id) || !is_printable(block[at + k_word])) {
            continue;
        }
        const Block candidate{GuestPhysical{newest_.at.raw() + at}, id};
        if (follows(id, newest_.id, 1)) {
            return candidate;
        }
        skipping = skipping.value_or(candidate);
    }
    return skipping;
}

std::size_t EarlyLog::follow(const GuestMemory& memory)
{
    for (unsigned steps = 0; count_ != 0 && steps < k_most_steps && step(memory); ++steps) {
    }
    const auto fresh = count_ - std::exchange(told_, count_);
    return static_cast<std::size_t>(std::min<std::uint64_t>(fresh, k_tail));
}

std::string_view EarlyLog::text(const GuestMemory& memory, std::size_t index,
                                std::span<char> room) const
{
    const auto at   = tail_[(count_ - 1 - index) % k_tail];
    const auto next = tail_[(count_ - index) % k_tail];
    auto       size = std::min<std::uint64_t>(room.size(), k_most_text);
    if (index != 0 && next > at) {
        size = std::min(size, next.minus(at) - k_word);
    }
    std::array<std::byte, k_most_text> bytes{};
    size            = read(memory, GuestPhysical{at.raw() + k_word}, std::span{bytes}.first(size));
    std::size_t end = 0;
    for (; end < size && bytes[end] != std::byte{0}; ++end) {
        if (bytes[end] == std::byte{'\n'}) {
            // printk has moved the text to the front, over its level, and two characters remain.
            const bool twice =
                end >= 4 && bytes[end - 1] == bytes[end - 3] && bytes[end - 2] == bytes[end - 4];
            end -= twice ? 2 : 0;
            break;
        }
        room[end] = is_printable(bytes[end]) ? static_cast<char>(bytes[end]) : '?';
    }
    return {room.data(), end};
}

} // namespace vmm
