// SPDX-License-Identifier: BSD-2-Clause
#include "control.hpp"

#include "base/result.hpp"
#include "caller.hpp"
#include "channel.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <array>

namespace vmm {

namespace fs = std::filesystem;

namespace {

/// What fits into a socket's address, with some room for QEMU's.
constexpr std::size_t k_longest_path = 100;

} // namespace

fs::path control_socket(const fs::path& folder)
{
    const auto socket = folder / k_control;
    return socket.string().size() <= k_longest_path
               ? socket
               : fs::temp_directory_path() /
                     fmt::format("vmm-{}.{}", folder.filename().string(), k_control);
}

Result<std::vector<control::ReachableGuest>> guests_with_sockets(const fs::path& layout)
{
    pugi::xml_document document;
    if (const auto parsed = document.load_file(layout.c_str()); !parsed) {
        return std::unexpected(fmt::format("{}: {}", layout.string(), parsed.description()));
    }
    std::vector<control::ReachableGuest> guests;
    for (const auto guest : document.child("system").children("guest")) {
        if (const auto device = guest.child("vsock")) {
            guests.push_back({.name = guest.attribute("name").value(),
                              .cid  = device.attribute("cid").as_uint()});
        }
    }
    return guests;
}

Result<std::optional<control::RunningSystem>>
open_control(const System& system, std::vector<qemu::Device>& devices, const fs::path& folder)
{
    for (auto& device : devices) {
        auto* const port = std::get_if<qemu::SerialPort>(&device.kind);
        if (port == nullptr || device.name != k_control) {
            continue;
        }
        port->socket = control_socket(folder);
        control::RunningSystem running{
            .name   = system.name,
            .socket = port->socket,
            .guests = system.layout ? TRY(guests_with_sockets(system.layout->source))
                                    : std::vector<control::ReachableGuest>{}};
        if (!control::write_note(running, folder)) {
            return std::unexpected(fmt::format("cannot write to {}", folder.string()));
        }
        return std::optional{running};
    }
    return std::nullopt;
}

Result<int> run_in_guest(const control::RunningSystem& system, const std::string& command,
                         std::chrono::steady_clock::time_point deadline)
{
    const auto cid     = TRY(control::choose_guest(
            system, system.guests.empty() ? "" : std::string_view{system.guests.front().name}));
    const auto channel = TRY(control::Channel::connect(system.socket, deadline));
    TRY(channel->open({.cid = cid, .port = control::k_agent_port}, deadline));

    control::Caller                       caller{*channel};
    const std::array<std::string_view, 3> words{"/bin/sh", "-c", command};
    auto                                  ended = caller.greet();
    if (ended.kind == control::Outcome::Kind::ok) {
        ended = caller.run(words, {});
    }
    if (ended.kind != control::Outcome::Kind::ok) {
        return std::unexpected(fmt::format("the guest's agent: {}", ended.text.data()));
    }
    return ended.code;
}

} // namespace vmm
