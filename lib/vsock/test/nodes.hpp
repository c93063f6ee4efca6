// SPDX-License-Identifier: BSD-2-Clause
// What talks over links in a simulation: a program of our own, and a guest above its VMM, whose
// kernel's socket layer is the same code as the program's.
#pragma once

#include "kit/fake_driver.hpp"
#include "virtio/socket.hpp"
#include "vsock_fixture.hpp"

#include <cstring>
#include <deque>
#include <map>
#include <optional>

/// The driver's end of a socket device, as a switch that the guest's sockets stand on.
class GuestSwitch final : public virtio::SocketSwitch {
public:
    static constexpr std::uint32_t k_packet  = 300;
    static constexpr std::uint32_t k_buffer  = 200;
    static constexpr unsigned      k_buffers = 8;

    GuestSwitch(kit::GuestRam& ram, virtio::Device& device)
        : ram_{ram}
        , driver_{ram, device}
    {
    }
    bool start(std::uint64_t features)
    {
        if (!driver_.negotiate(features)) {
            return false;
        }
        rx_    = &driver_.set_up(0, k_buffers);
        tx_    = &driver_.set_up(1, 8);
        event_ = &driver_.set_up(2, 2);
        for (unsigned i = 0; i < 8; ++i) {
            out_.push_back(ram_.allocate(sizeof(virtio::SocketHeader) + k_packet));
        }
        driver_.go();
        for (unsigned i = 0; i < k_buffers; ++i) {
            offer(ram_.allocate(k_buffer));
        }
        driver_.notify(0);
        return true;
    }
    /// The guest handles an interrupt, if there is one.
    void interrupt()
    {
        if (driver_.take_interrupt()) {
            client_->ready();
            client_->arrived();
        }
    }
    [[nodiscard]] bool pending() const { return driver_.line.high; }
    [[nodiscard]] bool broken() const { return driver_.needs_reset(); }

    void connect(virtio::SocketClient& client) override { client_ = &client; }
    [[nodiscard]] std::uint32_t own_cid() const override
    {
        return static_cast<std::uint32_t>(driver_.registers.read(0x100, 4));
    }
    [[nodiscard]] bool reaches(std::uint32_t) const override { return true; }
    [[nodiscard]] std::optional<std::uint32_t> room(std::uint32_t, std::uint32_t wanted) override
    {
        reap();
        if (out_.empty()) {
            flush();
            tx_->want_interrupt();
            reap();
        }
        return out_.empty() ? std::nullopt : std::optional{std::min(wanted, k_packet)};
    }
    void send(const virtio::SocketHeader& header, virtio::Reader& payload) override
    {
        const auto at = out_.back();
        out_.pop_back();
        ram_.store(at, header);
        (void)payload.read(ram_.bytes(at + sizeof(header), header.len));
        const auto size = static_cast<std::uint32_t>(sizeof(header)) + header.len;
        sent_[tx_->add({kit::to_device(at, size)})] = at;
    }
    void flush() override
    {
        if (tx_->must_notify()) {
            driver_.notify(1);
        }
    }
    [[nodiscard]] const virtio::SocketHeader* next() override
    {
        if (!current_) {
            const auto used = rx_->used();
            if (!used) {
                return nullptr;
            }
            current_ = in_.at(static_cast<std::uint16_t>(used->id));
            header_  = ram_.load<virtio::SocketHeader>(*current_);
            read_    = sizeof(header_);
            EXPECT_EQ(used->written, sizeof(header_) + header_.len);
        }
        return &header_;
    }
    void read(std::span<std::byte> to) override
    {
        std::memcpy(to.data(), ram_.bytes(*current_ + read_, to.size()).data(), to.size());
        read_ += to.size();
    }
    void release() override
    {
        if (current_) {
            offer(*current_);
            current_.reset();
        }
    }
    [[nodiscard]] bool receive_done() override
    {
        if (rx_->must_notify()) {
            driver_.notify(0);
        }
        rx_->want_interrupt();
        return rx_->used_waiting() != 0;
    }
    void disconnect(std::uint32_t) override {}

private:
    void offer(std::uint64_t at) { in_[rx_->add({kit::from_device(at, k_buffer)})] = at; }
    void reap()
    {
        while (const auto used = tx_->used()) {
            out_.push_back(sent_.at(static_cast<std::uint16_t>(used->id)));
        }
    }

    kit::GuestRam&                         ram_;
    kit::FakeDriver                        driver_;
    kit::FakeRing*                         rx_     = nullptr;
    kit::FakeRing*                         tx_     = nullptr;
    kit::FakeRing*                         event_  = nullptr;
    virtio::SocketClient*                  client_ = nullptr;
    std::vector<std::uint64_t>             out_;
    std::map<std::uint16_t, std::uint64_t> sent_;
    std::map<std::uint16_t, std::uint64_t> in_;
    std::optional<std::uint64_t>           current_;
    virtio::SocketHeader                   header_{};
    std::size_t                            read_ = 0;
};

/// One of the three that talk. A restart makes it anew; links and bells are what stays.
class Node {
public:
    static constexpr std::size_t k_sockets = 12;

    struct Cable {
        kit::Memory*  own;
        kit::Memory*  peer;
        std::uint32_t cid;
        FakeBell*     bell; ///< of the other side
    };
    Node(std::uint32_t cid, std::vector<Cable> cables)
        : relay{cid, lines}
    {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            lines[i].cid = cables[i].cid;
            EXPECT_TRUE(lines[i].link.open(cables[i].own->bytes(), cables[i].peer->bytes(),
                                           *cables[i].bell));
        }
    }
    Node(const Node&)            = delete;
    Node& operator=(const Node&) = delete;
    virtual ~Node()              = default;

    virtual Endpoint& sockets() = 0;
    /// Something short of a notification that this node does by itself; whether there was.
    virtual bool               interrupt() { return false; }
    [[nodiscard]] virtual bool is_sound() const { return true; }

    bool                orderly = false;
    std::array<Line, 2> lines{};
    Relay               relay;
};

class Program final : public Node {
public:
    Program(std::uint32_t cid, const std::vector<Cable>& cables, std::uint64_t /*features*/)
        : Node{cid, cables}
    {
    }
    Endpoint& sockets() override { return endpoint_; }

private:
    Endpoint::Storage<k_sockets, 2048> storage_{};
    Endpoint                           endpoint_{relay, storage_};
};

class Guest final : public Node {
public:
    Guest(std::uint32_t cid, const std::vector<Cable>& cables, std::uint64_t features)
        : Node{cid, cables}
    {
        EXPECT_TRUE(switch_.start(features));
    }
    ~Guest() override
    {
        if (orderly) { // a guest that reboots; otherwise its VMM is restarted, and nobody says so
            device_.reset();
        }
    }
    Endpoint& sockets() override { return endpoint_; }
    bool      interrupt() override
    {
        const bool pending = switch_.pending();
        switch_.interrupt();
        return pending;
    }
    [[nodiscard]] bool is_sound() const override
    {
        return !switch_.broken() && device_.connections() <= 16;
    }

private:
    kit::GuestRam                      ram_{1 << 16};
    virtio::Socket::Storage<16, 4>     device_storage_{};
    virtio::Socket                     device_{relay, device_storage_};
    GuestSwitch                        switch_{ram_, device_};
    Endpoint::Storage<k_sockets, 2048> storage_{};
    Endpoint                           endpoint_{switch_, storage_};
};
