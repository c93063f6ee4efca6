// SPDX-License-Identifier: BSD-2-Clause
// Commands to streams: who may say what to which, and what the driver said.
#include "virtualiser.hpp"

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

void take(unsigned client, const Command& command)
{
    auto& of = virtualiser.clients[client];
    if (command.stream_id >= of.count) {
        answer(client, command, Status::bad_message);
        return;
    }
    const auto number = of.streams[command.stream_id];
    auto       stream = kept.streams[number];
    if (const auto refused = judge(client, command, stream)) {
        answer(client, command, *refused);
        return;
    }
    stream.asker   = static_cast<std::uint8_t>(client);
    stream.command = command;
    ++stream.generation;
    // A client that began anew, without a RELEASE: what it had is over.
    stream.is_emptied = !sddf::sound::after(stream.state, command.code);
    keep(kept.streams[number], stream);
    ++of.commands;
    if (stream.is_emptied) {
        send(number, Code::release, 0);
    } else {
        send(number, command.code, command.code == Code::take ? command.value & 0xff'ffff : 0);
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
