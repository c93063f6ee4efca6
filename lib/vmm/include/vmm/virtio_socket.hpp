// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO socket device on links to other guests and programs.
#pragma once

#include "virtio/socket.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"
#include "vsock/links.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace vmm {

/// Construct it before Machine::boot(); it lives as long as the machine. Connections end with a
/// restart of the guest; their other ends are told. A peer that takes nothing for a while, and so
/// keeps the guest from talking to others, loses its connections with the guest; without a timer
/// (Machine::wake_by) there is no end to the wait.
class VirtioSocket final : public VirtioDevice,
                           private ChannelListener,
                           private AlarmListener,
                           private virtio::SocketPatience {
public:
    static constexpr std::uint64_t k_patience_ms = 2000;

    VirtioSocket(Machine& machine, const VirtioWindow& window, const vsock::Config& section,
                 const DeviceOptions& options = {});

    /// The guest's context ID.
    [[nodiscard]] std::uint32_t cid() const { return cid_; }
    /// Connections now.
    [[nodiscard]] std::size_t connections() const { return model_.connections(); }
    [[nodiscard]] const virtio::Socket::Counters& counters() const { return model_.counters(); }

private:
    static constexpr std::uint64_t k_features =
        virtio::Socket::k_feature_stream | virtio::Socket::k_feature_seqpacket;

    void notified(microkit::Channel channel) override;
    void held_up() override;
    void alarm() override;
    void look_again_later();

    std::uint32_t             cid_;
    vsock::Links              links_{};
    base::Result<>            opened_; ///< before the model, which asks the switch for the ID
    virtio::Socket::Storage<> storage_{};
    virtio::Socket            model_;

    /// The packet that was the oldest when the alarm was set; it is set as long as there is one.
    std::optional<virtio::Socket::HoldUp> oldest_{};
    std::optional<unsigned>               alarm_{}; ///< our number with the dispatcher
};

} // namespace vmm
