// SPDX-License-Identifier: BSD-2-Clause
#include "system.hpp"

#include "base/result.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace vmm {

namespace {

GuestProgram read_guest(const nlohmann::json& json)
{
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    return {
        .program = text("program"),
        // Ninja knows the object without CMake's "/./".
        .object    = std::filesystem::path(text("object")).lexically_normal(),
        .directory = text("directory"),
        .machine   = text("vm"),
        .ram       = text("ram"),
        .vcpus     = json.at("vcpus").get<unsigned>(),
    };
}

LayoutSource read_layout(const nlohmann::json& json)
{
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    return {.source    = text("source"),
            .generator = text("generator"),
            .tree      = text("tree"),
            .drivers   = text("drivers"),
            .folder    = text("folder")};
}

/// The lines of a file that are not empty; none if there is no file.
std::vector<std::string> lines_of(const std::filesystem::path& file)
{
    std::vector<std::string> lines;
    std::ifstream            stream(file);
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty()) {
            lines.push_back(line);
        }
    }
    return lines;
}

} // namespace

Result<std::vector<UsedDevice>> read_devices(const std::filesystem::path& folder,
                                             const std::string&           name)
{
    const auto    file = folder / (name + ".devices.json");
    std::ifstream stream(file);
    try {
        std::vector<UsedDevice> devices;
        for (const auto& device : nlohmann::json::parse(stream)) {
            const auto text = [&](const char* key) { return device.at(key).get<std::string>(); };
            devices.push_back({.device_class = text("class"),
                               .name         = text("name"),
                               .device       = text("device"),
                               .playback     = device.value("playback", 0U),
                               .capture      = device.value("capture", 0U)});
        }
        return devices;
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{}: {}", file.string(), error.what()));
    }
}

Result<System> read_system(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    if (!stream) {
        return std::unexpected(fmt::format("cannot read {}", file.string()));
    }
    try {
        const auto json = nlohmann::json::parse(stream);
        const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
        System     system{
                .name        = text("name"),
                .board       = text("board"),
                .config      = text("config"),
                .description = text("system"),
                .image       = text("image"),
                .expect      = text("expect"),
                .tour        = text("tour"),
                .disk        = text("disk"),
                .build       = text("build"),
                .sdk         = text("sdk"),
                .tool        = text("tool"),
                .board_json  = text("board_json"),
                .search      = {},
                .layout      = {},
                .guest       = {},
                .devices     = {},
        };
        for (const auto& folder : json.at("search")) {
            system.search.emplace_back(folder.get<std::string>());
        }
        if (!json.at("guest").is_null()) {
            system.guest = read_guest(json.at("guest"));
        }
        if (!json.at("layout").is_null()) {
            system.layout  = read_layout(json.at("layout"));
            system.devices = TRY(read_devices(system.layout->folder, system.name));
        }
        return system;
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{}: {}", file.string(), error.what()));
    }
}

std::vector<std::string> expected_lines(const System& system) { return lines_of(system.expect); }

std::vector<Stop> tour_of(const System& system)
{
    std::vector<Stop> stops;
    for (const auto& line : lines_of(system.tour)) {
        const auto colon = std::min(line.find(": "), line.size());
        stops.push_back({line.substr(0, colon), line.substr(std::min(colon + 2, line.size()))});
    }
    return stops;
}

} // namespace vmm
