// SPDX-License-Identifier: BSD-2-Clause
// A program's sockets at a link whose other side writes anything into its region, at any time, and
// good packets between. Nothing outside of the rings is touched, and nothing grows.
#include "input.hpp"

#include "kit/bell.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/relay.hpp"

#include <array>
#include <cstring>

namespace {

struct alignas(8) Region {
    std::array<std::byte, sizeof(vsock::Half) + 1024> bytes{};
};

/// What the program does now and then.
void program(vsock::Endpoint& sockets, std::array<vsock::Handle, 4>& handles, fuzz::Input& input)
{
    std::array<std::byte, 100> bytes{};
    const auto                 what   = input.take(2);
    vsock::Handle&             handle = handles[what & 3];
    const auto                 size   = static_cast<std::size_t>(what >> 8) % bytes.size();
    switch (what >> 2 & 7) {
    case 0:
        sockets.close(handle);
        handle = sockets.accept(7).value_or(handle);
        break;
    case 1:
        sockets.close(handle);
        handle = sockets.connect(4, 9, vsock::SocketType::seqpacket).value_or(handle);
        break;
    case 2:
        fuzz::require(sockets.send(handle, std::span{bytes}.first(size), vsock::End::message) <=
                      size);
        break;
    case 3:
    case 4:
        fuzz::require(sockets.receive(handle, std::span{bytes}.first(size)).size <= size);
        break;
    case 5:
        sockets.shutdown(handle, static_cast<std::uint32_t>(what >> 8 & 3));
        break;
    default:
        sockets.close(handle);
        break;
    }
    sockets.flush();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Region                           own;
    Region                           theirs;
    Bell                             bell;
    vsock::Line                      line{.cid = 4};
    vsock::Link                      other;
    vsock::Relay                     relay{3, {&line, 1}};
    vsock::Endpoint::Storage<5, 128> storage;
    vsock::Endpoint                  sockets{relay, storage};
    std::array<vsock::Handle, 4>     handles{};
    fuzz::require(line.link.open(own.bytes, theirs.bytes, bell).has_value());
    fuzz::require(other.open(theirs.bytes, own.bytes, bell).has_value());
    relay.notified();
    fuzz::require(sockets.listen(7));
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0: { // any word of it
            const auto at    = input.take(2) % (theirs.bytes.size() - 8);
            const auto value = input.take(8);
            std::memcpy(theirs.bytes.data() + at, &value, 8);
            break;
        }
        case 1: { // a word at the beginning, with a small number
            const auto value = input.take(2);
            std::memcpy(theirs.bytes.data() + (what >> 3) % 12 * 4, &value, 4);
            break;
        }
        case 2:
            other.poll();
            break;
        case 3:
            other.restart();
            break;
        case 4:
        case 5: { // a packet that is nearly good
            const auto                 bits = input.take(4);
            std::array<std::byte, 200> bytes{};
            const auto            length = static_cast<std::uint32_t>((bits >> 24) % bytes.size());
            const virtio::Segment segment{bytes.data(), 200};
            virtio::Reader        payload{{&segment, 1}, 200};
            if (const auto room = other.room(length); room && *room == length) {
                other.send(
                    {.src_cid   = 4,
                     .dst_cid   = 3,
                     .src_port  = static_cast<std::uint32_t>(bits & 3),
                     .dst_port  = static_cast<std::uint32_t>((bits & 4) != 0 ? 7 : 0x8000'0000),
                     .len       = length,
                     .type      = static_cast<vsock::SocketType>(1 + (bits >> 3 & 1)),
                     .op        = static_cast<virtio::SocketOp>(bits >> 4 & 7),
                     .flags     = static_cast<std::uint32_t>(bits >> 7 & 3),
                     .buf_alloc = static_cast<std::uint32_t>(bits >> 9 & 0xff),
                     .fwd_cnt   = static_cast<std::uint32_t>(bits >> 17 & 0x3f)},
                    payload);
                other.publish();
            }
            while (other.next() != nullptr) {
                other.release();
            }
            other.give_back();
            break;
        }
        default:
            program(sockets, handles, input);
            break;
        }
        relay.notified();
        fuzz::require(sockets.in_use() <= 5);
    }
    // Whatever was: with good manners it is all there again.
    theirs = {};
    fuzz::require(other.open(theirs.bytes, own.bytes, bell).has_value());
    relay.notified();
    other.poll();
    relay.notified();
    fuzz::require(other.is_up() && line.link.is_up());
    for (const auto handle : handles) {
        sockets.close(handle);
    }
    sockets.flush();
    while (const auto handle = sockets.accept(7)) {
        sockets.close(*handle);
    }
    sockets.flush();
    fuzz::require(sockets.in_use() == 1);
    return 0;
}
