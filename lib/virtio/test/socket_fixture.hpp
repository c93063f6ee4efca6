// SPDX-License-Identifier: BSD-2-Clause
// A socket device between its driver and a switch, for the tests of the device.
#pragma once

#include "kit/fake_driver.hpp"
#include "kit/fake_switch.hpp"
#include "virtio/socket.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

using kit::from_device;
using kit::to_device;
using virtio::Socket;
using virtio::SocketHeader;
using virtio::SocketOp;
using virtio::SocketType;

inline constexpr std::uint32_t k_space = 4096; ///< that each side announces

class VirtioSocket : public testing::Test {
protected:
    void start(std::uint64_t features = ~std::uint64_t{0}, unsigned buffers = 8)
    {
        ASSERT_TRUE(driver.negotiate(features));
        rx    = &driver.set_up(0, 64);
        tx    = &driver.set_up(1, 128);
        event = &driver.set_up(2);
        driver.go();
        offered.clear();
        for (unsigned i = 0; i < buffers; ++i) {
            offer();
        }
    }
    void offer(std::uint32_t size = 144)
    {
        const auto at                             = ram.allocate(size);
        offered[rx->add({from_device(at, size)})] = at;
        driver.notify(0);
    }
    /// The next packet that the guest got, and a new buffer for another.
    std::optional<kit::FakeSwitch::Packet> got(bool again = true)
    {
        const auto used = rx->used();
        if (!used) {
            return std::nullopt;
        }
        const auto              at = offered.at(static_cast<std::uint16_t>(used->id));
        kit::FakeSwitch::Packet packet{ram.load<SocketHeader>(at),
                                       ram.text(at + 44, used->written - 44)};
        EXPECT_EQ(packet.header.len, packet.payload.size());
        if (again) {
            offer();
        }
        return packet;
    }
    std::string got_ops()
    {
        std::string text;
        while (const auto packet = got()) {
            text += std::to_string(static_cast<int>(packet->header.op)) + ' ';
        }
        return text;
    }
    std::string peer_ops(std::uint32_t cid = 4)
    {
        std::string text;
        for (const auto& packet : peers.peers[cid].got) {
            text += std::to_string(static_cast<int>(packet.header.op)) + ' ';
        }
        peers.peers[cid].got.clear();
        return text;
    }
    [[nodiscard]] static SocketHeader guest(SocketOp op, std::uint32_t cid = 4)
    {
        return {.src_cid   = 3,
                .dst_cid   = cid,
                .src_port  = 1000,
                .dst_port  = 80,
                .op        = op,
                .buf_alloc = k_space};
    }
    [[nodiscard]] static SocketHeader peer(SocketOp op, std::uint32_t cid = 4)
    {
        return {.src_cid   = cid,
                .dst_cid   = 3,
                .src_port  = 80,
                .dst_port  = 1000,
                .op        = op,
                .buf_alloc = k_space};
    }
    void send(SocketHeader header, const std::string& payload = {})
    {
        header.len    = static_cast<std::uint32_t>(payload.size());
        const auto at = ram.allocate(sizeof(header));
        ram.store(at, header);
        if (payload.empty()) {
            tx->add({to_device(at, 44)});
        } else {
            tx->add({to_device(at, 44), to_device(ram.put(payload), header.len)});
        }
        if (tx->must_notify()) {
            driver.notify(1);
        }
        while (tx->used()) {
        }
    }
    /// A connection that the guest asked for.
    void connect(std::uint32_t cid = 4, SocketType type = SocketType::stream)
    {
        auto request = guest(SocketOp::request, cid);
        request.type = type;
        send(request);
        auto response = peer(SocketOp::response, cid);
        response.type = type;
        peers.arrive(response);
        EXPECT_EQ(peer_ops(cid), "1 ");
        EXPECT_EQ(got_ops(), "2 ");
    }

    kit::FakeSwitch                        peers;
    Socket::Storage<8, 4>                  storage;
    Socket                                 device{peers, storage};
    kit::GuestRam                          ram{std::size_t{8} << 20};
    kit::FakeDriver                        driver{ram, device};
    kit::FakeRing*                         rx    = nullptr;
    kit::FakeRing*                         tx    = nullptr;
    kit::FakeRing*                         event = nullptr;
    std::map<std::uint16_t, std::uint64_t> offered;
};
