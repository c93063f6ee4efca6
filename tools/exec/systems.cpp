// SPDX-License-Identifier: BSD-2-Clause
#include "systems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace control {

namespace fs = std::filesystem;

namespace {

/// The process that a run's folder (PROCESS-N) belongs to lives.
bool is_alive(const fs::path& folder)
{
    const int owner = std::atoi(folder.filename().c_str());
    return owner > 0 && (::kill(owner, 0) == 0 || errno == EPERM);
}

/// Throws what nlohmann's library throws.
RunningSystem read_note(const fs::path& file)
{
    std::ifstream stream(file);
    const auto    json = nlohmann::json::parse(stream);
    RunningSystem system{.name   = json.at("system").get<std::string>(),
                         .socket = json.at("socket").get<std::string>(),
                         .guests = {}};
    for (const auto& guest : json.at("guests")) {
        system.guests.push_back(
            {guest.at("name").get<std::string>(), guest.at("cid").get<std::uint32_t>()});
    }
    return system;
}

std::string names_of(const std::vector<ReachableGuest>& guests)
{
    std::vector<std::string> names;
    for (const auto& guest : guests) {
        names.push_back(guest.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

} // namespace

bool write_note(const RunningSystem& system, const fs::path& folder)
{
    nlohmann::json json{{"system", system.name},
                        {"socket", system.socket.string()},
                        {"guests", nlohmann::json::array()}};
    for (const auto& guest : system.guests) {
        json["guests"].push_back({{"name", guest.name}, {"cid", guest.cid}});
    }
    // As a whole or not at all: somebody may look at any time.
    const auto part = folder / (std::string(k_note) + ".part");
    std::ofstream(part) << json.dump(2) << "\n";
    std::error_code error;
    fs::rename(part, folder / k_note, error);
    return !error;
}

std::vector<RunningSystem> running_systems(const fs::path& parent)
{
    std::vector<RunningSystem> systems;
    std::error_code            error;
    for (const auto& entry : fs::directory_iterator(parent, error)) {
        const auto note = entry.path() / k_note;
        if (!is_alive(entry.path()) || !fs::exists(note, error)) {
            continue;
        }
        try {
            systems.push_back(read_note(note));
        } catch (const std::exception&) {
            continue; // it ends just now, or is of another version
        }
    }
    std::ranges::sort(systems, {}, &RunningSystem::socket);
    return systems;
}

std::expected<RunningSystem, std::string> choose_system(const std::vector<RunningSystem>& systems,
                                                        std::string_view                  name)
{
    std::vector<RunningSystem> meant;
    std::ranges::copy_if(systems, std::back_inserter(meant), [&](const RunningSystem& system) {
        return name.empty() || system.name == name;
    });
    if (meant.size() == 1) {
        return meant.front();
    }
    if (meant.empty()) {
        return std::unexpected(
            name.empty() ? "no system with a control channel is running here; `vmm run` in a "
                           "project that has the "
                           "device control starts one, in libvmm's source tree ./run vsock"
                         : fmt::format("no system {} with a control channel is running", name));
    }
    std::string sockets;
    for (const auto& system : meant) {
        sockets += fmt::format("\n  {}  --socket {}", system.name, system.socket.string());
    }
    return std::unexpected("several systems are running; say which:" + sockets);
}

std::expected<std::uint32_t, std::string> choose_guest(const RunningSystem& system,
                                                       std::string_view     guest)
{
    if (guest.empty() && system.guests.size() == 1) {
        return system.guests.front().cid;
    }
    if (guest.empty()) {
        return std::unexpected(
            system.guests.empty() ? "say which guest, by its context ID: --guest 3"
                                  : fmt::format("{} has several guests; say which with --guest: {}",
                                                system.name, names_of(system.guests)));
    }
    const auto found = std::ranges::find(system.guests, guest, &ReachableGuest::name);
    if (found != system.guests.end()) {
        return found->cid;
    }
    std::uint32_t cid       = 0;
    const auto [end, wrong] = std::from_chars(guest.data(), guest.data() + guest.size(), cid);
    if (wrong == std::errc{} && end == guest.data() + guest.size()) {
        return cid;
    }
    return std::unexpected(fmt::format("{} has no guest {} with a socket device; it has: {}",
                                       system.name, guest, names_of(system.guests)));
}

} // namespace control
