// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO block device (virtIO 1.2, 5.2): sDDF's block class, many requests in flight.
//
// Requests that a restart finds in flight are answered with an error: which they were is kept in
// the memory region of the rings, which outlives this program's own state.
#include "transport.hpp"

#include "base/checked.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".blk_driver_config") sddf::block::DriverConfig blk_config;

namespace {

using sddf::block::Code;
using sddf::block::Request;
using sddf::block::Status;
using virtio_driver::Virtqueue;

constexpr std::uint32_t k_device_type      = 2;
constexpr std::uint64_t k_feature_ro       = 1ULL << 5;
constexpr std::uint64_t k_feature_blk_size = 1ULL << 6;
constexpr std::uint64_t k_feature_flush    = 1ULL << 9;
constexpr unsigned      k_config_capacity  = 0;
constexpr unsigned      k_config_blk_size  = 20;

constexpr std::uint32_t k_sector            = 512;
constexpr std::uint32_t k_sectors_per_block = sddf::block::k_block_size / k_sector;

/// virtio_blk_req.type and status (5.2.6).
enum class Type : std::uint32_t { in = 0, out = 1, flush = 4 };
constexpr std::uint8_t k_ok      = 0;
constexpr std::uint8_t k_io_err  = 1;
constexpr std::uint8_t k_no_info = 0xff; ///< not written by the device

/// virtio_blk_req before its data.
struct Header {
    Type          type;
    std::uint32_t reserved;
    std::uint64_t sector;
};
static_assert(sizeof(Header) == 16);

/// In the region of the rings: what the device reads and writes of a request beside its data, and
/// which requests are in flight. A request's place is its token.
struct Slots {
    std::array<Header, Virtqueue::k_most>        headers;
    std::array<std::uint8_t, Virtqueue::k_most>  status;
    std::array<std::uint8_t, Virtqueue::k_most>  in_flight;
    std::array<std::uint32_t, Virtqueue::k_most> ids;
    std::array<std::uint16_t, Virtqueue::k_most> counts;
};
constexpr std::size_t k_queue_offset = 0x4000;
static_assert(sizeof(Slots) <= k_queue_offset);

virtio_driver::Transport      transport;
Virtqueue                     queue;
sddf::block::RequestConsumer  requests;
sddf::block::ResponseProducer responses;
std::uint64_t                 capacity  = 0; ///< in blocks
bool                          read_only = false;
bool                          can_flush = false;
unsigned                      in_flight = 0;
std::optional<std::uint32_t>  barrier; ///< id of one that waits for all before it

const sddf::DeviceRegion& rings() { return device_resources.regions[1]; }

Slots& slots() { return *reinterpret_cast<Slots*>(rings().region.vaddr); }

std::uint64_t address_of(const void* inside)
{
    return rings().io_addr + (reinterpret_cast<std::uint64_t>(inside) - rings().region.vaddr);
}

void answer(std::uint32_t id, Status status, std::uint16_t count = 0)
{
    // There is room: a request is taken only when there is.
    (void)responses.push({.status = status, .success_count = count, .id = id});
}

void submit(const Request& request, Type type)
{
    const bool has_data = type != Type::flush;
    // The token is known before the chain is made: it is the chain's first descriptor.
    const std::uint16_t slot   = queue.next_token();
    auto&               header = slots().headers[slot];
    header                     = {.type     = type,
                                  .reserved = 0,
                                  .sector   = has_data ? request.block_number * k_sectors_per_block : 0};
    slots().status[slot]       = k_no_info;
    slots().ids[slot]          = request.id;
    slots().counts[slot]       = has_data ? request.count : std::uint16_t{0};
    slots().in_flight[slot]    = 1;
    const virtio_driver::Piece first{address_of(&header), sizeof(Header), false};
    const virtio_driver::Piece last{address_of(&slots().status[slot]), 1, true};
    if (has_data) {
        (void)queue.add(
            {first,
             {request.io_or_offset, request.count * sddf::block::k_block_size, type == Type::in},
             last});
    } else {
        (void)queue.add({first, last});
    }
    ++in_flight;
}

bool is_inside(const Request& request)
{
    return request.count != 0 &&
           base::range_fits<std::uint64_t>(request.block_number, request.count, capacity);
}

void start(const Request& request)
{
    switch (request.code) {
    case Code::read:
    case Code::write:
        if (!is_inside(request) || (request.code == Code::write && read_only)) {
            answer(request.id, Status::invalid_parameter);
            return;
        }
        submit(request, request.code == Code::read ? Type::in : Type::out);
        return;
    case Code::flush:
        if (can_flush) {
            submit(request, Type::flush);
        } else {
            answer(request.id, Status::ok); // without the feature, a completed write is durable
        }
        return;
    case Code::barrier:
        barrier = request.id;
        return;
    }
    answer(request.id, Status::invalid_parameter);
}

void finish(std::uint16_t slot)
{
    const auto status = __atomic_load_n(&slots().status[slot], __ATOMIC_RELAXED);
    const auto id     = slots().ids[slot];
    if (status == k_ok) {
        answer(id, Status::ok, slots().counts[slot]);
    } else {
        answer(id, status == k_io_err ? Status::io : Status::unspecified);
    }
    --in_flight;
}

void run()
{
    // Slots whose response is on its way; they are free once it is published.
    std::array<std::uint16_t, Virtqueue::k_most> done;
    unsigned                                     count = 0;
    while (count < queue.size()) {
        const auto used = queue.pop();
        if (!used) {
            break;
        }
        finish(used->token);
        done[count++] = used->token;
    }
    for (;;) {
        if (barrier) {
            if (in_flight != 0) {
                break;
            }
            answer(*barrier, Status::ok);
            barrier.reset();
        }
        if (queue.free() < 3 || responses.space() <= in_flight) {
            break; // a completion, or the virtualiser, will bring us back
        }
        const auto request = requests.pop();
        if (!request) {
            break;
        }
        start(*request);
    }
    const bool notify = responses.publish();
    for (unsigned i = 0; i < count; ++i) {
        // A slot that was given to another request since then is in flight.
        if (!queue.is_in_use(done[i])) {
            slots().in_flight[done[i]] = 0;
        }
    }
    (void)requests.release();
    if (queue.publish()) {
        transport.notify(0);
    }
    if (notify) {
        microkit::Channel{blk_config.virt.id}.notify();
    }
}

/// What was in flight before a restart gets an answer, unless it waits in the ring still.
void answer_for_the_past()
{
    sddf::block::RequestConsumer waiting;
    microkit::require(waiting.open(blk_config.virt.req_queue.bytes(), blk_config.virt.num_buffers));
    while (const auto request = waiting.pop()) {
        for (std::size_t i = 0; i < Virtqueue::k_most; ++i) {
            if (slots().in_flight[i] != 0 && slots().ids[i] == request->id) {
                slots().in_flight[i] = 0;
            }
        }
    }
    for (std::size_t i = 0; i < Virtqueue::k_most; ++i) {
        if (slots().in_flight[i] != 0) {
            answer(slots().ids[i], Status::io);
        }
    }
    if (responses.publish()) {
        microkit::Channel{blk_config.virt.id}.notify();
    }
    slots().in_flight.fill(0);
}

void describe_disk(std::uint64_t features)
{
    auto& out = *reinterpret_cast<sddf::block::StorageInfo*>(blk_config.virt.storage_info.vaddr);
    out.set_ready(false);
    capacity          = transport.config64(k_config_capacity) / k_sectors_per_block;
    read_only         = (features & k_feature_ro) != 0;
    can_flush         = (features & k_feature_flush) != 0;
    out.serial_number = {};
    out.read_only     = read_only ? 1 : 0;
    out.sector_size   = static_cast<std::uint16_t>(
        (features & k_feature_blk_size) != 0 ? transport.config32(k_config_blk_size) : k_sector);
    out.block_size  = 0;
    out.queue_depth = static_cast<std::uint16_t>(queue.size() / 3);
    out.cylinders = out.heads = out.blocks = 0;
    out.capacity                           = capacity;
    out.set_ready(true);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(device_resources, 2, 1));
    require(sddf::check(blk_config));
    const auto& virt = blk_config.virt;
    require(requests.open(virt.req_queue.bytes(), virt.num_buffers));
    require(responses.open(virt.resp_queue.bytes(), virt.num_buffers));
    if (virt.storage_info.size < sizeof(sddf::block::StorageInfo) ||
        rings().region.size <= k_queue_offset) {
        microkit::panic("the region for storage information or for the rings is too small");
    }
    require(transport.open(device_resources.regions[0].region.vaddr, k_device_type));
    in_flight = 0;
    barrier.reset();
    answer_for_the_past(); // the device, which has been reset, touches no buffer any more

    const auto features =
        require(transport.negotiate(k_feature_ro | k_feature_blk_size | k_feature_flush));
    const auto size = std::min<std::uint32_t>(transport.queue_limit(0), Virtqueue::k_most);
    require(queue.open(rings().region.bytes().subspan(k_queue_offset),
                       rings().io_addr + k_queue_offset,
                       static_cast<std::uint16_t>(std::bit_floor(size))));
    transport.set_queue(0, queue);
    transport.start();
    describe_disk(features);
    // sDDF has no notification for this, but a virtualiser that does not spin is glad of one.
    microkit::Channel{virt.id}.notify();
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
