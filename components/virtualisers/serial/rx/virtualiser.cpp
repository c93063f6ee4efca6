// SPDX-License-Identifier: BSD-2-Clause
// Serial virtualiser, input: what is typed goes to one client; the user chooses which.
//
// It never waits for a client: a character for which a client has no space is dropped.
#include "switch.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/journal.hpp"
#include "sddf/serial.hpp"

#include <algorithm>

SDDF_CONFIG(".serial_virt_rx_config") sddf::serial::RxVirtConfig serial_config;

namespace {

using serial_virt_rx::InputSwitch;

sddf::serial::Consumer                                  from_driver;
std::array<sddf::serial::Producer, sddf::k_max_clients> clients;

/// Whose input it is, and what is being done; in memory that a restart keeps.
constinit InputSwitch   input;
constinit sddf::Journal journal;

std::span<sddf::serial::Producer> all_clients()
{
    return std::span{clients}.first(serial_config.num_clients);
}

void feed(std::byte byte)
{
    const unsigned client = input.current();
    if (input.feed(std::to_integer<char>(byte)) && client < serial_config.num_clients) {
        (void)clients[client].write({&byte, 1});
    }
}

/// As one change: what the clients get has left the driver's ring.
void show()
{
    journal.stage(from_driver);
    for (const auto& client : all_clients()) {
        journal.stage(client);
    }
    journal.commit();
    const bool has_space = from_driver.release();
    for (unsigned i = 0; i < serial_config.num_clients; ++i) {
        if (clients[i].publish()) {
            microkit::Channel{serial_config.clients[i].id}.notify();
        }
    }
    journal.done();
    if (has_space) {
        microkit::Channel{serial_config.driver.id}.notify_at_end();
    }
}

void run()
{
    journal.note(input);
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
    show();
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    journal.recover();
    const auto& driver = serial_config.driver;
    require(from_driver.open(driver.queue.bytes(), driver.data.bytes()));
    for (unsigned i = 0; i < serial_config.num_clients; ++i) {
        require(clients[i].open(serial_config.clients[i].queue.bytes(),
                                serial_config.clients[i].data.bytes()));
    }
    if (from_driver.position() == 0) { // else the input stays whose it is
        input = InputSwitch{serial_config.switch_char, serial_config.terminate_num_char,
                            serial_config.num_clients};
    }
    run(); // what was there before a restart
    for (const auto& client : std::span{serial_config.clients}.first(serial_config.num_clients)) {
        // Before it a counter may have moved without a notification.
        microkit::Channel{client.id}.notify();
    }
    microkit::Channel{driver.id}.notify();
}

void notified(microkit::Channel) { run(); }
