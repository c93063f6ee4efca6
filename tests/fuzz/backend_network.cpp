// SPDX-License-Identifier: BSD-2-Clause
// A network card on sDDF between a hostile guest and hostile neighbours: any counters, any buffers,
// at any time.
#include "kit/bell.hpp"
#include "neighbours.hpp"
#include "virtio.hpp"

#include "backend/network_card.hpp"
#include "virtio/network.hpp"

namespace {

constexpr std::uint16_t k_buffers = 4;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::NetLink                rx{k_buffers};
    kit::NetLink                tx{k_buffers};
    kit::Memory                 rx_data{k_buffers * sddf::network::k_buffer_size};
    kit::Memory                 tx_data{k_buffers * sddf::network::k_buffer_size};
    sddf::network::ClientConfig config{};
    config.magic    = sddf::magic_of(sddf::Class::network);
    config.rx       = rx.connection(1);
    config.rx_data  = rx_data.region();
    config.tx       = tx.connection(2);
    config.tx_data  = tx_data.region();
    config.mac_addr = {2, 0, 0, 0, 0, 1};
    fuzz::Neighbours neighbours;
    neighbours.share(rx);
    neighbours.share(tx);
    neighbours.share(rx_data.bytes());
    Bell                 bell;
    backend::NetworkCard card{bell, bell};
    fuzz::require(card.open(config).has_value());
    virtio::Network     device{card};
    fuzz::HostileDriver hostile{device, 3};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            neighbours.scribble(input);
            break;
        case 1:
        case 2: {
            const auto  offset = (what >> 3 & 7) * sddf::network::k_buffer_size;
            const auto  length = static_cast<std::uint16_t>(input.take(1) * 9);
            const auto& mac    = config.mac_addr;
            if (offset < rx_data.bytes().size()) {
                std::memcpy(rx_data.bytes().data() + offset, mac.data(), mac.size());
            }
            (void)rx.put(rx.active, {.io_or_offset = offset, .len = length});
            device.received();
            break;
        }
        case 3:
            (void)tx.put(tx.free, {.io_or_offset = (what >> 3) * 1024});
            device.transmit_ready();
            break;
        case 4:
            for (const auto& frame : tx.take(tx.active)) {
                (void)tx.put(tx.free, {.io_or_offset = frame.io_or_offset});
            }
            device.transmit_ready();
            break;
        case 5: // room for a frame
            hostile.buffer(0, kit::GuestRam::k_start + 0x8000, 12 + 1514, true);
            break;
        default:
            hostile.act(input);
            break;
        }
    }
    return 0;
}
