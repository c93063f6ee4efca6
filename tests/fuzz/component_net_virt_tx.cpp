// SPDX-License-Identifier: BSD-2-Clause
// The transmitting network virtualiser between a hostile client and a hostile driver; or with a
// good driver, which looks at what it is to send, and a good client, whose frame goes out in the
// end.
#include "component.hpp"

#include <array>

extern sddf::network::TxVirtConfig net_config;

namespace net_virt_tx {
extern std::array<std::uint32_t, sddf::k_max_clients> outstanding;
}

namespace {

using sddf::network::Descriptor;
using sddf::network::k_buffer_size;

constexpr std::uint16_t k_buffers = 4;

struct System {
    explicit System(bool good_driver)
        : has_good_driver{good_driver}
    {
        net_virt_tx::outstanding = {};
        net_config               = {};
        net_config.magic         = sddf::magic_of(sddf::Class::network);
        net_config.num_clients   = 2;
        net_config.driver        = driver.connection(0);
        for (std::uint8_t i = 0; i < 2; ++i) {
            auto& client       = net_config.clients[i];
            client.connection  = clients[i].connection(static_cast<std::uint8_t>(1 + i));
            client.regions[0]  = {fuzz::with_device(data[i]), k_buffers};
            client.num_regions = 1;
        }
        component.share(clients[0]);
        if (!has_good_driver) {
            component.share(driver);
        }
        component.start();
    }
    void send()
    {
        for (const auto& frame : driver.take(driver.active)) {
            bool good = false;
            for (const auto& region : {net_config.clients[0].regions[0].region,
                                       net_config.clients[1].regions[0].region}) {
                good = good || frame.io_or_offset - region.io_addr < region.region.size;
            }
            fuzz::require(good && frame.len != 0 && frame.len <= k_buffer_size);
            sent_by_good = sent_by_good || frame.len == 1234;
            (void)driver.put(driver.free, {.io_or_offset = frame.io_or_offset});
        }
        component.event(0);
    }

    bool                        has_good_driver;
    bool                        sent_by_good = false;
    fuzz::Component             component;
    kit::NetLink                driver{8};
    std::array<kit::NetLink, 2> clients{kit::NetLink{k_buffers}, kit::NetLink{k_buffers}};
    std::array<kit::Memory, 2>  data{kit::Memory{k_buffers * k_buffer_size},
                                    kit::Memory{k_buffers * k_buffer_size}};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input{bytes, size};
    System      system{(input.take(1) & 1) != 0};
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            system.component.scribble(input);
            break;
        case 2:
        case 3:
            (void)system.clients[0].put(system.clients[0].active,
                                        {.io_or_offset = (what >> 3 & 7) * k_buffer_size,
                                         .len = static_cast<std::uint16_t>(input.take(1) * 10),
                                         .oid = static_cast<std::uint8_t>(what >> 6)});
            break;
        case 4:
            if (system.has_good_driver) {
                system.send();
            } else {
                (void)system.driver.put(
                    system.driver.free,
                    {.io_or_offset = net_config.clients[what >> 7].regions[0].region.io_addr +
                                     (what >> 3 & 7) * k_buffer_size});
            }
            break;
        default:
            system.component.event(static_cast<unsigned>(what >> 3) % 3);
            break;
        }
    }
    if (system.has_good_driver) {
        (void)system.clients[1].put(system.clients[1].active, {.io_or_offset = 2048, .len = 1234});
        for (unsigned i = 0; i < 4; ++i) {
            system.component.event(2);
            system.send();
        }
        fuzz::require(system.sent_by_good);
        fuzz::require(system.clients[1].take(system.clients[1].free).size() == 1);
    }
    return 0;
}
