// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO network device (virtIO 1.2, 5.1): sDDF's network class.
//
// Buffers that are with the device are written down in the memory that it shares, and each event is
// one change (sddf/journal.hpp) before the device hears of it: a restart loses no buffer.
#include "device.hpp"

#include "microkit/require.hpp"
#include "sddf/journal.hpp"
#include "sddf/network.hpp"

#include <array>
#include <cstddef>

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".net_driver_config") sddf::network::DriverConfig net_config;

namespace {

using sddf::network::Consumer;
using sddf::network::k_buffer_size;
using sddf::network::Producer;
using virtio_driver::Virtqueue;

constexpr std::uint32_t k_device_type = 1;
constexpr unsigned      k_rx          = 0;
constexpr unsigned      k_tx          = 1;

/// virtio_net_hdr of a device without offloads: nothing in it is used.
using Header = std::array<std::uint8_t, 12>;

/// In the memory that the device shares, by token: headers, and the buffers that the device has.
struct Slots {
    std::array<Header, Virtqueue::k_most>        headers;
    Header                                       no_offloads;
    std::uint32_t                                padding;
    std::array<std::uint64_t, Virtqueue::k_most> receiving; ///< address + 1, or 0
    std::array<std::uint64_t, Virtqueue::k_most> sending;   ///< likewise
};
constexpr std::size_t k_rx_offset = 0x4000;
constexpr std::size_t k_tx_offset = 0x8000;
constexpr std::size_t k_end       = 0xc000;
static_assert(sizeof(Slots) <= k_rx_offset);
static_assert(Virtqueue::bytes_for(Virtqueue::k_most) <= k_tx_offset - k_rx_offset);

virtio_driver::Device device{device_resources};
Virtqueue             rx_queue;
Virtqueue             tx_queue;
Consumer              rx_free;
Producer              rx_active;
Consumer              tx_active;
Producer              tx_free;

/// Of an event; in memory that a restart keeps.
constinit sddf::Journal journal;

Slots& slots() { return device.contents<Slots>(); }

/// As one change: which buffers came and went. Only then the device hears of it.
void show()
{
    journal.stage(rx_free);
    journal.stage(rx_active);
    journal.stage(tx_active);
    journal.stage(tx_free);
    journal.commit();
    (void)rx_free.release();
    (void)tx_active.release();
    const bool has_received = rx_active.publish_if_asked();
    const bool has_sent     = tx_free.publish_if_asked();
    journal.done();
    if (rx_queue.publish()) {
        device.transport.notify(k_rx);
    }
    if (tx_queue.publish()) {
        device.transport.notify(k_tx);
    }
    if (has_received) {
        microkit::Channel{net_config.virt_rx.id}.notify();
    }
    if (has_sent) {
        microkit::Channel{net_config.virt_tx.id}.notify();
    }
}

/// Writes down who has a buffer, after the journal has room: a long event is shown in parts.
void set(std::uint64_t& entry, std::uint64_t value)
{
    journal.note(entry);
    entry = value;
}
void make_room()
{
    if (!journal.has_room(2 * sizeof(std::uint64_t))) {
        show();
    }
}

bool can_receive() { return rx_queue.free() >= 2; }
bool can_send() { return tx_queue.free() >= 2; }

void offer(std::uint64_t address)
{
    const std::uint16_t slot = rx_queue.next_token();
    (void)rx_queue.add({{device.address_of(&slots().headers[slot]), sizeof(Header), true},
                        {address, k_buffer_size, true}});
    set(slots().receiving[slot], address + 1);
}

void give_back_sent(std::uint64_t address) { (void)tx_free.push({.io_or_offset = address}); }

/// Frames that have arrived. At most a queue of them, since each keeps its place until then.
void take_received()
{
    for (unsigned i = 0; i < rx_queue.size(); ++i) {
        make_room();
        const auto used = rx_queue.pop();
        if (!used) {
            break;
        }
        const auto address = slots().receiving[used->token] - 1;
        set(slots().receiving[used->token], 0);
        constexpr std::uint32_t k_extra = sizeof(Header);
        if (used->written <= k_extra || used->written > k_extra + k_buffer_size) {
            offer(address); // no frame: the device may try again
            continue;
        }
        (void)rx_active.push(
            {.io_or_offset = address, .len = static_cast<std::uint16_t>(used->written - k_extra)});
    }
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void offer_buffers()
{
    rx_free.ask_first();
    for (auto left = rx_free.available(); left != 0 && can_receive(); --left) {
        make_room();
        const auto buffer = rx_free.pop();
        if (!buffer) {
            break;
        }
        offer(buffer->io_or_offset);
    }
    if (!can_receive()) {
        rx_free.decline(); // the device's interrupt comes
    }
}

void take_sent()
{
    for (unsigned i = 0; i < tx_queue.size(); ++i) {
        make_room();
        const auto used = tx_queue.pop();
        if (!used) {
            break;
        }
        give_back_sent(slots().sending[used->token] - 1);
        set(slots().sending[used->token], 0);
    }
}

/// Likewise.
void send_frames()
{
    tx_active.ask_first();
    for (auto left = tx_active.available(); left != 0 && can_send(); --left) {
        make_room();
        const auto frame = tx_active.pop();
        if (!frame) {
            break;
        }
        if (frame->len == 0 || frame->len > k_buffer_size) {
            give_back_sent(frame->io_or_offset);
            continue;
        }
        const std::uint16_t slot = tx_queue.next_token();
        (void)tx_queue.add({{device.address_of(&slots().no_offloads), sizeof(Header), false},
                            {frame->io_or_offset, frame->len, false}});
        set(slots().sending[slot], frame->io_or_offset + 1);
    }
    if (!can_send()) {
        tx_active.decline();
    }
}

void run()
{
    take_received();
    offer_buffers();
    take_sent();
    send_frames();
    show();
}

/// Frames that were with the device before a restart go back unsent: they may get lost, buffers may
/// not.
void recover_sending()
{
    for (auto& entry : slots().sending) {
        make_room();
        if (entry != 0) {
            give_back_sent(entry - 1);
            set(entry, 0);
        }
    }
    show();
}

/// Buffers for frames that were with it are offered again, in one change: two words each, and the
/// queue has half as many as it has descriptors.
void recover_receiving()
{
    const auto before = slots().receiving;
    for (auto& entry : slots().receiving) {
        if (entry != 0) {
            set(entry, 0);
        }
    }
    for (const auto entry : before) {
        if (entry != 0 && can_receive()) {
            offer(entry - 1);
        }
    }
    show();
}
static_assert(Virtqueue::k_most <= sddf::Journal::k_words);

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    require(device.open(k_device_type, k_end));
    const auto& rx = net_config.virt_rx;
    const auto& tx = net_config.virt_tx;
    journal.recover();
    require(rx_free.open(rx.free_queue.bytes(), rx.num_buffers));
    require(rx_active.open(rx.active_queue.bytes(), rx.num_buffers));
    require(tx_active.open(tx.active_queue.bytes(), tx.num_buffers));
    require(tx_free.open(tx.free_queue.bytes(), tx.num_buffers));
    rx_queue            = {};
    tx_queue            = {};
    slots().no_offloads = {};
    recover_sending();
    require(device.transport.negotiate(0));
    require(device.open_queue(k_rx, rx_queue, k_rx_offset));
    require(device.open_queue(k_tx, tx_queue, k_tx_offset));
    device.transport.start();
    recover_receiving();
    run();
    // Before a restart a counter may have moved without a notification.
    microkit::Channel{rx.id}.notify();
    microkit::Channel{tx.id}.notify();
    device.take_interrupts();
}

void notified(microkit::Channel channel) { device.on_event(channel, run); }
