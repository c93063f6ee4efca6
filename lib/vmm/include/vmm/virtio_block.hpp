// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO disk on an sDDF block client.
#pragma once

#include "backend/block_disk.hpp"
#include "virtio/block.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"

#include <cstdint>
#include <string_view>

namespace vmm {

/// The part of a disk's data region that is not the guest's RAM: bytes, whole blocks of 4 KiB.
struct BouncePart {
    std::uint64_t offset = 0;
    std::uint64_t size   = 0;
};

/// Construct it before Machine::boot(); it lives as long as the machine. The machine starts when
/// the virtualiser shows the disk ready, and after a stop when the disk has answered everything.
class VirtioBlock final : public VirtioDevice, private ChannelListener {
public:
    static constexpr std::size_t k_parts  = 128; ///< requests to the virtualiser at a time
    static constexpr std::size_t k_slots  = 64;  ///< requests of the guest at a time
    static constexpr std::size_t k_larges = 3;   ///< of them with more than a few segments
    static constexpr std::size_t k_queues = 4;

    VirtioBlock(Machine& machine, const VirtioWindow& window,
                const sddf::block::ClientConfig& section, const DeviceOptions& options = {});

    /// The same where the guest's RAM lies in the data region: whole blocks go to and from there
    /// without a copy, anything else through `bounce`.
    VirtioBlock(Machine& machine, const VirtioWindow& window,
                const sddf::block::ClientConfig& section, const DeviceOptions& options,
                const BouncePart& bounce);

    [[nodiscard]] const backend::BlockDisk::Counters& counters() const { return disk_.counters(); }

    [[nodiscard]] bool             is_quiet() const override { return disk_.is_idle(); }
    [[nodiscard]] std::string_view missing() override;

private:
    void notified(microkit::Channel channel) override;
    bool look_at_disk();

    ChannelBell                                         bell_;
    backend::BlockDisk::Storage<k_parts>                parts_{};
    backend::BlockDisk                                  disk_{parts_, bell_};
    virtio::Block::Storage<k_slots, k_larges, k_queues> storage_{};
    virtio::Block                                       model_;
    bool                                                ready_ = false; ///< the model knows
};

} // namespace vmm
