// SPDX-License-Identifier: BSD-2-Clause
// Descriptors, their messages' facts, and a ring of text.
#include "vmm/kernel_log.hpp"

namespace vmm {

using base::GuestVirtual;

namespace {

/// What CONFIG_LOG_BUF_SHIFT and log_buf_len can make of it.
constexpr unsigned k_most_count_bits = 24;
constexpr unsigned k_most_data_bits  = 31;

/// The two upper bits of a descriptor's state.
enum class State : std::uint8_t { reserved, committed, finalized, reusable };

constexpr std::uint64_t k_block_header = 8; ///< the message's number, in front of its text

} // namespace

std::optional<KernelLog> KernelLog::create(GuestSpace& space, const KernelNotes& notes)
{
    const auto ring =
        notes.has_log() ? space.load<std::uint64_t>(GuestVirtual{notes.prb}) : std::nullopt;
    if (!ring) {
        return std::nullopt;
    }
    const auto descriptors = *ring + notes.desc_ring;
    const auto text        = *ring + notes.text_data_ring;
    const auto count_bits = space.load<std::uint32_t>(GuestVirtual{descriptors + notes.count_bits});
    const auto data_bits  = space.load<std::uint32_t>(GuestVirtual{text + notes.data_size_bits});
    const auto descs      = space.load<std::uint64_t>(GuestVirtual{descriptors + notes.descs});
    const auto infos      = space.load<std::uint64_t>(GuestVirtual{descriptors + notes.infos});
    const auto head       = space.load<std::uint64_t>(GuestVirtual{descriptors + notes.head_id});
    const auto data       = space.load<std::uint64_t>(GuestVirtual{text + notes.data});
    if (!count_bits || !data_bits || !descs || !infos || !head || !data ||
        *count_bits > k_most_count_bits || *data_bits > k_most_data_bits) {
        return std::nullopt;
    }
    KernelLog log{space, notes};
    log.head_       = *head & k_id_mask;
    log.count_bits_ = *count_bits;
    log.data_bits_  = *data_bits;
    log.descs_      = *descs;
    log.infos_      = *infos;
    log.data_       = *data;
    return log;
}

std::optional<KernelLog::Record> KernelLog::record(std::uint64_t id) const
{
    const auto index = id & (capacity() - 1);
    const auto desc  = descs_ + index * notes_.desc_size;
    const auto info  = infos_ + index * notes_.info_size;
    const auto block = desc + notes_.desc_text;
    const auto state = space_->load<std::uint64_t>(GuestVirtual{desc + notes_.desc_state});
    const auto begin = space_->load<std::uint64_t>(GuestVirtual{block + notes_.block_begin});
    const auto next  = space_->load<std::uint64_t>(GuestVirtual{block + notes_.block_next});
    const auto time  = space_->load<std::uint64_t>(GuestVirtual{info + notes_.info_time});
    const auto text_length =
        space_->load<std::uint16_t>(GuestVirtual{info + notes_.info_text_length});
    // The facility's byte follows the length, in every kernel that has this ring.
    const auto facility =
        space_->load<std::uint8_t>(GuestVirtual{info + notes_.info_text_length + 2});
    if (!state || !begin || !next || !time || !text_length || !facility ||
        (*state & k_id_mask) != id) {
        return std::nullopt;
    }
    const auto kind = static_cast<State>(*state >> 62);
    if (kind != State::committed && kind != State::finalized) {
        return std::nullopt;
    }
    Record record{.nanoseconds = *time, .facility = *facility, .length = 0, .text = {}};
    if ((*begin & 1) != 0) {
        return record; // an empty line has no block
    }
    const auto size = std::uint64_t{1} << data_bits_;
    // A block does not wrap: one that would is at the start of the ring.
    const auto wraps = *begin >> data_bits_ != *next >> data_bits_ && (*next & (size - 1)) != 0;
    const auto start = data_ + (wraps ? 0 : *begin & (size - 1));
    if (space_->load<std::uint64_t>(GuestVirtual{start}).transform([](auto word) {
            return word & k_id_mask;
        }) != id) {
        return std::nullopt;
    }
    record.length = *text_length;
    record.text   = GuestVirtual{start + k_block_header};
    return record;
}

std::string_view KernelLog::text(const Record& record, std::span<char> room) const
{
    std::size_t size = 0;
    for (; size < room.size() && size < record.length; ++size) {
        const auto c = space_->byte(GuestVirtual{record.text.raw() + size});
        if (!c) {
            break;
        }
        room[size] = *c >= ' ' && *c < 0x7f ? static_cast<char>(*c) : '?';
    }
    return {room.data(), size};
}

} // namespace vmm
