// SPDX-License-Identifier: BSD-2-Clause
// The card: asks the gateway of QEMU's user network for its address (ARP), so that a frame goes out
// and one comes in.
#include "check.hpp"

#include <array>

namespace guest {
namespace {

using namespace feature;

constexpr std::uint32_t k_receive = 0, k_transmit = 1, k_control = 2;
constexpr std::uint32_t k_header = 12;
constexpr std::uint16_t k_slots  = 16;

struct Header {
    std::uint8_t  flags;
    std::uint8_t  gso_type;
    std::uint16_t hdr_len;
    std::uint16_t gso_size;
    std::uint16_t csum_start;
    std::uint16_t csum_offset;
    std::uint16_t num_buffers;
};
static_assert(sizeof(Header) == k_header);

class Check {
public:
    Check(Driver& driver, Random& random, Scratch memory)
        : driver_{driver}
        , random_{random}
        , memory_{memory}
        , out_{memory_.take(256)}
        , in_{memory_.take(k_slots * 2048UL)}
        , command_{memory_.take(64)}
    {
    }

    Wrong run();

private:
    bool  send(std::uint32_t size, const Header& header);
    void  write_question();
    bool  is_answer(std::uint64_t frame, std::uint32_t size) const;
    bool  hears_answer();
    Wrong commands();
    bool  command(std::span<const std::uint8_t> bytes);
    void  offer_room(std::uint16_t slot);

    Driver&                     driver_;
    Random&                     random_;
    Scratch                     memory_;
    std::uint64_t               out_, in_, command_;
    std::uint32_t               room_ = 2048;
    std::array<std::uint8_t, 6> mac_{};
};

/// A request for the hardware address of 10.0.2.2 by 10.0.2.99 (RFC 826).
void Check::write_question()
{
    std::array<std::uint8_t, 60> frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0,
                                       0,    8,    6,    0,    1,    8,    0, 6, 4, 0, 1};
    for (std::size_t i = 0; i < mac_.size(); ++i) {
        frame[6 + i]  = mac_[i];
        frame[22 + i] = mac_[i];
    }
    constexpr std::array<std::uint8_t, 4> k_own{10, 0, 2, 99}, k_gateway{10, 0, 2, 2};
    for (std::size_t i = 0; i < 4; ++i) {
        frame[28 + i] = k_own[i];
        frame[38 + i] = k_gateway[i];
    }
    poke(out_ + k_header, frame);
}

bool Check::is_answer(std::uint64_t frame, std::uint32_t size) const
{
    const auto* const it = bytes_at(frame);
    return size >= 42 && it[12] == 8 && it[13] == 6 && it[21] == 2 && it[28] == 10 && it[31] == 2;
}

bool Check::send(std::uint32_t size, const Header& header)
{
    poke(out_, header);
    const bool split = random_.one_in(2);
    // Without VIRTIO_F_VERSION_1 the header would have to stand alone; with it anything goes.
    const std::array<Piece, 2> two{{{out_, 20, false}, {out_ + 20, k_header + size - 20, false}}};
    const Piece                one{out_, k_header + size, false};
    return driver_.request(k_transmit, split ? std::span<const Piece>{two} : std::span{&one, 1})
        .has_value();
}

void Check::offer_room(std::uint16_t slot)
{
    const Piece piece{in_ + slot * 2048UL, room_, true};
    driver_.put(k_receive, {&piece, 1});
}

/// Looks at frames until the answer is there; other frames pass.
bool Check::hears_answer()
{
    Ring&         ring = driver_.ring(k_receive);
    std::uint32_t written;
    std::uint16_t head;
    const auto    limit = now() + 2 * ticks_per_second();
    while (now() < limit) {
        if (!ring.take(written, head)) {
            continue;
        }
        const auto at     = in_ + head * 2048UL;
        const auto header = peek<Header>(at);
        const bool found  = is_answer(at + k_header, written - k_header);
        // With small buffers the rest of a frame follows in the next ones.
        for (unsigned more = header.num_buffers; more > 1; --more) {
            offer_room(head);
            if (!wait_until([&] { return ring.take(written, head); })) {
                return false;
            }
        }
        offer_room(head);
        if (found) {
            return header.num_buffers == (driver_.has(k_mrg_rxbuf) ? header.num_buffers : 1);
        }
    }
    return false;
}

bool Check::command(std::span<const std::uint8_t> bytes)
{
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes_at(command_)[i] = bytes[i];
    }
    bytes_at(command_)[32] = 0xee;
    const std::array<Piece, 2> pieces{
        {{command_, static_cast<std::uint32_t>(bytes.size()), false}, {command_ + 32, 1, true}}};
    return driver_.request(k_control, pieces) && bytes_at(command_)[32] == 0;
}

