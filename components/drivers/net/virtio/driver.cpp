// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO network device (virtIO 1.2, 5.1): sDDF's network class.
//
// Buffers that are with the device are written down in the memory region of the rings, which
// outlives this program's own state: a restart loses none.
#include "transport.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"

#include <algorithm>
#include <array>
#include <bit>
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

/// In the region of the rings, by token: headers, and the buffers that the device has.
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

virtio_driver::Transport transport;
Virtqueue                rx_queue;
Virtqueue                tx_queue;
Consumer                 rx_free;
Producer                 rx_active;
Consumer                 tx_active;
Producer                 tx_free;

const sddf::DeviceRegion& rings() { return device_resources.regions[1]; }

Slots& slots() { return *reinterpret_cast<Slots*>(rings().region.vaddr); }

std::uint64_t address_of(const void* inside)
{
    return rings().io_addr + (reinterpret_cast<std::uint64_t>(inside) - rings().region.vaddr);
}

bool can_receive() { return rx_queue.free() >= 2; }
bool can_send() { return tx_queue.free() >= 2; }

void offer(std::uint64_t address)
{
    const std::uint16_t slot = rx_queue.next_token();
    (void)rx_queue.add({{address_of(&slots().headers[slot]), sizeof(Header), true},
                        {address, k_buffer_size, true}});
    slots().receiving[slot] = address + 1;
}

void give_back_sent(std::uint64_t address) { (void)tx_free.push({.io_or_offset = address}); }

/// Frames that have arrived. At most a queue of them, since each keeps its place until then.
void take_received()
{
    for (unsigned i = 0; i < rx_queue.size(); ++i) {
        const auto used = rx_queue.pop();
        if (!used) {
            break;
        }
        const auto address              = slots().receiving[used->token] - 1;
        slots().receiving[used->token]  = 0;
        constexpr std::uint32_t k_extra = sizeof(Header);
        if (used->written <= k_extra || used->written > k_extra + k_buffer_size) {
            offer(address); // no frame: the device may try again
            continue;
        }
        (void)rx_active.push(
            {.io_or_offset = address, .len = static_cast<std::uint16_t>(used->written - k_extra)});
    }
}

void offer_buffers()
{
    do {
        while (can_receive()) {
            const auto buffer = rx_free.pop();
            if (!buffer) {
                break;
            }
            offer(buffer->io_or_offset);
        }
        // Without room at the device no notification is needed: its interrupt comes.
    } while (rx_free.ask_unless([] { return rx_free.available() != 0 && can_receive(); }));
    (void)rx_free.release();
}

void take_sent()
{
    for (unsigned i = 0; i < tx_queue.size(); ++i) {
        const auto used = tx_queue.pop();
        if (!used) {
            break;
        }
        give_back_sent(slots().sending[used->token] - 1);
        slots().sending[used->token] = 0;
    }
}

void send_frames()
{
    // What is there now, and no more than the device has room for.
    do {
        while (can_send()) {
            const auto frame = tx_active.pop();
            if (!frame) {
                break;
            }
            if (frame->len == 0 || frame->len > k_buffer_size) {
                give_back_sent(frame->io_or_offset);
                continue;
            }
            const std::uint16_t slot = tx_queue.next_token();
            (void)tx_queue.add({{address_of(&slots().no_offloads), sizeof(Header), false},
                                {frame->io_or_offset, frame->len, false}});
            slots().sending[slot] = frame->io_or_offset + 1;
        }
    } while (tx_active.ask_unless([] { return tx_active.available() != 0 && can_send(); }));
    (void)tx_active.release();
}

void run()
{
    take_received();
    offer_buffers();
    take_sent();
    send_frames();
    if (rx_queue.publish()) {
        transport.notify(k_rx);
    }
    if (tx_queue.publish()) {
        transport.notify(k_tx);
    }
    if (rx_active.publish_if_asked()) {
        microkit::Channel{net_config.virt_rx.id}.notify();
    }
    if (tx_free.publish_if_asked()) {
        microkit::Channel{net_config.virt_tx.id}.notify();
    }
}

/// Forgets buffers that an interrupted event had taken, but not released: they are in the ring.
void forget_waiting(std::span<std::byte> ring, std::uint16_t capacity,
                    std::array<std::uint64_t, Virtqueue::k_most>& taken)
{
    Consumer waiting;
    microkit::require(waiting.open(ring, capacity));
    while (const auto buffer = waiting.pop()) {
        std::ranges::replace(taken, buffer->io_or_offset + 1, std::uint64_t{0});
    }
}

/// What was with the device before a restart: received again into, and given back unsent.
void recover()
{
    const auto receiving = slots().receiving;
    slots().receiving.fill(0);
    for (const auto entry : receiving) {
        if (entry != 0 && can_receive()) {
            offer(entry - 1);
        }
    }
    for (auto& entry : slots().sending) {
        if (entry != 0) {
            give_back_sent(entry - 1);
            entry = 0;
        }
    }
}

void open_queue(Virtqueue& queue, unsigned index, std::size_t offset)
{
    const auto size = std::min<std::uint32_t>(transport.queue_limit(index), Virtqueue::k_most);
    microkit::require(queue.open(rings().region.bytes().subspan(offset), rings().io_addr + offset,
                                 static_cast<std::uint16_t>(std::bit_floor(size))));
    transport.set_queue(index, queue);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(device_resources, 2, 1));
    require(sddf::check(net_config));
    const auto& rx = net_config.virt_rx;
    const auto& tx = net_config.virt_tx;
    require(rx_free.open(rx.free_queue.bytes(), rx.num_buffers));
    require(rx_active.open(rx.active_queue.bytes(), rx.num_buffers));
    require(tx_active.open(tx.active_queue.bytes(), tx.num_buffers));
    require(tx_free.open(tx.free_queue.bytes(), tx.num_buffers));
    if (rings().region.size < k_end) {
        microkit::panic("the region for the rings is too small");
    }
    require(transport.open(device_resources.regions[0].region.vaddr, k_device_type));
    require(transport.negotiate(0));
    open_queue(rx_queue, k_rx, k_rx_offset);
    open_queue(tx_queue, k_tx, k_tx_offset);
    slots().no_offloads = {};
    forget_waiting(rx.free_queue.bytes(), rx.num_buffers, slots().receiving);
    forget_waiting(tx.active_queue.bytes(), tx.num_buffers, slots().sending);
    recover();
    transport.start();
    run();
}

void notified(microkit::Channel channel)
{
    if (channel.id() == device_resources.irqs[0]) {
        transport.acknowledge_interrupt();
        run();
        channel.acknowledge_at_end();
    } else {
        run();
    }
}
