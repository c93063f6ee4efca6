// SPDX-License-Identifier: BSD-2-Clause
// Sound virtualiser: the streams of one device for clients that do not trust each other.
//
// A client sees its own streams, numbered from 0, and names bytes of its own data region. Each
// event is one change (sddf/journal.hpp); who has which stream, and what is with the driver, is in
// memory that a restart keeps.
#include "virtualiser.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"

#include <algorithm>
#include <memory>

SDDF_CONFIG(".sound_virt_config") sddf::sound::VirtConfig sound_config;
SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;

namespace sound_virt {

constinit Kept kept;
Virtualiser    virtualiser;

namespace {

using sddf::sound::SharedState;

/// Looks at a driver that is not ready yet. sDDF has no notification for that; ours sends one.
constexpr unsigned k_patience = 1'000'000;

SharedState& page_of(const sddf::sound::Connection& connection)
{
    return *reinterpret_cast<SharedState*>(connection.state.vaddr);
}

/// As one change: what the driver and the clients get, and what is written down.
void show()
{
    auto& it      = virtualiser;
    auto& journal = kept.journal;
    journal.stage(it.commands);
    journal.stage(it.command_answers);
    journal.stage(it.buffers);
    journal.stage(it.answers);
    for (unsigned i = 0; i < client_count(); ++i) {
        journal.stage(it.clients[i].requests);
        journal.stage(it.clients[i].command_answers);
        journal.stage(it.clients[i].buffers);
        journal.stage(it.clients[i].answers);
    }
    journal.commit();
    (void)it.command_answers.release();
    (void)it.answers.release();
    const bool has_commands = it.commands.publish();
    const bool has_buffers  = it.buffers.publish();
    for (unsigned i = 0; i < client_count(); ++i) {
        auto& client = it.clients[i];
        (void)client.requests.release();
        (void)client.buffers.release();
        const bool is_obeyed   = client.command_answers.publish();
        const bool has_answers = client.answers.publish();
        if (is_obeyed || has_answers) {
            microkit::Channel{sound_config.clients[i].connection.id}.notify();
        }
    }
    journal.done();
    if (has_commands || has_buffers) {
        microkit::Channel{sound_config.driver.id}.notify_at_end();
    }
}
static_assert(4 * (k_max_clients + 1) <= sddf::Journal::k_counters);

/// The client gets so many of the device's streams of a direction, from number `turn` of them on:
/// where the device has fewer than all clients together are to have, some see the same ones, and
/// whoever takes one has it.
void give_streams(unsigned number, std::uint8_t direction, unsigned wanted, unsigned& turn)
{
    const auto&                             info = page_of(sound_config.driver).stream_info;
    std::array<std::uint8_t, k_max_streams> found{};
    unsigned                                count = 0;
    for (unsigned i = 0; i < virtualiser.count; ++i) {
        if (info[i].direction == direction) {
            found[count++] = static_cast<std::uint8_t>(i);
        }
    }
    auto& client = virtualiser.clients[number];
    for (unsigned i = 0; i < std::min(wanted, count) && client.count < k_max_streams; ++i) {
        client.streams[client.count++] = found[turn++ % count];
    }
}

/// What the client may know of the device.
void fill_page(unsigned number)
{
    const auto& from   = page_of(sound_config.driver).stream_info;
    auto&       page   = page_of(sound_config.clients[number].connection);
    const auto& client = virtualiser.clients[number];
    for (unsigned i = 0; i < client.count; ++i) {
        page.stream_info[i] = from[client.streams[i]];
    }
    page.streams = client.count;
    page.set_ready(true);
    // Beyond what sDDF asks: who waits for the page need not look at it all the time.
    microkit::Channel{sound_config.clients[number].connection.id}.notify();
}

void learn_about_device()
{
    const auto& page = page_of(sound_config.driver);
    if (virtualiser.is_known || !page.is_ready()) {
        return; // an event will come
    }
    virtualiser.is_known = true;
    virtualiser.count    = std::min(sddf::load_relaxed(page.streams), k_max_streams);
    unsigned playback    = 0;
    unsigned capture     = 0;
    for (unsigned i = 0; i < client_count(); ++i) {
        give_streams(i, 0, sound_config.clients[i].playback, playback);
        give_streams(i, 1, sound_config.clients[i].capture, capture);
        fill_page(i);
    }
}

void ask_for_tick()
{
    constexpr std::uint64_t k_tick = sddf::timer::k_nanoseconds / 2;
    if (virtualiser.needs_tick) {
        virtualiser.needs_tick = false;
        microkit::set_message_word(0, k_tick);
        (void)microkit::Channel{timer_config.driver_id}.call(microkit::MessageInfo::create(
            static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
    }
}

void run()
{
    learn_about_device();
    if (virtualiser.is_known) {
        take_buffers_back();
        take_command_answers();
        for (unsigned i = 0; i < client_count(); ++i) {
            take_commands(i);
            take_buffers(i);
        }
    }
    show();
    ask_for_tick();
}

void open(unsigned number)
{
    using microkit::require;
    using sddf::sound::k_command_capacity;
    using sddf::sound::k_pcm_capacity;
    const auto& link   = sound_config.clients[number].connection;
    auto&       client = virtualiser.clients[number];
    require(client.requests.open(link.cmd_req.bytes(), k_command_capacity));
    require(client.command_answers.open(link.cmd_resp.bytes(), k_command_capacity));
    require(client.buffers.open(link.pcm_req.bytes(), k_pcm_capacity));
    require(client.answers.open(link.pcm_resp.bytes(), k_pcm_capacity));
    if (link.state.size < sizeof(SharedState)) {
        microkit::panic("a client's region that tells about streams is too small");
    }
}

} // namespace

void make_room()
{
    // A change notes a slot or a stream at most.
    if (!kept.journal.has_room(2 * sizeof(Slot) + 2 * sizeof(Stream))) {
        show();
    }
}

} // namespace sound_virt

void init()
{
    using namespace sound_virt;
    using microkit::require;
    using sddf::sound::k_command_capacity;
    using sddf::sound::k_pcm_capacity;
    require(sddf::check(sound_config));
    kept.journal.recover();
    std::construct_at(&virtualiser); // in place: it is larger than a stack may be
    const auto& link = sound_config.driver;
    require(virtualiser.commands.open(link.cmd_req.bytes(), k_command_capacity));
    require(virtualiser.command_answers.open(link.cmd_resp.bytes(), k_command_capacity));
    require(virtualiser.buffers.open(link.pcm_req.bytes(), k_pcm_capacity));
    require(virtualiser.answers.open(link.pcm_resp.bytes(), k_pcm_capacity));
    if (link.state.size < sizeof(sddf::sound::SharedState)) {
        microkit::panic("the driver's region that tells about streams is too small");
    }
    for (unsigned i = 0; i < client_count(); ++i) {
        open(i);
    }
    restore_commands();
    restore_buffers();
    for (unsigned i = 0; i < k_patience && !page_of(link).is_ready(); ++i) {
    }
    run();
    // Before a restart a counter may have moved without a notification.
    for (unsigned i = 0; i < client_count(); ++i) {
        microkit::Channel{sound_config.clients[i].connection.id}.notify();
    }
    microkit::Channel{link.id}.notify();
}

void notified(microkit::Channel channel)
{
    if (timer_config.is_valid() && channel.id() == timer_config.driver_id) {
        sound_virt::tick();
    }
    sound_virt::run();
}
