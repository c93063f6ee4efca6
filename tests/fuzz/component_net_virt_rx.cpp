// SPDX-License-Identifier: BSD-2-Clause
// The receiving network virtualiser between a hostile client and a hostile driver; or with a good
// driver, and a good client, who gets its frame in the end.
#include "component.hpp"

#include "virtualisers/net/rx/holders.hpp"

#include <array>

extern sddf::network::RxVirtConfig net_config;

namespace {

using sddf::network::Descriptor;
using sddf::network::k_buffer_size;

constexpr std::uint16_t k_buffers = 4;

struct System {
    explicit System(bool good_driver)
        : has_good_driver{good_driver}
    {
        net_virt_rx::holders       = {};
        net_config                 = {};
        net_config.magic           = sddf::magic_of(sddf::Class::network);
        net_config.num_clients     = 2;
        net_config.driver          = driver.connection(0);
        net_config.data            = fuzz::with_device(data);
        net_config.buffer_metadata = metadata.region();
        for (std::uint8_t i = 0; i < 2; ++i) {
            auto& client        = net_config.clients[i];
            client.connection   = clients[i].connection(static_cast<std::uint8_t>(1 + i));
            client.mac_addrs[0] = {2, 0, 0, 0, 0, i};
            client.num_macs     = 1;
        }
        component.share(clients[0]);
        if (!has_good_driver) {
            component.share(driver);
            component.share(data.bytes());
        }
        component.start();
    }
    /// A good driver takes a free buffer, if there is one, and receives into it.
    bool receive(std::uint8_t to, std::uint16_t length)
    {
        collect();
        if (free.empty()) {
            return false;
        }
        const auto                      buffer = free.back();
        const sddf::network::MacAddress mac{2, 0, 0, 0, 0, to};
        free.pop_back();
        std::memcpy(data.bytes().data() + (buffer - net_config.data.io_addr), mac.data(), 6);
        (void)driver.put(driver.active, {.io_or_offset = buffer, .len = length});
        component.event(0);
        return true;
    }
    void collect()
    {
        for (const auto& buffer : driver.take(driver.free)) {
            fuzz::require(buffer.io_or_offset - net_config.data.io_addr <
                          k_buffers * k_buffer_size);
            for (const auto other : free) { // each once
                fuzz::require(other != buffer.io_or_offset);
            }
            free.push_back(buffer.io_or_offset);
        }
    }

    bool                        has_good_driver;
    fuzz::Component             component;
    kit::NetLink                driver{k_buffers};
    kit::Memory                 data{k_buffers * k_buffer_size};
    kit::Memory                 metadata{4096};
    std::array<kit::NetLink, 2> clients{kit::NetLink{k_buffers}, kit::NetLink{k_buffers}};
    std::vector<std::uint64_t>  free; ///< that a good driver has
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input{bytes, size};
    System      system{(input.take(1) & 1) != 0};
    auto&       bad  = system.clients[0];
    auto&       good = system.clients[1];
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            system.component.scribble(input);
            break;
        case 2:
            (void)bad.put(bad.free, {.io_or_offset = (what >> 3 & 7) * k_buffer_size});
            break;
        case 3:
            for (const auto& frame : good.take(good.active)) {
                (void)good.put(good.free, {.io_or_offset = frame.io_or_offset});
            }
            break;
        case 4:
        case 5:
            if (system.has_good_driver) {
                (void)system.receive(static_cast<std::uint8_t>(what >> 3 & 3),
                                     static_cast<std::uint16_t>(input.take(1) * 9));
            } else {
                (void)system.driver.put(
                    system.driver.active,
                    {.io_or_offset = net_config.data.io_addr + (what >> 3 & 7) * k_buffer_size,
                     .len          = static_cast<std::uint16_t>(input.take(2))});
            }
            break;
        default:
            system.component.event(static_cast<unsigned>(what >> 3) % 3);
            break;
        }
    }
    if (system.has_good_driver) {
        // Whatever the hostile client keeps, it has returned nothing that it did not hold.
        for (const auto& frame : good.take(good.active)) {
            (void)good.put(good.free, {.io_or_offset = frame.io_or_offset});
        }
        system.component.event(2);
        if (system.receive(1, 60)) {
            fuzz::require(good.take(good.active).size() == 1);
        }
    }
    return 0;
}
