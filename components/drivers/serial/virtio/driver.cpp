// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO console device (virtIO 1.2, 5.3), its first port: sDDF's serial class.
//
// What a restart needs lies in the memory that the device shares: bytes leave the transmit queue
// when the device is done with them, and it is known how far what the device has received was
// passed on. Each of these words is written in one piece, so that a restart may come at any time.
#include "device.hpp"

#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/serial.hpp"
#include "sddf/shared.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".serial_driver_config") sddf::serial::DriverConfig serial_config;

namespace {

using virtio_driver::Virtqueue;

constexpr std::uint32_t k_device_type = 3;
constexpr unsigned      k_in          = 0; ///< receiveq(port0)
constexpr unsigned      k_out         = 1; ///< transmitq(port0)
constexpr std::uint16_t k_in_chunks   = 8;
constexpr std::uint16_t k_out_chunks  = 4;
constexpr std::uint32_t k_in_chunk    = 256;
constexpr std::uint32_t k_out_chunk   = 2048;

/// A place in a stream of bytes, and whether it says something.
class Mark {
public:
    constexpr Mark() = default;
    constexpr Mark(std::uint32_t position, std::uint16_t chunk = 0)
        : word_{k_valid | std::uint64_t{chunk} << 32 | position}
    {
    }
    [[nodiscard]] bool          is_valid() const { return (word_ & k_valid) != 0; }
    [[nodiscard]] std::uint32_t position() const { return static_cast<std::uint32_t>(word_); }
    [[nodiscard]] std::uint16_t chunk() const { return static_cast<std::uint16_t>(word_ >> 32); }

    /// In one piece, after everything before it.
    void set(Mark mark) { sddf::store_release(word_, mark.word_); }

private:
    static constexpr std::uint64_t k_valid = 1ULL << 63;
    std::uint64_t                  word_   = 0;
};

/// In the memory that the device shares; chunks by token.
struct Contents {
    std::array<std::array<std::byte, k_in_chunk>, k_in_chunks>   in;
    std::array<std::array<std::byte, k_out_chunk>, k_out_chunks> out;

