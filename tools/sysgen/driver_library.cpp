// SPDX-License-Identifier: BSD-2-Clause
#include "driver_library.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sysgen {

namespace {

namespace fs = std::filesystem;
using Json   = nlohmann::json;

/// Throws what nlohmann throws when a value has another type.
DriverInfo read(const Json& json, std::string device_class, std::string image)
{
    DriverInfo driver{.device_class = std::move(device_class),
                      .image        = json.value("image", std::move(image)),
                      .compatible   = json.at("compatible").get<std::vector<std::string>>(),
                      .regions      = {},
                      .interrupts   = {}};
    // Older files have the two lists at the top.
    const Json& resources = json.contains("resources") ? json.at("resources") : json;
    for (const auto& item : resources.value("regions", Json::array())) {
        DriverRegion region{.name     = item.at("name").get<std::string>(),
                            .index    = {},
                            .size     = {},
                            .writable = item.value("perms", std::string{"rw"}).find('w') !=
                                        std::string::npos,
                            .cached = item.value("cached", false)};
        if (item.contains("dt_index")) {
            region.index = item.at("dt_index").get<unsigned>();
        }
        if (item.contains("size")) {
            region.size = item.at("size").get<std::uint64_t>();
        }
        driver.regions.push_back(std::move(region));
    }
    for (const auto& item : resources.value("irqs", Json::array())) {
        driver.interrupts.push_back(item.at("dt_index").get<unsigned>());
    }
    return driver;
}

} // namespace

Result<DriverInfo> read_driver(const fs::path& file, std::string device_class, std::string image)
{
    std::ifstream stream{file};
    if (!stream) {
        return refuse(0, fmt::format("{} cannot be read", file.string()),
                      "a driver needs a config.json that says what it drives");
    }
    try {
        return read(Json::parse(stream), std::move(device_class), std::move(image));
    } catch (const Json::exception& error) {
        return refuse(0, fmt::format("{}: {}", file.string(), error.what()),
                      "see tools/sysgen/README.md for what a driver's config.json holds");
    }
}

Result<std::vector<DriverInfo>> read_drivers(const fs::path& folder)
{
    std::vector<fs::path> files;
    std::error_code       error;
    for (const auto& entry : fs::recursive_directory_iterator{folder, error}) {
        if (entry.path().filename() == "config.json") {
            files.push_back(entry.path());
        }
    }
    if (error) {
        return refuse(0, fmt::format("{}: {}", folder.string(), error.message()),
                      "name the folder of the drivers with --drivers");
    }
    std::ranges::sort(files); // the same choice everywhere
    std::vector<DriverInfo> drivers;
    for (const auto& file : files) {
        const auto device       = file.parent_path();
        const auto device_class = device.parent_path().filename().string();
        drivers.push_back(
            TRY(read_driver(file, device_class,
                            fmt::format("{}_{}.elf", device_class, device.filename().string()))));
    }
    return drivers;
}

} // namespace sysgen
