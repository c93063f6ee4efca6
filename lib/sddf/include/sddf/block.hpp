// SPDX-License-Identifier: BSD-2-Clause
// sDDF's block class: request and response rings, storage information, configuration sections.
#pragma once

#include "sddf/resources.hpp"
#include "sddf/ring.hpp"
#include "sddf/shared.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sddf::block {

/// All block numbers, counts and offsets are in, or multiples of, this many bytes.
inline constexpr std::uint32_t k_block_size = 4096;

/// Most requests that the official virtualiser and drivers keep in flight.
inline constexpr std::uint32_t k_max_capacity = 1024;

struct alignas(8) RequestHeader { // the slots are
    std::uint32_t head;
    std::uint32_t tail;
    std::uint8_t  plugged; ///< advisory, and nobody looks at it: leave it 0
};

enum class Code : std::uint32_t {
    read    = 0,
    write   = 1,
    flush   = 2, ///< makes completed writes durable; no buffer
    barrier = 3, ///< all before completes before anything after begins; no buffer
};

/// Padding has names, so that it is written as zero.
struct Request {
    Code          code         = Code::read;
    std::uint32_t reserved_4   = 0;
    std::uint64_t io_or_offset = 0; ///< client: offset in its data region; driver: device address
    std::uint64_t block_number = 0; ///< client: in its partition; driver: on the device
    std::uint16_t count        = 0; ///< blocks
    std::uint16_t reserved_26  = 0;
    std::uint32_t id           = 0; ///< the sender's choice; comes back in the response
};

struct ResponseHeader {
    std::uint32_t head;
    std::uint32_t tail;
};

enum class Status : std::uint32_t {
    ok                = 0,
    unspecified       = 1,
    invalid_parameter = 2,
    io                = 3,
    no_device         = 4,
};

struct Response {
    Status        status        = Status::ok;
    std::uint16_t success_count = 0; ///< blocks; meaningful with Status::ok only
    std::uint16_t reserved_6    = 0;
    std::uint32_t id            = 0;
};

using RequestProducer  = RingProducer<RequestHeader, Request>;
using RequestConsumer  = RingConsumer<RequestHeader, Request>;
using ResponseProducer = RingProducer<ResponseHeader, Response>;
using ResponseConsumer = RingConsumer<ResponseHeader, Response>;

/// The page that tells about a device. Its writer fills it, then sets `ready`; readers wait for
/// that.
struct StorageInfo {
    std::array<char, 64> serial_number; ///< ends with a NUL, unless its writer is careless
    std::uint8_t         read_only;     ///< not 0: the device refuses writes
    std::uint8_t         ready;
    std::uint16_t        sector_size; ///< bytes
    std::uint16_t        block_size;  ///< best transfer, in blocks; 0: unknown
    std::uint16_t        queue_depth;
    std::uint16_t        cylinders;
    std::uint16_t        heads;
    std::uint16_t        blocks;
    std::uint64_t        capacity; ///< blocks

    /// Whether the rest may be read and requests sent.
    [[nodiscard]] bool is_ready() const { return load_acquire(ready) != 0; }
    void set_ready(bool value) { store_release(ready, static_cast<std::uint8_t>(value ? 1 : 0)); }
};

// Configuration sections.

struct Connection {
    Region        storage_info;
    Region        req_queue;
    Region        resp_queue;
    std::uint16_t num_buffers; ///< capacity of both rings
    std::uint8_t  id;          ///< the channel
};

/// `.blk_driver_config`
struct DriverConfig {
    Magic              magic;
    Connection         virt;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::block); }
};

/// `.blk_client_config`
struct ClientConfig {
    Magic              magic;
    Connection         virt;
    Region             data;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::block); }
};

/// `.blk_virt_config`
struct VirtConfig {
    struct Client {
        Connection    connection;
        DeviceRegion  data;
        std::uint32_t partition; ///< from 0
    };
    struct Driver {
        Connection   connection;
        DeviceRegion data;
    };
    Magic                             magic;
    std::uint64_t                     num_clients;
    Driver                            driver;
    std::array<Client, k_max_clients> clients;
    [[nodiscard]] bool                is_valid() const { return magic == magic_of(Class::block); }
};

static_assert(sizeof(RequestHeader) == 16 && alignof(Request) == 8);
static_assert(offsetof(RequestHeader, tail) == 4 && offsetof(RequestHeader, plugged) == 8);
static_assert(sizeof(Request) == 32 && offsetof(Request, io_or_offset) == 8);
static_assert(offsetof(Request, block_number) == 16 && offsetof(Request, count) == 24);
static_assert(offsetof(Request, id) == 28);
static_assert(sizeof(ResponseHeader) == 8 && sizeof(Response) == 12 && alignof(Response) == 4);
static_assert(offsetof(Response, success_count) == 4 && offsetof(Response, id) == 8);
static_assert(sizeof(StorageInfo) == 88 && offsetof(StorageInfo, ready) == 65);
static_assert(offsetof(StorageInfo, sector_size) == 66 && offsetof(StorageInfo, block_size) == 68);
static_assert(offsetof(StorageInfo, queue_depth) == 70 && offsetof(StorageInfo, cylinders) == 72);
static_assert(offsetof(StorageInfo, heads) == 74 && offsetof(StorageInfo, blocks) == 76);
static_assert(offsetof(StorageInfo, capacity) == 80);
static_assert(sizeof(Connection) == 56 && offsetof(Connection, num_buffers) == 48);
static_assert(offsetof(Connection, id) == 50);
static_assert(sizeof(DriverConfig) == 64 && sizeof(ClientConfig) == 80);
static_assert(offsetof(ClientConfig, data) == 64);
static_assert(sizeof(VirtConfig::Client) == 88 && offsetof(VirtConfig::Client, partition) == 80);
static_assert(sizeof(VirtConfig::Driver) == 80 && offsetof(VirtConfig::Driver, data) == 56);
static_assert(sizeof(VirtConfig) == 5728 && offsetof(VirtConfig, num_clients) == 8);
static_assert(offsetof(VirtConfig, driver) == 16 && offsetof(VirtConfig, clients) == 96);

} // namespace sddf::block
