// SPDX-License-Identifier: BSD-2-Clause
// What a block request means, and which ones are refused how (virtIO 1.2, section 5.2.6).
#include "base/checked.hpp"
#include "virtio/block.hpp"

#include <algorithm>

namespace virtio {
namespace {

// clang-format off
enum Type : std::uint32_t {
    in           = 0,
    out          = 1,
    flush        = 4,
    get_id       = 8,
    discard      = 11,
    write_zeroes = 13,
};
// clang-format on

/// struct virtio_blk_discard_write_zeroes.
struct Range {
    std::uint64_t sector;
    std::uint32_t sectors;
    std::uint32_t flags;
};
static_assert(sizeof(Range) == 16);

constexpr std::uint32_t k_unmap = 1;

} // namespace

bool Block::fits(std::uint64_t sector, std::uint64_t sectors) const
{
    return base::range_fits(sector, sectors, info_.sectors);
}

void Block::parse(Slot& slot)
{
    Reader     reader = slot.chain.reader();
    const auto header = reader.take<Header>();
    if (!header || slot.chain.writable_bytes() == 0) {
        release(slot);
        fail(Fault::request); // neither a request nor room for an answer
        return;
    }
    switch (header->type) {
    case Type::in:
        slot.operation = DiskJob::Operation::read;
        slot.to        = slot.chain.writer().first(slot.chain.writable_bytes() - 1);
        return transfer(slot, *header, slot.to.room());
    case Type::out:
        slot.operation = DiskJob::Operation::write;
        slot.from      = reader;
        return transfer(slot, *header, reader.left());
    case Type::flush:
        if (!has(k_feature_flush)) {
            break;
        }
        slot.operation = DiskJob::Operation::flush;
        return start(slot);
    case Type::get_id:
        return get_id(slot);
    case Type::discard:
        if (!has(k_feature_discard)) {
            break;
        }
        return range(slot, DiskJob::Operation::discard, reader);
    case Type::write_zeroes:
        if (!has(k_feature_write_zeroes)) {
            break;
        }
        return range(slot, DiskJob::Operation::write_zeroes, reader);
    default:
        break;
    }
    answer(slot, Answer::unsupported);
}

void Block::transfer(Slot& slot, const Header& header, std::uint64_t bytes)
{
    slot.sector       = header.sector;
    slot.sectors      = bytes / k_sector_size;
    const bool writes = slot.operation == DiskJob::Operation::write;
    // 5.2.6.2: a device that offers RO fails every write, and nothing goes beyond the end.
    if ((writes && info_.read_only) || bytes % k_sector_size != 0 ||
        !fits(slot.sector, slot.sectors)) {
        answer(slot, Answer::io_error);
    } else if (bytes == 0) {
        answer(slot, Answer::ok);
    } else {
        start(slot);
    }
}

void Block::get_id(Slot& slot)
{
    Writer     writer = slot.chain.writer().first(slot.chain.writable_bytes() - 1);
    const auto size   = std::min<std::uint64_t>(writer.room(), info_.id.size());
    (void)writer.write(std::as_bytes(std::span{info_.id}).first(size));
    answer(slot, Answer::ok, writer.written());
}

void Block::range(Slot& slot, DiskJob::Operation operation, Reader& reader)
{
    const auto it     = reader.take<Range>();
    const bool zeroes = operation == DiskJob::Operation::write_zeroes;
    if (!it || reader.left() != 0) { // none, or more than max_…_seg
        return answer(slot, Answer::io_error);
    }
    // 5.2.6.2: unknown flags, and unmap with a discard.
    if ((it->flags & ~(zeroes ? k_unmap : 0)) != 0) {
        return answer(slot, Answer::unsupported);
    }
    if (info_.read_only || it->sectors > k_most_range_sectors || !fits(it->sector, it->sectors)) {
        return answer(slot, Answer::io_error);
    }
    if (it->sectors == 0) {
        return answer(slot, Answer::ok);
    }
    slot.operation = operation;
    slot.sector    = it->sector;
    slot.sectors   = it->sectors;
    start(slot);
}

} // namespace virtio
