// SPDX-License-Identifier: BSD-2-Clause
// Commands to streams: who may say what to which, and what the driver said.
#include "virtualiser.hpp"

#include <array>

namespace sound_virt {

namespace {

/// Names a command to the driver: an answer that comes twice is known for what it is.
std::uint32_t cookie_of(unsigned number)
{
    return kept.streams[number].generation * k_max_streams + number;
}

void answer(unsigned client, const Command& command, Status status)
{
    // There is room: a command is taken only when there is.
    (void)virtualiser.clients[client].command_answers.push(
        {.code      = command.code,
         .cookie    = command.cookie,
         .stream_id = command.stream_id,
         .value     = static_cast<std::uint32_t>(status)});
}

/// Whether the device offers what a TAKE wants of a stream.
bool is_offered(unsigned client, const Command& command)
{
    const auto& page = *reinterpret_cast<const sddf::sound::SharedState*>(
        sound_config.clients[client].connection.state.vaddr);
    const auto& info     = page.stream_info[command.stream_id];
    const auto  channels = command.value & 0xff;
    const auto  format   = command.value >> 8 & 0xff;
    const auto  rate     = command.value >> 16 & 0xff;
    return channels >= info.channels_min && channels <= info.channels_max && format < 64 &&
           (info.formats >> format & 1) != 0 && rate < 64 && (info.rates >> rate & 1) != 0;
}

/// What the client has taken of its answers, of both kinds.
std::array<std::uint32_t, 2> taken_by(unsigned client)
{
    const auto& link = sound_config.clients[client].connection;
    return {
        sddf::load_relaxed(reinterpret_cast<sddf::sound::RingHeader*>(link.cmd_resp.vaddr)->head),
        sddf::load_relaxed(
            reinterpret_cast<sddf::sound::PcmRingHeader*>(link.pcm_resp.vaddr)->head)};
}

/// Whether there are answers that it has not taken.
bool is_behind(unsigned client)
{
    const auto& of = virtualiser.clients[client];
    return of.command_answers.space() != of.command_answers.capacity() ||
           of.answers.space() != of.answers.capacity();
}

/// Nothing: the driver is asked. Otherwise what the client is told at once.
std::optional<Status> judge(unsigned client, const Command& command, const Stream& stream)
{
    if (stream.asker != k_nobody) {
        return Status::busy; // one command at a time
    }
    const bool is_owner = stream.owner == client;
    if (command.code == Code::take) {
        if (stream.owner != k_nobody && !is_owner) {
            return Status::busy;
        }
        return is_offered(client, command) ? std::nullopt : std::optional{Status::not_supported};
    }
    if (!is_owner) {
        return stream.owner == k_nobody ? Status::bad_message : Status::busy;
    }
    return sddf::sound::after(stream.state, command.code) ? std::nullopt
                                                          : std::optional{Status::bad_message};
}

void send(unsigned number, Code code, std::uint32_t value)
{
    // There is room: each stream has one command under way.
    (void)virtualiser.commands.push(
        {.code = code, .cookie = cookie_of(number), .stream_id = number, .value = value});
}

/// A command that is good goes to the driver. `is_emptied`: the stream is released before.
void begin(unsigned client, unsigned number, const Command& command, bool is_emptied)
{
    auto stream       = kept.streams[number];
    stream.asker      = static_cast<std::uint8_t>(client);
    stream.command    = command;
    stream.is_emptied = is_emptied;
    ++stream.generation;
    if (stream.wait.client == client) {
        stream.wait = {};
    }
    keep(kept.streams[number], stream);
    if (is_emptied) {
        send(number, Code::release, 0);
    } else {
        send(number, command.code, command.code == Code::take ? command.value & 0xff'ffff : 0);
    }
}

/// Whether a client that is refused a stream may wait for its owner to be gone.
bool may_wait(const Command& command, const Stream& stream)
{
    return command.code == Code::take && timer_config.is_valid() && stream.owner < client_count() &&
           stream.wait.client == k_nobody && is_behind(stream.owner);
}

void take(unsigned client, const Command& command)
{
    auto& of = virtualiser.clients[client];
    if (command.stream_id >= of.count) {
        answer(client, command, Status::bad_message);
        return;
    }
    const auto number  = of.streams[command.stream_id];
    const auto stream  = kept.streams[number];
    const auto refused = judge(client, command, stream);
    if (refused == Status::busy && stream.owner != client && may_wait(command, stream)) {
        keep(kept.streams[number].wait, {.client  = static_cast<std::uint8_t>(client),
                                         .ticks   = 0,
                                         .taken   = taken_by(stream.owner),
                                         .command = command});
        ++of.commands;
        virtualiser.needs_tick = true;
    } else if (refused) {
        answer(client, command, *refused);
    } else {
        ++of.commands;
        // A client that began anew, without a RELEASE: what it had is over.
        begin(client, number, command, !sddf::sound::after(stream.state, command.code));
    }
}

/// Who waits for the stream gets it, or hears that its owner is alive.
void decide(unsigned number)
{
    const auto stream  = kept.streams[number];
    const auto wait    = stream.wait;
    const bool is_gone = stream.owner < client_count() && is_behind(stream.owner) &&
                         taken_by(stream.owner) == wait.taken;
    if (stream.asker != k_nobody) {
        virtualiser.needs_tick = true; // the driver will answer
    } else if ((is_gone || stream.owner == k_nobody) && is_offered(wait.client, wait.command)) {
        keep(kept.streams[number].owner, k_nobody);
        begin(wait.client, number, wait.command, stream.state != State::released);
    } else {
        keep(kept.streams[number].wait, Wait{});
        --virtualiser.clients[wait.client].commands;
        answer(wait.client, wait.command, Status::busy);
    }
}

void take_answer(const Command& response)
{
    const auto number = response.stream_id;
    if (number >= k_max_streams || kept.streams[number].asker == k_nobody ||
        response.cookie != cookie_of(number)) {
        return; // nobody's: an answer that came twice
    }
    auto       stream = kept.streams[number];
    const auto status = response.status();
    if (stream.is_emptied) {
        stream.is_emptied = false;
        stream.state      = State::released;
        ++stream.generation;
        keep(kept.streams[number], stream);
        send(number, Code::take, stream.command.value & 0xff'ffff);
        return;
    }
    const auto client = stream.asker;
    const auto code   = stream.command.code;
    stream.asker      = k_nobody;
    if (code == Code::release) { // over, whatever the answer
        stream.owner = k_nobody;
        stream.state = State::released;
    } else if (status == Status::ok) {
        stream.owner = client;
        stream.state = sddf::sound::after(stream.state, code).value_or(stream.state);
    }
    keep(kept.streams[number], stream);
    --virtualiser.clients[client].commands;
    answer(client, stream.command, status);
}

} // namespace

void restore_commands()
{
    for (const auto& stream : kept.streams) {
        if (stream.asker < k_max_clients) {
            ++virtualiser.clients[stream.asker].commands;
        }
        if (stream.wait.client < k_max_clients) {
            ++virtualiser.clients[stream.wait.client].commands;
            virtualiser.needs_tick = true;
        }
    }
}

void tick()
{
    // Between one tick and two: the first may come at once.
    constexpr std::uint8_t k_enough = 2;
    for (unsigned i = 0; i < k_max_streams; ++i) {
        if (kept.streams[i].wait.client == k_nobody) {
            continue;
        }
        make_room();
        const auto ticks = static_cast<std::uint8_t>(kept.streams[i].wait.ticks + 1);
        if (ticks < k_enough) {
            keep(kept.streams[i].wait.ticks, ticks);
            virtualiser.needs_tick = true;
        } else {
            decide(i);
        }
    }
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void take_commands(unsigned client)
{
    auto& of = virtualiser.clients[client];
    for (auto left = of.requests.available(); left != 0 && of.command_answers.space() > of.commands;
         --left) {
        make_room();
        const auto command = of.requests.pop();
        if (!command) {
            break;
        }
        take(client, *command);
    }
}

void take_command_answers()
{
    for (auto left = virtualiser.command_answers.available(); left != 0; --left) {
        make_room();
        const auto response = virtualiser.command_answers.pop();
        if (!response) {
            break;
        }
        take_answer(*response);
    }
}

} // namespace sound_virt
