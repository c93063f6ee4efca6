// SPDX-License-Identifier: BSD-2-Clause
// What a block device stands on: a disk that does jobs, many at a time and in any order.
#pragma once

#include "virtio/chain.hpp"

#include <array>
#include <cstdint>

namespace virtio {

/// The unit of the standard's sector numbers, whatever the disk's own blocks are.
inline constexpr std::uint32_t k_sector_size = 512;

/// One request to a disk, inside of it and of the guest's memory. It stays where it is until
/// done().
struct DiskJob {
    enum class Operation : std::uint8_t { read, write, flush, write_zeroes, discard };

    Operation     operation = Operation::flush;
    bool          abandoned = false; ///< by a reset: touch guest memory no more, and be done soon
    std::uint64_t sector    = 0;
    std::uint64_t sectors   = 0;
    Reader        from{}; ///< of a write, all of it
    Writer        to{};   ///< of a read, all of it

    // The disk's own notes.
    std::uint64_t begun  = 0; ///< bytes
    std::uint32_t parts  = 0; ///< under way
    bool          failed = false;
};

/// Who hears that jobs are done.
class DiskClient {
public:
    virtual void done(DiskJob& job, bool good) = 0;
    /// No more done() for now: time to tell the guest, and to begin what had to wait.
    virtual void batch_done() = 0;

protected:
    ~DiskClient() = default;
};

class Disk {
public:
    struct Info {
        std::uint64_t        sectors        = 0;
        std::uint32_t        block_size     = k_sector_size; ///< the smallest write, in bytes
        std::uint8_t         physical_exp   = 0; ///< log2 of how many of those are written best
        std::uint16_t        min_io         = 0; ///< of those; 0: no advice
        std::uint32_t        best_io        = 0;
        bool                 read_only      = false;
        bool                 write_zeroes   = false;
        bool                 discard        = false;
        std::uint32_t        discard_blocks = 1; ///< alignment of discards, in sectors
        std::array<char, 20> id{};               ///< not terminated where it is full
    };
    [[nodiscard]] virtual Info info() const = 0;

    /// Who hears of jobs; before the first.
    virtual void connect(DiskClient& client) = 0;

    /// Begins a job; done() may follow at once. False: busy; try again after batch_done().
    virtual bool start(DiskJob& job) = 0;

    /// A batch of start() is over.
    virtual void kick() = 0;

protected:
    ~Disk() = default;
};

} // namespace virtio
