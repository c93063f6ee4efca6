// SPDX-License-Identifier: BSD-2-Clause
// Console ports on sDDF between a hostile guest and hostile virtualisers: any counters at any time.
#include "kit/bell.hpp"
#include "neighbours.hpp"
#include "virtio.hpp"

#include "backend/serial_port.hpp"
#include "virtio/console.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bell                            bell;
    fuzz::Neighbours                neighbours;
    std::array<kit::SerialLink, 2>  rx{kit::SerialLink{16}, kit::SerialLink{64}};
    std::array<kit::SerialLink, 2>  tx{kit::SerialLink{64}, kit::SerialLink{8}};
    std::deque<backend::SerialPort> ports;
    virtio::Console::Storage<2>     storage;
    for (std::uint8_t i = 0; i < 2; ++i) {
        neighbours.share(rx[i]);
        neighbours.share(tx[i]);
        auto&                            port = ports.emplace_back(bell, bell);
        const sddf::serial::ClientConfig config{.magic = sddf::magic_of(sddf::Class::serial),
                                                .rx    = rx[i].connection(i),
                                                .tx    = tx[i].connection(i)};
        fuzz::require(port.open(config).has_value());
        storage.ports[i] =
            virtio::Console::Port{{.backend = &port, .name = "port", .is_console = i == 0}};
    }
    virtio::Console     device{storage};
    fuzz::HostileDriver hostile{device, 6};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        const auto port = static_cast<unsigned>(what >> 3 & 1);
        switch (what & 7) {
        case 0:
            neighbours.scribble(input);
            break;
        case 1:
            (void)rx[port].put(std::string(what >> 4, 'i'));
            device.input_ready(port);
            break;
        case 2:
            (void)tx[port].take();
            device.output_ready(port);
            break;
        case 3:
            hostile.buffer(port * 4, kit::GuestRam::k_start + 0x8000, 1 + (what >> 4), true);
            break;
        case 4:
            hostile.buffer(port * 4 + 1, kit::GuestRam::k_start + 0x8000, 1 + (what >> 4) * 16,
                           false);
            break;
        default:
            hostile.act(input);
            break;
        }
    }
    return 0;
}