Wrong Check::commands()
{
    constexpr std::array<std::uint8_t, 3> k_promiscuous{0, 0, 1}, k_normal{0, 0, 0},
        k_all_unicast{0, 2, 0}, k_unknown{77, 1, 0};
    if (command(k_unknown)) {
        return "an unknown command was good";
    }
    if (command(k_promiscuous) != driver_.has(k_ctrl_rx) ||
        command(k_normal) != driver_.has(k_ctrl_rx)) {
        return "a receive mode was answered wrongly";
    }
    if (command(k_all_unicast) != driver_.has(k_ctrl_rx_extra)) {
        return "an extra receive mode was answered wrongly";
    }
    return nullptr;
}

Wrong Check::run()
{
    const Window& window = driver_.window();
    for (std::size_t i = 0; i < mac_.size(); ++i) {
        // Also without MAC, since nobody in between would let another address pass.
        mac_[i] = window.config8(i);
    }
    if (driver_.has(k_status) && (window.config16(6) & 1) == 0) {
        return "the link is down";
    }
    if (driver_.has(k_mtu) && window.config16(10) < 68) {
        return "the MTU is too small";
    }
    room_             = driver_.has(k_mrg_rxbuf) ? 64 : 2048;
    const auto queues = driver_.has(k_ctrl_vq) ? 3U : 2U;
    for (std::uint32_t i = 0; i < queues; ++i) {
        if (driver_.add_queue(i, k_slots, memory_.take(Ring::bytes(k_slots))) == nullptr) {
            return "a queue is missing";
        }
    }
    if (!driver_.start()) {
        return "it does not start";
    }
    for (std::uint16_t i = 0; i < k_slots; ++i) {
        offer_room(i);
    }
    if (driver_.has(k_ctrl_vq)) {
        if (const Wrong wrong = commands()) {
            return wrong;
        }
    }
    // A frame may get lost; many in a row do not.
    write_question();
    bool heard = false;
    for (unsigned tries = 0; tries < 10 && !heard; ++tries) {
        if (!send(60, {})) {
            return "a frame was not taken";
        }
        heard = hears_answer();
    }
    if (!heard) {
        return "nobody answers";
    }
    if (driver_.has(k_csum) && !send(60, {.flags       = 1,
                                          .gso_type    = 0,
                                          .hdr_len     = 0,
                                          .gso_size    = 0,
                                          .csum_start  = 14,
                                          .csum_offset = 20,
                                          .num_buffers = 0})) {
        return "a frame that lacks a checksum was not taken";
    }
    write_question();
    wish(driver_, driver_.ring(k_receive), false); // frames of others are not to disturb
    const auto write = [&] { return send(60, {}); };
    if (const Wrong wrong = check_notifications(driver_, driver_.ring(k_transmit), write)) {
        return wrong;
    }
    if (driver_.has(k_ring_reset)) {
        if (const Wrong wrong =
                reset_queue(driver_, k_transmit, memory_.take(Ring::bytes(k_slots)))) {
            return wrong;
        }
        return write() ? nullptr : "nothing is taken after a queue's reset";
    }
    return nullptr;
}

} // namespace

Wrong check_network(Driver& driver, Random& random, Scratch memory)
{
    return Check{driver, random, memory}.run();
}

} // namespace guest
