// SPDX-License-Identifier: BSD-2-Clause
// A switch for tests of the socket device: peers that do what the test says.
#pragma once

#include "virtio/socket_switch.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace kit {

class FakeSwitch final : public virtio::SocketSwitch {
public:
    struct Packet {
        virtio::SocketHeader header;
        std::string          payload;
    };
    /// A peer: whether it is there, how much it takes, what it got.
    struct Peer {
        bool                on_line = true;
        std::uint32_t       packets = 1000; ///< that it still takes
        std::uint32_t       largest = 1U << 20;
        std::vector<Packet> got{};
    };

    void                        connect(virtio::SocketClient& client) override { device = &client; }
    [[nodiscard]] std::uint32_t own_cid() const override { return cid; }
    [[nodiscard]] bool          reaches(std::uint32_t to) const override
    {
        const auto found = peers.find(to);
        return found != peers.end() && found->second.on_line;
    }
    [[nodiscard]] std::optional<std::uint32_t> room(std::uint32_t to, std::uint32_t wanted) override
    {
        const Peer& peer = peers.at(to);
        return peer.packets == 0 ? std::nullopt : std::optional{std::min(wanted, peer.largest)};
    }
    void send(const virtio::SocketHeader& header, virtio::Reader& payload) override
    {
        Peer&  peer = peers.at(header.dst_cid);
        Packet packet{header, std::string(header.len, '\0')};
        if (!payload.read(std::as_writable_bytes(std::span{packet.payload})) || peer.packets == 0) {
            std::abort();
        }
        --peer.packets;
        peer.got.push_back(std::move(packet));
    }
    void                                      flush() override { ++flushes; }
    [[nodiscard]] const virtio::SocketHeader* next() override
    {
        return waiting.empty() ? nullptr : &waiting.front().header;
    }
    void read(std::span<std::byte> to) override
    {
        std::memcpy(to.data(), waiting.front().payload.data() + read_, to.size());
        read_ += to.size();
    }
    void release() override
    {
        waiting.pop_front();
        read_ = 0;
    }
    [[nodiscard]] bool receive_done() override { return !waiting.empty(); }
    void               disconnect(std::uint32_t to) override
    {
        ++disconnected;
        lose(to);
    }

    /// A peer's link breaks.
    void lose(std::uint32_t peer)
    {
        std::erase_if(waiting, [&](const Packet& it) { return it.header.src_cid == peer; });
        read_ = 0;
        device->peer_gone(peer);
    }
    /// A peer sends; the device is told.
    void arrive(virtio::SocketHeader header, const std::string& payload = {})
    {
        header.dst_cid = cid;
        header.len     = static_cast<std::uint32_t>(payload.size());
        waiting.push_back({header, payload});
        device->arrived();
    }

    std::uint32_t                 cid    = 3;
    virtio::SocketClient*         device = nullptr;
    std::map<std::uint32_t, Peer> peers{{2, {}}, {4, {}}};
    std::deque<Packet>            waiting;
    unsigned                      flushes      = 0;
    unsigned                      disconnected = 0;

private:
    std::size_t read_ = 0;
};

} // namespace kit
