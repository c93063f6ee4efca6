// SPDX-License-Identifier: BSD-2-Clause
// The block device (virtIO 1.2, section 5.2) on a Disk.
#pragma once

#include "virtio/device.hpp"
#include "virtio/disk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// Requests are copied out of their queues, checked, and given to the disk, as many as there are
/// slots. Their data never passes through here.
class Block final : public Device, private DiskClient {
public:
    static constexpr std::uint64_t k_feature_size_max     = 1ULL << 1;
    static constexpr std::uint64_t k_feature_seg_max      = 1ULL << 2;
    static constexpr std::uint64_t k_feature_ro           = 1ULL << 5;
    static constexpr std::uint64_t k_feature_blk_size     = 1ULL << 6;
    static constexpr std::uint64_t k_feature_flush        = 1ULL << 9;
    static constexpr std::uint64_t k_feature_topology     = 1ULL << 10;
    static constexpr std::uint64_t k_feature_config_wce   = 1ULL << 11;
    static constexpr std::uint64_t k_feature_mq           = 1ULL << 12;
    static constexpr std::uint64_t k_feature_discard      = 1ULL << 13;
    static constexpr std::uint64_t k_feature_write_zeroes = 1ULL << 14;
    static constexpr std::uint64_t k_all_features         = ~std::uint64_t{0};

    /// Most data segments of a request (seg_max): 1 MiB of scattered pages in one, nearly.
    static constexpr std::uint32_t k_most_segments = 254;
    static constexpr std::uint16_t k_queue_size    = 256;
    /// Of one segment (size_max); a request may have many.
    static constexpr std::uint32_t k_most_segment_bytes = 1U << 20;
    /// Of one write-zeroes or discard request, in sectors (8 MiB), and segments.
    static constexpr std::uint32_t k_most_range_sectors = 16384;

    /// Segments of a request that need no large room: header, status and a few of data.
    static constexpr std::size_t k_few_segments = 8;

    /// A request in flight, with room for the few segments that most have.
    struct Slot : DiskJob {
        Chain         chain{};
        Slot*         next  = nullptr; ///< of those that wait for the disk
        std::uint16_t queue = 0;
        std::uint16_t large = 0; ///< 1 + index of the large room that it has, or 0
        std::array<Segment, k_few_segments> segments{};
    };
    using Large = std::array<Segment, k_most_segments + 4>;

    /// `Slots` requests in flight, `Larges` of them with more than a few segments; `Queues` queues.
    template <std::size_t Slots, std::size_t Larges, std::size_t Queues>
    struct Storage {
        std::array<Slot, Slots>           slots{};
        std::array<std::uint16_t, Slots>  free_slots{};
        std::array<Large, Larges>         larges{};
        std::array<std::uint16_t, Larges> free_larges{};
        std::array<Queue, Queues>         queues{};
    };

    /// Offers those of `features` that the disk has, and the first `queues` of the storage's.
    template <std::size_t Slots, std::size_t Larges, std::size_t Queues>
    Block(Disk& disk, Storage<Slots, Larges, Queues>& storage,
          std::uint64_t features = k_all_features, std::size_t queues = Queues)
        : Block{disk,
                Parts{storage.slots, storage.free_slots, storage.larges, storage.free_larges,
                      std::span{storage.queues}.first(queues)},
                features}
    {
    }

    /// The disk is ready now, or has another size. What it can do is looked at while no driver uses
    /// the device; afterwards only its size.
    void disk_changed();

    [[nodiscard]] unsigned in_flight() const { return used_slots_; }

private:
    struct Parts {
        std::span<Slot>          slots;
        std::span<std::uint16_t> free_slots;
        std::span<Large>         larges;
        std::span<std::uint16_t> free_larges;
        std::span<Queue>         queues;
    };

    /// struct virtio_blk_config (5.2.4).
    struct Config {
        std::uint64_t               capacity;
        std::uint32_t               size_max;
        std::uint32_t               seg_max;
        std::uint16_t               cylinders;
        std::uint8_t                heads;
        std::uint8_t                sectors;
        std::uint32_t               blk_size;
        std::uint8_t                physical_block_exp;
        std::uint8_t                alignment_offset;
        std::uint16_t               min_io_size;
        std::uint32_t               opt_io_size;
        std::uint8_t                writeback;
        std::uint8_t                unused0;
        std::uint16_t               num_queues;
        std::uint32_t               max_discard_sectors;
        std::uint32_t               max_discard_seg;
        std::uint32_t               discard_sector_alignment;
        std::uint32_t               max_write_zeroes_sectors;
        std::uint32_t               max_write_zeroes_seg;
        std::uint8_t                write_zeroes_may_unmap;
        std::array<std::uint8_t, 3> unused1;
    };
    static_assert(sizeof(Config) == 64 && offsetof(Config, writeback) == 32);
    static_assert(offsetof(Config, max_write_zeroes_sectors) == 48);

    /// struct virtio_blk_req (5.2.6) up to its data.
    struct Header {
        std::uint32_t type;
        std::uint32_t reserved;
        std::uint64_t sector;
    };

    enum class Answer : std::uint8_t { ok = 0, io_error = 1, unsupported = 2 };

    Block(Disk& disk, const Parts& parts, std::uint64_t features);
    [[nodiscard]] static std::uint64_t features_of(const Disk::Info& info, std::uint64_t wanted,
                                                   std::size_t queues);
    void                               describe();

    [[nodiscard]] std::span<const std::byte> configuration() const override
    {
        return std::as_bytes(std::span{&config_, 1});
    }
    void on_configuration_write(std::uint32_t offset, std::span<const std::byte> from) override;
    void on_features() override;
    void on_notify(unsigned queue) override;
    void on_stop() override;
    bool on_reset() override;
    bool on_queue_reset(unsigned queue) override;

    void done(DiskJob& job, bool good) override;
    void batch_done() override;

    bool serve(unsigned queue);
    bool catch_up();
    template <class Which>
    void               abandon(Which which);
    bool               begin(unsigned queue, Chain&& chain);
    void               parse(Slot& slot);
    void               transfer(Slot& slot, const Header& header, std::uint64_t bytes);
    void               get_id(Slot& slot);
    void               range(Slot& slot, DiskJob::Operation operation, Reader& reader);
    void               start(Slot& slot);
    void               answer(Slot& slot, Answer answer, std::uint32_t data = 0);
    void               release(Slot& slot);
    [[nodiscard]] bool fits(std::uint64_t sector, std::uint64_t sectors) const;
    /// Whether a write counts only when it is on the medium (5.2.6.2).
    [[nodiscard]] bool is_write_through() const;
    [[nodiscard]] bool has_in_flight(unsigned queue) const;

    Disk&                    disk_;
    std::span<Slot>          slots_;
    std::span<std::uint16_t> free_slots_;
    std::span<Large>         larges_;
    std::span<std::uint16_t> free_larges_;
    unsigned                 used_slots_   = 0;
    unsigned                 used_larges_  = 0;
    Slot*                    waiting_      = nullptr; ///< the disk was busy for these, in order
    Slot*                    last_waiting_ = nullptr;
    Chain                    held_{}; ///< in room_: there was no large room for it
    unsigned                 held_queue_ = 0;
    std::uint64_t            stalled_    = 0; ///< queues that were left before they were empty
    std::uint64_t            wanted_;
    Config                   config_{};
    Disk::Info               info_{};
    Large                    room_{};
};

} // namespace virtio
