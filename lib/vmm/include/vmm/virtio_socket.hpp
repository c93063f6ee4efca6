// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO socket device on links to other guests and programs.
#pragma once

#include "virtio/socket.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"
#include "vsock/links.hpp"

#include <cstddef>
#include <cstdint>

namespace vmm {

/// Construct it before Machine::boot(); it lives as long as the machine. Connections end with a
/// restart of the guest; their other ends are told.
class VirtioSocket final : public VirtioDevice, private ChannelListener {
public:
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

    std::uint32_t             cid_;
    vsock::Links              links_{};
    base::Result<>            opened_; ///< before the model, which asks the switch for the ID
    virtio::Socket::Storage<> storage_{};
    virtio::Socket            model_;
};

} // namespace vmm
