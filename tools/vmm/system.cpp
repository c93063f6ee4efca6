// SPDX-License-Identifier: BSD-2-Clause
#include "system.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

} // namespace

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
                .build       = text("build"),
                .sdk         = text("sdk"),
                .tool        = text("tool"),
                .board_json  = text("board_json"),
                .search      = {},
                .guest       = {},
        };
        for (const auto& folder : json.at("search")) {
            system.search.emplace_back(folder.get<std::string>());
        }
        if (!json.at("guest").is_null()) {
            system.guest = read_guest(json.at("guest"));
        }
        return system;
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{}: {}", file.string(), error.what()));
    }
}

std::vector<std::string> expected_lines(const System& system)
{
    std::vector<std::string> lines;
    std::ifstream            stream(system.expect);
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty()) {
            lines.push_back(line);
        }
    }
    return lines;
}

} // namespace vmm
