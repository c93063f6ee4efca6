// SPDX-License-Identifier: BSD-2-Clause
// A protection domain without a guest that uses a disk partition and the network through the same
// drivers and virtualisers as a guest next to it: it answers ARP and ping, and keeps a note.
#include "note_server.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"
#include "sddf/timer.hpp"

#include <algorithm>

SDDF_CONFIG(".blk_client_config") sddf::block::ClientConfig blk_config;
SDDF_CONFIG(".net_client_config") sddf::network::ClientConfig net_config;
SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;

namespace {

constexpr std::uint32_t k_address = 0x0a00'0232; // 10.0.2.50, in the network that QEMU makes
constexpr std::uint64_t k_tick    = sddf::timer::k_nanoseconds;

native::Station    station;
native::NoteServer server;
native::DiskAction under_way{}; ///< the last request to the disk

sddf::block::RequestProducer  requests;
sddf::block::ResponseConsumer responses;
sddf::network::Producer       to_send;
sddf::network::Consumer       sent;
sddf::network::Consumer       received;
sddf::network::Producer       consumed;

/// A frame of our own: what is in shared memory may change while we look at it.
std::array<std::byte, sddf::network::k_buffer_size> frame;

void send(std::size_t length)
{
    const auto buffer = sent.pop();
    if (!buffer || !sddf::network::is_buffer(*buffer, net_config.tx.num_buffers)) {
        return; // all on their way: who asked asks again
    }
    const auto to = net_config.tx_data.part(buffer->io_or_offset, length);
    std::ranges::copy(std::span{frame}.first(to.size()), to.begin());
    (void)to_send.push(
        {.io_or_offset = buffer->io_or_offset, .len = static_cast<std::uint16_t>(to.size())});
}

std::span<std::byte> disk_buffer() { return blk_config.data.part(0, native::k_block); }

void ask_disk(const native::DiskRequest& wish)
{
    using sddf::block::Code;
    constexpr Code k_codes[] = {Code::read, Code::write, Code::flush};
    under_way                = wish.action;
    if (wish.action == native::DiskAction::write) {
        std::ranges::copy(server.block(), disk_buffer().begin());
    }
    const bool is_flush = wish.action == native::DiskAction::flush;
    (void)requests.push({.code         = k_codes[static_cast<unsigned>(wish.action)],
                         .block_number = wish.block,
                         .count        = static_cast<std::uint16_t>(is_flush ? 0 : 1)});
    if (requests.publish()) {
        microkit::Channel{blk_config.virt.id}.notify();
    }
}

void wake_later()
{
    microkit::set_message_word(0, k_tick);
    (void)microkit::Channel{timer_config.driver_id}.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

void act(const native::Step& step)
{
    if (!step.packet.empty()) {
        send(native::udp_out(station, native::NoteServer::k_port, server.peer(), step.packet,
                             frame));
    }
    if (step.disk) {
        ask_disk(*step.disk);
    }
}

void take_frame(const sddf::network::Descriptor& descriptor)
{
    const auto from   = net_config.rx_data.part(descriptor.io_or_offset, descriptor.len);
    const auto length = std::min(from.size(), frame.size());
    std::ranges::copy(from.first(length), frame.begin());
    const auto whole = std::span{frame}.first(length);
    if (const auto answer = native::answer(station, whole)) {
        send(*answer);
    } else if (const auto datagram = native::udp_in(station, native::NoteServer::k_port, whole)) {
        const bool was_busy = server.is_busy();
        act(server.received(datagram->peer, datagram->payload));
        if (!was_busy && server.is_busy()) {
            wake_later();
        }
    }
}

void look_at_network()
{
    do {
        while (const auto descriptor = received.pop()) {
            take_frame(*descriptor);
            (void)consumed.push({.io_or_offset = descriptor->io_or_offset});
        }
        (void)received.release();
        if (consumed.publish_if_asked()) {
            microkit::Channel{net_config.rx.id}.notify();
        }
    } while (received.ask_for_more());
    (void)sent.release();
    if (to_send.publish_if_asked()) {
        microkit::Channel{net_config.tx.id}.notify();
    }
}

void look_at_disk()
{
    while (const auto response = responses.pop()) {
        if (under_way == native::DiskAction::read) {
            std::ranges::copy(disk_buffer(), server.block().begin());
        }
        act(server.disk_done(response->status == sddf::block::Status::ok));
    }
    (void)responses.release();
}

/// Whether the disk is known by now.
bool find_disk()
{
    static bool is_known = false;
    const auto* info =
        reinterpret_cast<const sddf::block::StorageInfo*>(blk_config.virt.storage_info.vaddr);
    if (!is_known && info->is_ready()) {
        is_known = true;
        server.set_capacity(info->capacity);
        microkit::debug_print("native: the note has a partition of ",
                              info->capacity * native::k_block / 1024, " KiB\n");
    }
    return is_known;
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(blk_config));
    require(sddf::check(net_config));
    require(sddf::check(timer_config));
    const auto& disk = blk_config.virt;
    require(requests.open(disk.req_queue.bytes(), disk.num_buffers));
    require(responses.open(disk.resp_queue.bytes(), disk.num_buffers));
    const auto& tx = net_config.tx;
    (void)require(sddf::network::fill_free_ring(tx.free_queue.bytes(), tx.num_buffers));
    require(sent.open(tx.free_queue.bytes(), tx.num_buffers));
    require(to_send.open(tx.active_queue.bytes(), tx.num_buffers));
    const auto& rx = net_config.rx;
    require(consumed.open(rx.free_queue.bytes(), rx.num_buffers));
    require(received.open(rx.active_queue.bytes(), rx.num_buffers));
    consumed.adopt(); // the copier has filled it

    station = {.mac = net_config.mac_addr, .ip = k_address};
    microkit::debug_print("native: 10.0.2.50 answers\n");
    wake_later();
    look_at_network();
}

void notified(microkit::Channel channel)
{
    if (channel.id() == timer_config.driver_id) {
        act(server.silence());
        if (!find_disk() || server.is_busy()) {
            wake_later();
        }
    }
    (void)find_disk();
    look_at_disk();
    look_at_network();
}
