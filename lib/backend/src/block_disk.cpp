// SPDX-License-Identifier: BSD-2-Clause
// A disk on sDDF's block class: connection, jobs, responses. The parts are made in block_parts.cpp.
#include "backend/block_disk.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace backend {

using namespace sddf::block;

base::Result<> BlockDisk::open(const ClientConfig& config)
{
    return open(config, 0, config.data.size);
}

base::Result<> BlockDisk::open(const ClientConfig& config, std::uint64_t bounce_offset,
                               std::uint64_t bounce_size)
{
    if (!config.is_valid()) {
        return base::fail("the section .blk_client_config was not filled in",
                          "is the file that the system generator made copied into the program?");
    }
    const auto info = config.virt.storage_info.bytes();
    if (info.size() < sizeof(StorageInfo) ||
        config.virt.storage_info.vaddr % alignof(StorageInfo) != 0) {
        return base::fail("a block client has no storage information", "check its memory regions",
                          info.size());
    }
    const auto bounce = config.data.part(bounce_offset, bounce_size);
    if (bounce.size() < k_block_size || bounce_offset % k_block_size != 0 ||
        config.data.vaddr % k_block_size != 0) {
        return base::fail("a block client has no whole block of memory to copy through",
                          "make its data region larger", bounce_size);
    }
    if (auto opened = requests_.open(config.virt.req_queue.bytes(), config.virt.num_buffers);
        !opened) {
        return opened;
    }
    if (auto opened = responses_.open(config.virt.resp_queue.bytes(), config.virt.num_buffers);
        !opened) {
        return opened;
    }
    data_ = config.data.bytes();
    pool_.reset(static_cast<std::uint32_t>(bounce_offset / k_block_size),
                static_cast<std::uint32_t>(std::min<std::uint64_t>(bounce.size() / k_block_size,
                                                                   BlockPool::k_most_blocks)));
    std::iota(free_parts_.begin(), free_parts_.end(), std::uint16_t{0});
    // No more than the responses' ring holds: the virtualiser relies on that.
    most_parts_ = std::min(static_cast<std::uint32_t>(parts_.size()), requests_.capacity());
    storage_    = static_cast<const StorageInfo*>(static_cast<const void*>(info.data()));
    return {};
}

virtio::Disk::Info BlockDisk::info() const
{
    Info info;
    if (!is_ready()) {
        return info;
    }
    constexpr std::uint32_t k_sectors = k_block_size / virtio::k_sector_size;
    constexpr std::uint64_t k_most    = std::uint64_t{1} << 50; // so that bytes fit into 64 bits
    info.sectors = std::min(sddf::load_relaxed(storage_->capacity), k_most / k_sectors) * k_sectors;
    info.read_only =
        label_.read_only ||
        sddf::load_relaxed(reinterpret_cast<const std::uint8_t&>(storage_->read_only)) != 0;
    const std::uint32_t sector = sddf::load_relaxed(storage_->sector_size);
    if (std::has_single_bit(sector) && sector >= virtio::k_sector_size && sector <= k_block_size) {
        info.block_size = sector;
    }
    // Less than a block of ours is read, changed and written: the guest had better not.
    const std::uint32_t ratio = k_block_size / info.block_size;
    info.physical_exp         = static_cast<std::uint8_t>(std::countr_zero(ratio));
    info.min_io               = static_cast<std::uint16_t>(ratio);
    info.best_io              = sddf::load_relaxed(storage_->block_size) * ratio;
    info.write_zeroes         = true;
    if (label_.id[0] != '\0') {
        info.id = label_.id;
        return info;
    }
    for (std::size_t i = 0; i < info.id.size() && storage_->serial_number[i] != '\0'; ++i) {
        info.id[i] = storage_->serial_number[i];
    }
    return info;
}

bool BlockDisk::is_begun(const virtio::DiskJob& job)
{
    return job.operation == virtio::DiskJob::Operation::flush
               ? job.begun != 0
               : job.begun == job.sectors * virtio::k_sector_size;
}

bool BlockDisk::start(virtio::DiskJob& job)
{
    if (current_ != nullptr) {
        return false;
    }
    job.begun  = 0;
    job.parts  = 0;
    job.failed = false;
    current_   = &job;
    advance();
    return true;
}

/// Begins parts until there are none left to begin, or something is missing for the next.
void BlockDisk::advance()
{
    if (advancing_) {
        return; // a job was done at once, and its owner has started another
    }
    advancing_ = true;
    while (current_ != nullptr) {
        virtio::DiskJob& job = *current_;
        while (!job.abandoned && !job.failed && !is_begun(job)) {
            if (!begin_part(job)) {
                advancing_ = false;
                return;
            }
        }
        current_ = nullptr;
        if (job.parts == 0) {
            client_->done(job, !job.failed && !job.abandoned);
        }
    }
    advancing_ = false;
}

void BlockDisk::kick()
{
    if (requests_.publish()) {
        virtualiser_.ring();
    }
}

bool BlockDisk::send(Part& part)
{
    using Kind = Part::Kind;
    Request request{.id = static_cast<std::uint32_t>(&part - parts_.data())};
    switch (part.kind) {
    case Kind::flush:
        request.code = Code::flush;
        return requests_.push(request);
    case Kind::write:
    case Kind::merge_write:
        request.code = Code::write;
        break;
    default:
        request.code = Code::read;
        break;
    }
    request.io_or_offset = std::uint64_t{part.run.start} * k_block_size;
    request.block_number = part.block;
    request.count        = static_cast<std::uint16_t>(part.run.count);
    return requests_.push(request);
}

void BlockDisk::notified()
{
    if (client_ == nullptr || storage_ == nullptr) {
        return;
    }
    // Bounded, whatever the other side does to the ring meanwhile.
    for (std::uint32_t i = 0; i < responses_.capacity(); ++i) {
        const auto response = responses_.pop();
        if (!response) {
            break;
        }
        if (response->id < parts_.size() && parts_[response->id].kind != Part::Kind::none) {
            answered(parts_[response->id], response->status == Status::ok);
        }
    }
    responses_.release();
    advance();
    client_->batch_done();
    kick();
}

void BlockDisk::answered(Part& part, bool good)
{
    using Kind           = Part::Kind;
    virtio::DiskJob& job = *part.job;
    if (good && !job.abandoned) {
        if (part.kind == Kind::read && !part.direct) {
            (void)part.to.write({memory_of(part) + part.skip, part.size});
        } else if (part.kind == Kind::merge_read) {
            if (merge(part)) {
                return; // the second half is under way
            }
            good = false;
        }
    }
    end(part, good);
}

void BlockDisk::end(Part& part, bool good)
{
    virtio::DiskJob& job = *part.job;
    if (part.kind == Part::Kind::merge_read || part.kind == Part::Kind::merge_write) {
        --merges_;
    }
    if (!part.direct && part.kind != Part::Kind::flush) {
        pool_.give_back(part.run);
    }
    part.kind                  = Part::Kind::none;
    free_parts_[--used_parts_] = static_cast<std::uint16_t>(&part - parts_.data());
    job.failed                 = job.failed || !good;
    if (--job.parts == 0 && &job != current_) {
        client_->done(job, !job.failed && !job.abandoned);
    }
}

} // namespace backend
