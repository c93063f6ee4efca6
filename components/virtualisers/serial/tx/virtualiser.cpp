// SPDX-License-Identifier: BSD-2-Clause
// Serial virtualiser, output: the bytes of many clients through one driver.
//
// Takes as much of a client as there is room for, never all or nothing, so that no size of a
// client's ring can stop it. Clients take turns; a turn ends after whole lines where it can.
#include "turn.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/journal.hpp"
#include "sddf/serial.hpp"

#include <algorithm>

SDDF_CONFIG(".serial_virt_tx_config") sddf::serial::TxVirtConfig serial_config;

namespace {

using serial_virt_tx::Turn;

/// Bytes of one client in a turn, and of all in one event.
constexpr std::uint32_t k_turn  = 512;
constexpr std::uint32_t k_event = 4096;

sddf::serial::Producer                                  to_driver;
std::array<sddf::serial::Consumer, sddf::k_max_clients> clients;
unsigned                                                next = 0; ///< whose turn it is
Turn                                                    turn;

/// Of an event; in memory that a restart keeps.
constinit sddf::Journal journal;

std::span<sddf::serial::Consumer> all_clients()
{
    return std::span{clients}.first(serial_config.num_clients);
}

/// A turn of each client that has something to say. Gives how many bytes of theirs that were.
std::uint32_t pass_on(std::uint32_t budget)
{
    std::uint32_t done = 0;
    for (unsigned i = 0; i < serial_config.num_clients && done < budget; ++i) {
        const unsigned client = next;
        const auto     taken =
            turn.take(to_driver, clients[client], client, std::min(k_turn, budget - done));
        if (taken == 0 && clients[client].available() != 0) {
            break; // no room: it is still this client's turn when there is some
        }
        done += taken;
        next = (next + 1) % serial_config.num_clients;
    }
    return done;
}

bool has_output()
{
    return std::ranges::any_of(all_clients(),
                               [](const auto& client) { return client.available() != 0; });
}

/// As one change: what the driver gets has left the clients' rings.
void show()
{
    journal.stage(to_driver);
    for (const auto& client : all_clients()) {
        journal.stage(client);
    }
    journal.commit();
    const bool has_new = to_driver.publish();
    for (unsigned i = 0; i < serial_config.num_clients; ++i) {
        if (clients[i].release()) {
            microkit::Channel{serial_config.clients[i].connection.id}.notify();
        }
    }
    journal.done();
    if (has_new) {
        microkit::Channel{serial_config.driver.id}.notify_at_end();
    }
}

void run()
{
    for (auto& client : all_clients()) {
        client.drop_nonsense();
    }
    std::uint32_t done = 0;
    for (;;) {
        for (std::uint32_t taken = 1; taken != 0 && done < k_event; done += taken) {
            taken = pass_on(k_event - done);
        }
        if (!has_output()) {
            break;
        }
        if (done != 0) {
            // There is more, and no room for it, or enough for one event. Asking before publishing
            // makes sure that the driver, which has not seen these bytes yet, tells us when it has
            // taken some.
            (void)to_driver.ask_for_space(~0U);
            break;
        }
        if (!to_driver.ask_for_space(turn.least_room())) {
            break;
        }
    }
    show();
}

/// Input can be typed from here on; who types by program waits for this.
void begin_input()
{
    const auto& text = serial_config.begin_str;
    const auto  size = static_cast<std::size_t>(std::ranges::find(text, '\0') - text.begin());
    (void)to_driver.write(std::as_bytes(std::span{text.data(), size}));
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    journal.recover();
    require(to_driver.open(serial_config.driver.queue.bytes(), serial_config.driver.data.bytes()));
    for (unsigned i = 0; i < serial_config.num_clients; ++i) {
        const auto& connection = serial_config.clients[i].connection;
        require(clients[i].open(connection.queue.bytes(), connection.data.bytes()));
    }
    next = 0;
    turn = {};
    require(turn.open(serial_config, to_driver.capacity()));
    if (serial_config.enable_rx && to_driver.is_unused()) {
        begin_input();
    }
    run();
    // Before a restart a counter may have moved without a notification.
    for (const auto& client : std::span{serial_config.clients}.first(serial_config.num_clients)) {
        microkit::Channel{client.connection.id}.notify();
    }
    microkit::Channel{serial_config.driver.id}.notify();
}

void notified(microkit::Channel) { run(); }
