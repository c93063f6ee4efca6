// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO entropy device (virtIO 1.2, 5.4): random bytes for clients, who each have a
// ring of their own (sddf/entropy.hpp).
//
// The device writes into memory of this driver only, from where each byte goes to one client.
#include "device.hpp"

#include "microkit/require.hpp"
#include "sddf/entropy.hpp"

#include <array>
#include <cstring>
#include <span>

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".entropy_driver_config") sddf::entropy::DriverConfig entropy_config;

namespace {

using virtio_driver::Virtqueue;

constexpr std::uint32_t k_device_type = 4;
constexpr std::uint16_t k_chunks      = 4; ///< requests that are under way at most
constexpr std::uint32_t k_chunk       = 1024;

/// In the memory that the device shares, by token.
using Chunks                         = std::array<std::array<std::byte, k_chunk>, k_chunks>;
constexpr std::size_t k_queue_offset = 0x4000;
constexpr std::size_t k_end          = 0x5000;
static_assert(sizeof(Chunks) <= k_queue_offset);
static_assert(Virtqueue::bytes_for(k_chunks) <= k_end - k_queue_offset);

virtio_driver::Device device{device_resources};
Virtqueue             queue;

std::array<sddf::serial::Producer, sddf::k_max_clients> clients;
std::size_t                                             turn; ///< who is first next time

std::array<std::uint32_t, k_chunks> asked; ///< bytes, by token
std::uint32_t                       under_way;

std::span<sddf::serial::Producer> all_clients()
{
    return std::span{clients}.first(entropy_config.num_clients);
}

/// Gives `bytes` to the clients whose rings have space: first the same to each, then the rest to
/// whoever takes it. What nobody takes is lost.
void share(std::span<const std::byte> bytes)
{
    const auto rings  = all_clients();
    const auto hungry = static_cast<std::size_t>(
        std::ranges::count_if(rings, [](const auto& ring) { return ring.space() != 0; }));
    if (hungry == 0) {
        return;
    }
    const std::size_t equal = std::max<std::size_t>(bytes.size() / hungry, 1);
    for (const std::size_t portion : {equal, bytes.size()}) {
        for (std::size_t i = 0; i < rings.size(); ++i) {
            auto& ring = rings[(turn + i) % rings.size()];
            bytes      = bytes.subspan(ring.write(bytes.first(std::min(portion, bytes.size()))));
        }
    }
    turn = (turn + 1) % rings.size();
}

/// At most as many chunks as there are.
void take_from_device()
{
    for (unsigned i = 0; i < queue.size(); ++i) {
        const auto used = queue.pop();
        if (!used) {
            break;
        }
        auto& chunk = device.contents<Chunks>()[used->token];
        share(std::span{chunk}.first(std::min(used->written, asked[used->token])));
        chunk.fill(std::byte{0});
        under_way -= asked[used->token];
    }
}

void ask_device()
{
    std::uint64_t wanted = 0;
    for (auto& ring : all_clients()) {
        if (ring.space() != 0 || ring.ask_for_space(1)) {
            wanted += ring.space();
        }
    }
    while (wanted > under_way && queue.free() != 0) {
        const auto size =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted - under_way, k_chunk));
        const auto token = queue.next_token();
        (void)queue.add({{device.address_of(&device.contents<Chunks>()[token]), size, true}});
        asked[token] = size;
        under_way += size;
    }
    if (queue.publish()) {
        device.transport.notify(0);
    }
}

void run()
{
    take_from_device();
    ask_device();
    for (unsigned i = 0; i < entropy_config.num_clients; ++i) {
        if (clients[i].publish()) {
            microkit::Channel{entropy_config.clients[i].id}.notify();
        }
    }
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(entropy_config));
    require(device.open(k_device_type, k_end));
    device.contents<Chunks>() = {}; // nothing of before a restart is left
    for (unsigned i = 0; i < entropy_config.num_clients; ++i) {
        const auto& client = entropy_config.clients[i];
        require(clients[i].open(client.queue.bytes(), client.data.bytes()));
    }
    turn      = 0;
    under_way = 0;
    require(device.transport.negotiate(0));
    require(device.open_queue(0, queue, k_queue_offset, k_chunks));
    device.transport.start();
    run();
    for (unsigned i = 0; i < entropy_config.num_clients; ++i) {
        // Before a restart a ring may have been filled without a notification.
        microkit::Channel{entropy_config.clients[i].id}.notify();
    }
    device.take_interrupts();
}

void notified(microkit::Channel channel) { device.on_event(channel, run); }
