// SPDX-License-Identifier: BSD-2-Clause
// Serial virtualiser, input: what is typed goes to one client; the user chooses which.
//
// It never waits for a client: a character for which a client has no space is dropped.
#include "switch.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/serial.hpp"

#include <algorithm>

SDDF_CONFIG(".serial_virt_rx_config") sddf::serial::RxVirtConfig serial_config;

namespace {

using serial_virt_rx::InputSwitch;

sddf::serial::Consumer                                  from_driver;
std::array<sddf::serial::Producer, sddf::k_max_clients> clients;
InputSwitch                                             input;

void hand_over(unsigned client)
{
    if (client < serial_config.num_clients && clients[client].publish()) {
        microkit::Channel{serial_config.clients[client].id}.notify();
    }
}

void feed(std::byte byte)
{
    const unsigned before = input.current();
    if (input.feed(std::to_integer<char>(byte)) && before < serial_config.num_clients) {
        (void)clients[before].write({&byte, 1});
    }
    if (input.current() != before) {
        hand_over(before);
    }
}

void run()
{
    // What is there now, and no more: what comes meanwhile has a notification of its own.
    std::size_t left = from_driver.available();
    while (left != 0) {
        const auto bytes = from_driver.data().first(std::min(from_driver.data().size(), left));
        if (bytes.empty()) {
            break; // the driver has taken it back, which it must not
        }
        std::ranges::for_each(bytes, feed);
        from_driver.advance(static_cast<std::uint32_t>(bytes.size()));
        left -= bytes.size();
    }
    hand_over(input.current());
    if (from_driver.release()) {
        microkit::Channel{serial_config.driver.id}.notify_at_end();
    }
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    const auto& driver = serial_config.driver;
    require(from_driver.open(driver.queue.bytes(), driver.data.bytes()));
    for (unsigned i = 0; i < serial_config.num_clients; ++i) {
        require(clients[i].open(serial_config.clients[i].queue.bytes(),
                                serial_config.clients[i].data.bytes()));
    }
    input = InputSwitch{serial_config.switch_char, serial_config.terminate_num_char,
                        serial_config.num_clients};
    run(); // what was there before a restart
}

void notified(microkit::Channel) { run(); }
