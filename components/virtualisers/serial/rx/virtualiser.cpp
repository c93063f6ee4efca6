// SPDX-License-Identifier: BSD-2-Clause
// Serial virtualiser, input: what is typed goes to one client; the user chooses which.
//
// What the client has no space for stays in the driver's ring, and so at last with whoever types or
// pastes. Clients that share a terminal must not keep it from each other: if there is a switch
// among what waits, or no room left for one, what would wait is dropped.
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

bool is_switch(std::byte byte)
{
    return serial_config.num_clients > 1 &&
           byte == static_cast<std::byte>(serial_config.switch_char);
}

/// Whether what is in the driver's ring may wait there for a client.
bool may_wait()
{
    const auto first = from_driver.data();
    const auto rest  = from_driver.data(static_cast<std::uint32_t>(first.size()));
    return serial_config.num_clients == 1 ||
           (from_driver.available() < from_driver.capacity() &&
            std::ranges::none_of(first, is_switch) && std::ranges::none_of(rest, is_switch));
}

/// Takes of the driver's bytes what can be taken at once; how many. None: they wait for a client.
std::size_t take(std::span<const std::byte> bytes, bool waits)
{
    const unsigned client = input.current();
    const bool     exists = client < serial_config.num_clients;
    if (!input.is_in_text() || is_switch(bytes.front())) {
        if (input.feed(std::to_integer<char>(bytes.front())) && exists) {
            (void)clients[client].write(bytes.first(1));
        }
        return 1;
    }
    const auto text    = std::ranges::find_if(bytes, is_switch) - bytes.begin();
    const auto size    = static_cast<std::size_t>(text);
    const auto written = exists ? clients[client].write(bytes.first(size)) : size;
    if (written == 0 && waits && clients[client].ask_for_space(1)) {
        return clients[client].write(bytes.first(size));
    }
    return waits ? written : size; // without waiting, the rest is lost
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
    std::size_t left  = from_driver.available();
    const bool  waits = may_wait();
    while (left != 0) {
        const auto bytes = from_driver.data().first(std::min(from_driver.data().size(), left));
        const auto taken = bytes.empty() ? 0 : take(bytes, waits);
        if (taken == 0) {
            break; // or the driver has taken it back, which it must not
        }
        from_driver.advance(static_cast<std::uint32_t>(taken));
        left -= taken;
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
