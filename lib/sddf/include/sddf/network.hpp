// SPDX-License-Identifier: BSD-2-Clause
// sDDF's network class: free and active rings of 2048-byte buffers, configuration sections.
#pragma once

#include "sddf/resources.hpp"
#include "sddf/ring.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sddf::network {

inline constexpr std::uint32_t k_buffer_size = 2048;

struct alignas(8) QueueHeader { // the slots are
    std::uint16_t tail;
    std::uint16_t head;
    std::uint32_t consumer_signalled; ///< 0: the consumer waits for entries; written by both
};

/// A buffer on its way. Always written whole: stale bits beside `oid` make frames disappear.
struct Descriptor {
    std::uint64_t io_or_offset =
        0;                         ///< a multiple of 2048 in the link's region, or a device address
    std::uint16_t len         = 0; ///< bytes of the frame; says nothing in a free ring
    std::uint8_t  oid         = 0; ///< region number (6 bits); 0 where there is no switch
    std::uint8_t  reserved_11 = 0;
    std::uint32_t reserved_12 = 0;
};

using Producer = RingProducer<QueueHeader, Descriptor>;
using Consumer = RingConsumer<QueueHeader, Descriptor>;

/// Whether a descriptor that a neighbour wrote names one of the `buffers` of a region.
[[nodiscard]] constexpr bool is_buffer(const Descriptor& descriptor, std::uint32_t buffers)
{
    return descriptor.io_or_offset % k_buffer_size == 0 &&
           descriptor.io_or_offset / k_buffer_size < buffers;
}

/// Puts the buffers 0..capacity-1 of a region, which begins at `base`, into a free ring, once, at
/// start: the tx free ring by the client, the client's rx free ring by its copier, the driver's by
/// the rx virtualiser. In a ring that was used before nothing happens: a restarted domain makes no
/// buffer twice. True: notify the consumer, where that is another domain.
[[nodiscard]] base::Result<bool> fill_free_ring(std::span<std::byte> ring, std::uint32_t capacity,
                                                std::uint64_t base = 0);

using MacAddress = std::array<std::uint8_t, 6>; ///< in the order of transmission

// Configuration sections.

struct Connection {
    Region        free_queue;
    Region        active_queue;
    std::uint16_t num_buffers; ///< capacity of both rings
    std::uint8_t  id;          ///< the channel
};

/// `.net_driver_config`
struct DriverConfig {
    Magic              magic;
    Connection         virt_rx;
    Connection         virt_tx;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::network); }
};

/// `.net_client_config`
struct ClientConfig {
    Magic              magic;
    Connection         rx;
    Region             rx_data;
    Connection         tx;
    Region             tx_data;
    MacAddress         mac_addr;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::network); }
};

/// `.net_virt_tx_config`
struct TxVirtConfig {
    struct DataRegion {
        DeviceRegion  region;
        std::uint32_t num_buffers;
    };
    struct Client {
        Connection                 connection;
        std::array<DataRegion, 64> regions;
        std::uint8_t               num_regions;
    };
    Magic                             magic;
    Connection                        driver;
    std::array<Client, k_max_clients> clients;
    std::uint8_t                      num_clients;
    [[nodiscard]] bool                is_valid() const { return magic == magic_of(Class::network); }
};

/// `.net_virt_rx_config`
struct RxVirtConfig {
    struct Client {
        Connection                 connection;
        std::array<MacAddress, 64> mac_addrs;
        std::uint8_t               num_macs;
    };
    Magic                             magic;
    Connection                        driver;
    DeviceRegion                      data;
    Region                            buffer_metadata;
    std::array<Client, k_max_clients> clients;
    std::uint8_t                      num_clients;
    [[nodiscard]] bool                is_valid() const { return magic == magic_of(Class::network); }
};

/// `.net_copy_config`
struct CopierConfig {
    Magic                  magic;
    Connection             rx;
    std::array<Region, 64> rx_data;
    Connection             client;
    Region                 client_data;
    [[nodiscard]] bool     is_valid() const { return magic == magic_of(Class::network); }
};

/// `.net_vswitch_config`
struct SwitchConfig {
    struct Port {
        Connection    rx;
        Connection    tx;
        Region        tx_data;
        MacAddress    mac_addr;
        std::uint64_t acl; ///< bit d: may send to port d
    };
    Magic                magic;
    std::array<Port, 64> ports; ///< the last one in use is the virtualisers'
    std::uint8_t         num_ports;
    Region               buffer_metadata;
    [[nodiscard]] bool   is_valid() const { return magic == magic_of(Class::network); }
};

static_assert(sizeof(QueueHeader) == 8 && offsetof(QueueHeader, head) == 2);
static_assert(offsetof(QueueHeader, consumer_signalled) == 4);
static_assert(sizeof(Descriptor) == 16 && alignof(Descriptor) == 8);
static_assert(offsetof(Descriptor, len) == 8 && offsetof(Descriptor, oid) == 10);
static_assert(sizeof(Connection) == 40 && offsetof(Connection, num_buffers) == 32);
static_assert(offsetof(Connection, id) == 34);
static_assert(sizeof(DriverConfig) == 88 && offsetof(DriverConfig, virt_tx) == 48);
static_assert(sizeof(ClientConfig) == 128 && offsetof(ClientConfig, mac_addr) == 120);
static_assert(offsetof(ClientConfig, rx_data) == 48 && offsetof(ClientConfig, tx) == 64);
static_assert(offsetof(ClientConfig, tx_data) == 104);
static_assert(sizeof(TxVirtConfig::DataRegion) == 32 && sizeof(TxVirtConfig::Client) == 2096);
static_assert(offsetof(TxVirtConfig::Client, num_regions) == 2088);
static_assert(sizeof(TxVirtConfig) == 134200 && offsetof(TxVirtConfig, num_clients) == 134192);
static_assert(sizeof(RxVirtConfig::Client) == 432);
static_assert(offsetof(RxVirtConfig::Client, num_macs) == 424);
static_assert(sizeof(RxVirtConfig) == 27744 && offsetof(RxVirtConfig, num_clients) == 27736);
static_assert(offsetof(RxVirtConfig, data) == 48 && offsetof(RxVirtConfig, clients) == 88);
static_assert(offsetof(RxVirtConfig, buffer_metadata) == 72);
static_assert(sizeof(CopierConfig) == 1128 && offsetof(CopierConfig, client) == 1072);
static_assert(offsetof(CopierConfig, client_data) == 1112);
static_assert(sizeof(SwitchConfig::Port) == 112 && offsetof(SwitchConfig::Port, acl) == 104);
static_assert(offsetof(SwitchConfig::Port, mac_addr) == 96);
static_assert(sizeof(SwitchConfig) == 7200 && offsetof(SwitchConfig, num_ports) == 7176);
static_assert(offsetof(SwitchConfig, buffer_metadata) == 7184);

} // namespace sddf::network
