// SPDX-License-Identifier: BSD-2-Clause
// A disk on sDDF's block class: jobs in sectors and scattered memory become requests in blocks of
// 4 KiB inside of one data region.
#pragma once

#include "backend/block_pool.hpp"
#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "sddf/block.hpp"
#include "virtio/disk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace backend {

/// A job is done in parts, each a request of one run of blocks:
///   - *direct*, where the guest's own memory lies in the data region, on whole blocks: no copy;
///   - *bounced* otherwise, through a piece of the region: one copy;
///   - *merged*, where a write begins or ends within a block: the block is read, changed, written.
///     While it is, no other write goes to that block.
/// A job larger than the memory that is free is done bit by bit. One job at a time waits for that,
/// so that jobs begin in the order in which they came.
class BlockDisk final : public virtio::Disk {
public:
    /// Blocks of one request; more than some drivers like is not asked for.
    static constexpr std::uint32_t k_most_blocks = 128;

    /// A request under way.
    struct Part {
        enum class Kind : std::uint8_t { none, flush, read, write, merge_read, merge_write };

        Kind             kind   = Kind::none;
        bool             direct = false;
        virtio::DiskJob* job    = nullptr;
        std::uint64_t    block  = 0; ///< on the disk
        BlockPool::Run   run{};      ///< in the data region; count is that of the request
        std::uint32_t    skip = 0;   ///< bytes of the first block that are not the job's
        std::uint32_t    size = 0;   ///< bytes that are
        virtio::Writer   to{};       ///< of a bounced read
        virtio::Reader   from{};     ///< of a merge
    };

    template <std::size_t Parts>
    struct Storage {
        std::array<Part, Parts>          parts{};
        std::array<std::uint16_t, Parts> free_parts{};
    };

    /// As many requests at a time as there are parts, or as the queue holds, if that is less.
    template <std::size_t Parts>
    BlockDisk(Storage<Parts>& storage, Doorbell& virtualiser)
        : parts_{storage.parts}
        , free_parts_{storage.free_parts}
        , virtualiser_{virtualiser}
    {
    }

    /// Connects to a client's section. All of its data region is for bouncing, unless part of it is
    /// the guest's RAM: then `bounce` says where to (offset and size in bytes, whole blocks).
    /// Errors: the section was not filled in, a region cannot be, nowhere to bounce.
    base::Result<> open(const sddf::block::ClientConfig& config);
    base::Result<> open(const sddf::block::ClientConfig& config, std::uint64_t bounce_offset,
                        std::uint64_t bounce_size);

    /// Whether the virtualiser says that the disk is there. Nobody notifies of that.
    [[nodiscard]] bool is_ready() const { return storage_ != nullptr && storage_->is_ready(); }

    /// What the owner says about the disk whatever the virtualiser says: an id (none if it is
    /// empty), and that nobody writes to it.
    struct Label {
        std::array<char, 20> id{};
        bool                 read_only = false;
    };
    void set_label(const Label& label) { label_ = label; }

    /// Bytes of requests so far, by the way they took.
    struct Counters {
        std::uint64_t direct  = 0; ///< without a copy
        std::uint64_t bounced = 0; ///< with one, or merged
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

    /// Whether every request has been answered: nobody uses the data region on our behalf.
    [[nodiscard]] bool is_idle() const { return used_parts_ == 0; }

    /// The virtualiser notified.
    void notified();

    [[nodiscard]] Info info() const override;
    void               connect(virtio::DiskClient& client) override { client_ = &client; }
    bool               start(virtio::DiskJob& job) override;
    void               kick() override;

private:
    [[nodiscard]] static bool is_begun(const virtio::DiskJob& job);
    void                      advance();
    bool                      begin_part(virtio::DiskJob& job);
    bool                      begin_flush(virtio::DiskJob& job);
    bool                      begin_read(virtio::DiskJob& job, Part& part, std::uint64_t left);
    bool                      begin_write(virtio::DiskJob& job, Part& part, std::uint64_t left);
    bool                      begin_merge(virtio::DiskJob& job, Part& part, std::uint64_t left);
    bool                      bounce(Part& part, std::uint64_t blocks);
    template <class Stream>
    bool direct(Part& part, Stream& stream, std::uint64_t left) const;

    [[nodiscard]] bool       collides(std::uint64_t block, std::uint64_t count, bool merges) const;
    [[nodiscard]] std::byte* memory_of(const Part& part) const;
    bool                     send(Part& part);
    void                     answered(Part& part, bool good);
    bool                     merge(Part& part);
    void                     end(Part& part, bool good);

    std::span<Part>                 parts_;
    std::span<std::uint16_t>        free_parts_;
    std::uint32_t                   most_parts_ = 0;
    std::uint32_t                   used_parts_ = 0;
    std::uint32_t                   merges_     = 0;       ///< under way
    virtio::DiskJob*                current_    = nullptr; ///< begun, but not all of its parts
    bool                            advancing_  = false;
    std::span<std::byte>            data_{};
    BlockPool                       pool_{};
    const sddf::block::StorageInfo* storage_ = nullptr;
    sddf::block::RequestProducer    requests_{};
    sddf::block::ResponseConsumer   responses_{};
    virtio::DiskClient*             client_ = nullptr;
    Label                           label_{};
    Counters                        counters_{};
    Doorbell&                       virtualiser_;
};

} // namespace backend