    /// Where the stream of transmitted bytes is after a chunk: for the latest chunks, by how many
    /// were sent before. The latest that the device can be done with is never overwritten.
    std::array<Mark, std::size_t{2} * k_out_chunks> sent;
    /// Which chunk (by how many arrived before) is being passed on, and where in the stream of
    /// received bytes it begins.
    Mark arriving;
};
constexpr std::size_t k_in_offset  = 0x4000;
constexpr std::size_t k_out_offset = 0x5000;
constexpr std::size_t k_end        = 0x6000;
static_assert(sizeof(Contents) <= k_in_offset);

virtio_driver::Device  device{device_resources};
Virtqueue              in_queue;
Virtqueue              out_queue;
sddf::serial::Consumer to_send;
sddf::serial::Producer received;

std::uint16_t                                        sent_count;  ///< chunks given to the device
std::uint32_t                                        unconfirmed; ///< bytes in chunks with it
std::array<std::uint32_t, std::size_t{k_out_chunks}> sizes;       ///< by token

/// A chunk that is being passed on.
std::optional<Virtqueue::Used> current;

Contents& contents() { return device.contents<Contents>(); }

std::uint32_t size_of(const Virtqueue::Used& chunk) { return std::min(chunk.written, k_in_chunk); }

void offer(std::uint16_t token)
{
    (void)in_queue.add({{device.address_of(&contents().in[token]), k_in_chunk, true}});
}

/// Passes on what is left of a chunk. False: there is no room for all of it.
bool pass_on(const Virtqueue::Used& chunk)
{
    auto&      arriving = contents().arriving;
    const auto size     = size_of(chunk);
    const auto bytes    = std::span{contents().in[chunk.token]}.first(size);
    const auto done     = std::min(received.position() - arriving.position(), size);
    const auto written  = received.write(bytes.subspan(done));
    if (received.publish()) {
        microkit::Channel{serial_config.rx.id}.notify();
    }
    if (done + written < size) {
        return false;
    }
    arriving.set({received.position(), static_cast<std::uint16_t>(arriving.chunk() + 1)});
    return true;
}

/// At most all chunks once.
void receive()
{
    if (!serial_config.rx_enabled) {
        return;
    }
    for (unsigned i = 0; i < k_in_chunks; ++i) {
        if (!current) {
            current = in_queue.pop();
        }
        if (!current) {
            return;
        }
        while (!pass_on(*current)) {
            if (!received.ask_for_space(1)) {
                return;
            }
        }
        offer(current->token);
        current.reset();
    }
}

void transmit()
{
    for (unsigned i = 0; i < k_out_chunks; ++i) {
        const auto used = out_queue.pop();
        if (!used) {
            break;
        }
        to_send.advance(sizes[used->token]);
        unconfirmed -= sizes[used->token];
    }
    for (unsigned i = 0; i < k_out_chunks && out_queue.free() != 0; ++i) {
        auto bytes = to_send.data(unconfirmed);
        if (bytes.empty()) {
            break;
        }
        bytes            = bytes.first(std::min<std::size_t>(bytes.size(), k_out_chunk));
        const auto size  = static_cast<std::uint32_t>(bytes.size());
        const auto token = out_queue.next_token();
        std::memcpy(contents().out[token].data(), bytes.data(), size);
        sizes[token] = size;
        unconfirmed += size;
        contents().sent[sent_count++ % contents().sent.size()].set(to_send.position() +
                                                                   unconfirmed);
        (void)out_queue.add({{device.address_of(&contents().out[token]), size, false}});
    }
    if (to_send.release()) {
        microkit::Channel{serial_config.tx.id}.notify();
    }
}

void run()
{
    receive();
    transmit();
    if (in_queue.publish()) {
        device.transport.notify(k_in);
    }
    if (out_queue.publish()) {
        device.transport.notify(k_out);
    }
}

/// The device was done with these bytes: they are not sent again.
void recover_sent()
{
    const auto count = device.past_queue(k_out, k_out_offset, k_out_chunks).count();
    const auto mark =
        contents().sent[static_cast<std::uint16_t>(count - 1) % contents().sent.size()];
    const auto sent = mark.position() - to_send.position();
    if (mark.is_valid() && sent <= to_send.available()) {
        to_send.advance(sent);
    }
    (void)to_send.release();
    for (auto& old : contents().sent) {
        old.set({});
    }
    sent_count  = 0;
    unconfirmed = 0;
}

/// Passes on what the device had received. Where there is no room, the rest is lost.
void recover_received()
{
    auto&      arriving = contents().arriving;
    const auto chunks   = device.past_queue(k_in, k_in_offset, k_in_chunks);
    if (arriving.is_valid()) {
        const auto left = static_cast<std::uint16_t>(chunks.count() - arriving.chunk());
        for (unsigned i = 0; i < left && left <= k_in_chunks; ++i) {
            const auto chunk = chunks.at(arriving.chunk());
            if (chunk.token >= k_in_chunks || !pass_on(chunk)) {
                break;
            }
        }
    }
    arriving.set({});
    current.reset();
}

void fill_receive_queue()
{
    for (std::uint16_t token = 0; token < in_queue.size(); ++token) {
        offer(token); // an empty queue gives its tokens in order
    }
    contents().arriving.set({received.position()});
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    require(device.open(k_device_type, k_end));
    require(to_send.open(serial_config.tx.queue.bytes(), serial_config.tx.data.bytes()));
    recover_sent();
    if (serial_config.rx_enabled) {
        require(received.open(serial_config.rx.queue.bytes(), serial_config.rx.data.bytes()));
        recover_received();
    }
    require(device.transport.negotiate(0));
    require(device.open_queue(k_in, in_queue, k_in_offset, k_in_chunks));
    require(device.open_queue(k_out, out_queue, k_out_offset, k_out_chunks));
    if (serial_config.rx_enabled) {
        fill_receive_queue();
    }
    device.transport.start();
    run();
    // Before a restart a counter may have moved without a notification.
    if (serial_config.rx_enabled) {
        microkit::Channel{serial_config.rx.id}.notify();
    }
    microkit::Channel{serial_config.tx.id}.notify();
    device.take_interrupts();
}

void notified(microkit::Channel channel) { device.on_event(channel, run); }
