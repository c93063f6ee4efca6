// SPDX-License-Identifier: BSD-2-Clause
// How a job becomes requests: direct, bounced, merged.
#include "backend/block_disk.hpp"
#include "virtio/chain.hpp"

#include <algorithm>
#include <cstring>

namespace backend {

using sddf::block::k_block_size;
using virtio::DiskJob;

std::byte* BlockDisk::memory_of(const Part& part) const
{
    return data_.data() + std::size_t{part.run.start} * k_block_size;
}

/// The next request of a job. False: something is missing that comes back with a response.
bool BlockDisk::begin_part(DiskJob& job)
{
    if (used_parts_ == most_parts_) {
        return false;
    }
    const std::uint64_t at    = job.sector * virtio::k_sector_size + job.begun;
    const std::uint64_t left  = job.sectors * virtio::k_sector_size - job.begun;
    const auto          index = free_parts_[used_parts_];
    Part&               part  = parts_[index];

    part       = Part{};
    part.job   = &job;
    part.block = at / k_block_size;
    part.skip  = static_cast<std::uint32_t>(at % k_block_size);

    bool begun = false;
    if (job.operation == DiskJob::Operation::flush) {
        part.kind = Part::Kind::flush;
        part.size = 1;
        begun     = true;
    } else if (job.operation == DiskJob::Operation::read) {
        begun = begin_read(job, part, left);
    } else if (part.skip == 0 && left >= k_block_size) {
        begun = begin_write(job, part, left);
    } else {
        begun = begin_merge(job, part, left);
    }
    if (!begun) {
        part.kind = Part::Kind::none;
        return false;
    }
    ++used_parts_;
    ++job.parts;
    job.begun += part.size;
    if (part.kind != Part::Kind::flush) {
        (part.direct ? counters_.direct : counters_.bounced) += part.size;
    }
    if (!send(part)) {
        end(part, false); // the virtualiser broke the ring
    }
    return true;
}

/// Takes memory to bounce through; it may be less than asked for.
bool BlockDisk::bounce(Part& part, std::uint64_t blocks)
{
    part.run =
        pool_.take(static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, k_most_blocks)));
    return part.run.count != 0;
}

/// Whether the next of a stream lies in the data region, so that it needs no copy. Takes it then.
template <class Stream>
bool BlockDisk::direct(Part& part, Stream& stream, std::uint64_t left) const
{
    if (part.skip != 0 || left < k_block_size) {
        return false;
    }
    Stream              ahead  = stream;
    auto                piece  = ahead.next(left);
    const std::uint64_t offset = reinterpret_cast<std::uintptr_t>(piece.data()) -
                                 reinterpret_cast<std::uintptr_t>(data_.data()); // below: huge
    if (offset >= data_.size() || offset % k_block_size != 0) {
        return false;
    }
    // As far as it goes on without a gap, in however many segments.
    std::uint64_t size = piece.size();
    while (size < left && size < std::uint64_t{k_most_blocks} * k_block_size) {
        piece = ahead.next(left - size);
        if (piece.data() != data_.data() + offset + size) {
            break;
        }
        size += piece.size();
    }
    size = std::min({size, data_.size() - offset, std::uint64_t{k_most_blocks} * k_block_size});
    if (size < k_block_size) {
        return false;
    }
    part.direct = true;
    part.run    = {.start = static_cast<std::uint32_t>(offset / k_block_size),
                   .count = static_cast<std::uint32_t>(size / k_block_size)};
    part.size   = part.run.count * k_block_size;
    stream.skip(part.size);
    return true;
}

bool BlockDisk::begin_read(DiskJob& job, Part& part, std::uint64_t left)
{
    part.kind = Part::Kind::read;
    if (direct(part, job.to, left)) {
        return true;
    }
    if (!bounce(part, (part.skip + left + k_block_size - 1) / k_block_size)) {
        return false;
    }
    part.size = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::uint64_t{part.run.count} * k_block_size - part.skip, left));
    part.to = job.to;
    job.to.skip(part.size);
    return true;
}

/// Of whole blocks.
bool BlockDisk::begin_write(DiskJob& job, Part& part, std::uint64_t left)
{
    part.kind         = Part::Kind::write;
    const auto blocks = std::min<std::uint64_t>(left / k_block_size, k_most_blocks);
    if (collides(part.block, blocks, false)) {
        return false;
    }
    const bool zeroes = job.operation == DiskJob::Operation::write_zeroes;
    if (!zeroes && direct(part, job.from, left)) {
        return true;
    }
    if (!bounce(part, blocks)) {
        return false;
    }
    part.size = part.run.count * k_block_size;
    if (zeroes) {
        std::memset(memory_of(part), 0, part.size);
    } else {
        (void)job.from.read({memory_of(part), part.size});
    }
    return true;
}

/// Of a part of one block.
bool BlockDisk::begin_merge(DiskJob& job, Part& part, std::uint64_t left)
{
    part.kind = Part::Kind::merge_read;
    if (collides(part.block, 1, true) || !bounce(part, 1)) {
        return false;
    }
    part.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(k_block_size - part.skip, left));
    part.from = job.from;
    job.from.skip(part.size);
    ++merges_;
    return true;
}

/// The block has been read: changes it and sends it back.
bool BlockDisk::merge(Part& part)
{
    const std::span bytes{memory_of(part) + part.skip, part.size};
    if (part.job->operation == DiskJob::Operation::write_zeroes) {
        std::memset(bytes.data(), 0, bytes.size());
    } else if (!part.from.read(bytes)) {
        return false;
    }
    part.kind = Part::Kind::merge_write;
    return send(part);
}

/// Whether a write has to wait for another one: a merge writes back what it read, and must not undo
/// what somebody else writes to the same block in between.
bool BlockDisk::collides(std::uint64_t block, std::uint64_t count, bool merges) const
{
    if (merges_ == 0 && !merges) {
        return false;
    }
    return std::ranges::any_of(parts_, [&](const Part& other) {
        using Kind         = Part::Kind;
        const bool merging = other.kind == Kind::merge_read || other.kind == Kind::merge_write;
        return (merging || (merges && other.kind == Kind::write)) &&
               block < other.block + other.run.count && other.block < block + count;
    });
}

} // namespace backend
