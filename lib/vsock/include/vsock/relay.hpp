// SPDX-License-Identifier: BSD-2-Clause
// The switch of one protection domain: its links to the others, each known by a context ID.
#pragma once

#include "virtio/socket_switch.hpp"
#include "vsock/link.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vsock {

/// A link and who is at its other end.
struct Line {
    std::uint32_t cid = 0;
    Link          link{};
};

/// Between the links and whoever stands on the switch: a guest's socket device (virtio::Socket) or
/// a program of our own (vsock::Endpoint). Packets come in turn from each link. A link whose
/// packets have other addresses than its two ends is broken: nobody sends in another's name.
class Relay final : public virtio::SocketSwitch {
public:
    /// All lines have their context IDs and open links.
    Relay(std::uint32_t own_cid, std::span<Line> lines)
        : cid_{own_cid}
        , lines_{lines}
    {
    }

    /// A notification on any of the links.
    void notified();

    void connect(virtio::SocketClient& client) override { client_ = &client; }
    [[nodiscard]] std::uint32_t                own_cid() const override { return cid_; }
    [[nodiscard]] bool                         reaches(std::uint32_t cid) const override;
    [[nodiscard]] std::optional<std::uint32_t> room(std::uint32_t cid,
                                                    std::uint32_t wanted) override;
    void send(const virtio::SocketHeader& header, virtio::Reader& payload) override;
    void flush() override;
    [[nodiscard]] const virtio::SocketHeader* next() override;
    void                                      read(std::span<std::byte> to) override;
    void                                      release() override;
    [[nodiscard]] bool                        receive_done() override;
    void                                      disconnect(std::uint32_t cid) override;

private:
    [[nodiscard]] const Line* find(std::uint32_t cid) const;
    [[nodiscard]] Line*       find(std::uint32_t cid);
    /// Passes on that a link lost what was in it.
    void check(Line& line);

    std::uint32_t         cid_;
    std::span<Line>       lines_;
    virtio::SocketClient* client_  = nullptr;
    std::size_t           turn_    = 0;       ///< the line to look at first
    Line*                 current_ = nullptr; ///< whose packet is being read
};

} // namespace vsock
