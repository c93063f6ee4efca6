// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO block device (virtIO 1.2, 5.2): sDDF's block class, many requests in flight.
//
// Each event is one change (sddf/journal.hpp), before the device hears of it. Requests that a
// restart finds in flight are answered: those that the device had done as such, the others with an
// error. Which they are is kept in the memory that the device shares.
#include "device.hpp"

#include "base/checked.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/journal.hpp"

#include <algorithm>
#include <array>
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

/// A request of the virtualiser's. Fresh memory has none.
struct Place {
    std::uint32_t id;
    std::uint16_t count; ///< blocks
    std::uint16_t is_used;
};

/// In the memory that the device shares: what it reads and writes of a request beside its data,
/// and which requests are in flight. A request's place is its token.
struct Slots {
    std::array<Header, Virtqueue::k_most>       headers;
    std::array<std::uint8_t, Virtqueue::k_most> status;
    std::array<Place, Virtqueue::k_most>        places;
    Place                                       barrier; ///< waits for all before it
};
constexpr std::size_t k_queue_offset = 0x4000;
static_assert(sizeof(Slots) <= k_queue_offset);

virtio_driver::Device         device{device_resources};
Virtqueue                     queue;
sddf::block::RequestConsumer  requests;
sddf::block::ResponseProducer responses;
std::uint64_t                 capacity  = 0; ///< in blocks
bool                          read_only = false;
bool                          can_flush = false;
unsigned                      in_flight = 0;

/// Of an event; in memory that a restart keeps.
constinit sddf::Journal journal;

Slots& slots() { return device.contents<Slots>(); }

/// As one change: what was taken, what is answered, what is in flight. Only then the device hears
/// of it.
void show()
{
    journal.stage(requests);
    journal.stage(responses);
    journal.commit();
    (void)requests.release();
    const bool notify = responses.publish();
    journal.done();
    if (queue.publish()) {
        device.transport.notify(0);
    }
    if (notify) {
        microkit::Channel{blk_config.virt.id}.notify();
    }
}

/// Before each request or completion: a long event is shown in parts.
void make_room()
{
    if (!journal.has_room(sizeof(Place))) {
        show();
    }
}

void set(Place& place, const Place& value)
{
    journal.note(place);
    place = value;
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
    set(slots().places[slot],
        {.id = request.id, .count = has_data ? request.count : std::uint16_t{0}, .is_used = 1});
    const virtio_driver::Piece first{device.address_of(&header), sizeof(Header), false};
    const virtio_driver::Piece last{device.address_of(&slots().status[slot]), 1, true};
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
        set(slots().barrier, {.id = request.id, .count = 0, .is_used = 1});
        return;
    }
    answer(request.id, Status::invalid_parameter);
}

/// A request is over; `unknown` is what that means where the device has said nothing of it.
void finish(std::uint16_t slot, Status unknown)
{
    auto&      place  = slots().places[slot];
    const auto status = __atomic_load_n(&slots().status[slot], __ATOMIC_RELAXED);
    if (status == k_ok) {
        answer(place.id, Status::ok, place.count);
    } else {
        answer(place.id, status == k_io_err ? Status::io : unknown);
    }
    set(place, {});
}

void take_completions()
{
    for (unsigned i = 0; i < queue.size(); ++i) {
        make_room();
        const auto used = queue.pop();
        if (!used) {
            break;
        }
        finish(used->token, Status::unspecified);
        --in_flight;
    }
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void take_requests()
{
    for (auto left = requests.available();; --left) {
        make_room();
        if (slots().barrier.is_used != 0) {
            if (in_flight != 0) {
                break;
            }
            answer(slots().barrier.id, Status::ok);
            set(slots().barrier, {});
        }
        // A completion, or the virtualiser, will bring us back.
        if (left == 0 || queue.free() < 3 || responses.space() <= in_flight) {
            break;
        }
        const auto request = requests.pop();
        if (!request) {
            break;
        }
        start(*request);
    }
}

void run()
{
    take_completions();
    take_requests();
    show();
}

/// The device, which has been reset, touches nothing any more.
void answer_for_the_past()
{
    for (std::size_t i = 0; i < Virtqueue::k_most; ++i) {
        make_room();
        if (slots().places[i].is_used != 0) {
            finish(static_cast<std::uint16_t>(i), Status::io);
        }
    }
    show();
}

void describe_disk(std::uint64_t features)
{
    auto& out = *reinterpret_cast<sddf::block::StorageInfo*>(blk_config.virt.storage_info.vaddr);
    out.set_ready(false);
    capacity          = device.transport.config64(k_config_capacity) / k_sectors_per_block;
    read_only         = (features & k_feature_ro) != 0;
    can_flush         = (features & k_feature_flush) != 0;
    out.serial_number = {};
    out.read_only     = read_only ? 1 : 0;
    out.sector_size   = static_cast<std::uint16_t>((features & k_feature_blk_size) != 0
                                                       ? device.transport.config32(k_config_blk_size)
                                                       : k_sector);
    out.block_size    = 0;
    out.queue_depth   = static_cast<std::uint16_t>(queue.size() / 3);
    out.cylinders = out.heads = out.blocks = 0;
    out.capacity                           = capacity;
    out.set_ready(true);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(blk_config));
    require(device.open(k_device_type, k_queue_offset + 1));
    const auto& virt = blk_config.virt;
    if (virt.storage_info.size < sizeof(sddf::block::StorageInfo)) {
        microkit::panic("the region for storage information is too small");
    }
    journal.recover();
    require(requests.open(virt.req_queue.bytes(), virt.num_buffers));
    require(responses.open(virt.resp_queue.bytes(), virt.num_buffers));
    queue     = {};
    in_flight = 0;
    answer_for_the_past();

    const auto features =
        require(device.transport.negotiate(k_feature_ro | k_feature_blk_size | k_feature_flush));
    require(device.open_queue(0, queue, k_queue_offset));
    device.transport.start();
    describe_disk(features);
    run();
    // sDDF has no notification for `ready`, but a virtualiser that does not spin is glad of one.
    microkit::Channel{virt.id}.notify();
    device.take_interrupts();
}

void notified(microkit::Channel channel) { device.on_event(channel, run); }
