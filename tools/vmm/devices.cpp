// SPDX-License-Identifier: BSD-2-Clause
#include "devices.hpp"

#include "base/result.hpp"
#include "control.hpp"
#include "installation.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace vmm {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t    k_block     = 4096; // sDDF's unit
constexpr std::string_view k_bus_array = "virtio_mmio.";

/// 31 of "virtio_mmio.31"; nothing for a device that QEMU's machine has without being asked.
std::optional<unsigned> bus_of(const UsedDevice& used)
{
    unsigned   bus  = 0;
    const auto text = std::string_view(used.device);
    if (!text.starts_with(k_bus_array)) {
        return std::nullopt;
    }
    std::from_chars(text.data() + k_bus_array.size(), text.data() + text.size(), bus);
    return bus;
}

/// An id as QEMU wants it.
std::string id_of(const std::string& name)
{
    auto id = name;
    std::ranges::replace_if(
        id, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return id;
}

bool has_partition_table(const fs::path& file)
{
    constexpr std::streamoff k_signature = 510;
    std::ifstream            stream(file, std::ios::binary);
    std::string              signature(2, '\0');
    stream.seekg(k_signature);
    stream.read(signature.data(), 2);
    return stream && signature == "\x55\xaa";
}

Result<> check(const qemu::Disk& disk)
{
    const auto      name = disk.file.string();
    std::error_code failed;
    const auto      size = fs::file_size(disk.file, failed);
    if (failed) {
        return std::unexpected(fmt::format("the disk image {} cannot be read", name));
    }
    if (size == 0 || size % k_block != 0) {
        return std::unexpected(fmt::format(
            "the disk image {} has {} bytes, and a disk has a multiple of {}: `truncate -s %{} {}` "
            "makes it longer",
            name, size, k_block, k_block, name));
    }
    if (::access(disk.file.c_str(), disk.persistent ? R_OK | W_OK : R_OK) != 0) {
        return std::unexpected(fmt::format("the disk image {} may not be {}", name,
                                           disk.persistent ? "written" : "read"));
    }
    if (!has_partition_table(disk.file)) {
        return std::unexpected(fmt::format(
            "the disk image {} has no partition table, and each guest gets a partition: "
            "`{} -o IMAGE {}` makes an image with it as its partition",
            name, installation().disk.string(), name));
    }
    if (qemu::is_in_use(disk)) {
        return std::unexpected(fmt::format(
            "the disk image {} is in use: another machine runs with it; end that, or use a copy",
            name));
    }
    return {};
}

Result<qemu::Disk> choose_disk(const System& system, const Options& options, std::size_t turn,
                               const std::string& name)
{
    qemu::Disk disk;
    if (turn < options.disks.size()) {
        disk = {.file = options.disks[turn], .persistent = true};
    } else if (system.disk.empty()) {
        return std::unexpected(fmt::format("the system {} comes without an image for its disk "
                                           "'{}': give one with --disk FILE",
                                           system.name, name));
    } else {
        disk = {.file = system.disk, .persistent = false};
    }
    TRY(check(disk));
    return disk;
}

} // namespace

Result<std::vector<qemu::Device>> devices_for(const System& system, const Options& options)
{
    std::vector<qemu::Device> devices;
    std::size_t               disks    = 0;
    bool                      networks = false;
    // Whoever has no console on the board's own serial line has it on another.
    const bool has_uart = std::ranges::any_of(system.devices, [](const UsedDevice& used) {
        return used.device_class == "serial" && !bus_of(used);
    });
    for (const auto& used : system.devices) {
        const auto bus = bus_of(used);
        if (!bus) {
            continue;
        }
        qemu::Device device{.name = id_of(used.name), .bus = *bus, .kind = {}};
        if (used.device_class == "passthrough") {
            // A guest's own driver: the system's disk is there, if no driver of ours has it.
            if (disks < options.disks.size() || !system.disk.empty()) {
                device.kind = TRY(choose_disk(system, options, disks++, used.name));
            } else {
                continue;
            }
        } else if (used.device_class == "blk") {
            device.kind = TRY(choose_disk(system, options, disks++, used.name));
        } else if (used.device_class == "net") {
            // The first network has the ports.
            device.kind = qemu::Network{networks ? std::vector<qemu::Forward>{} : options.forwards};
            networks    = true;
        } else if (used.device_class == "entropy") {
            device.kind = qemu::Entropy{};
        } else if (used.device_class == "sound") {
            // The first half of QEMU's streams plays.
            device.kind = qemu::Sound{.file    = options.wav,
                                      .streams = 2 * std::max({1U, used.playback, used.capture})};
        } else if (used.device_class == "serial") {
            device.kind = qemu::SerialPort{.is_terminal = !has_uart && used.name != k_control};
        } else {
            return std::unexpected(fmt::format("the system {} has a driver of class {} on {}, and "
                                               "which device of QEMU that needs is not known",
                                               system.name, used.device_class, used.device));
        }
        devices.push_back(std::move(device));
    }
    if (options.disks.size() > disks) {
        return std::unexpected(
            disks == 0 ? fmt::format("--disk: the system {} has no disk", system.name)
                       : fmt::format("--disk: the system {} has {} disk(s), and {} are given",
                                     system.name, disks, options.disks.size()));
    }
    const bool has_sound = std::ranges::any_of(devices, [](const qemu::Device& device) {
        return std::holds_alternative<qemu::Sound>(device.kind);
    });
    if (!options.wav.empty() && !has_sound) {
        return std::unexpected(fmt::format("--wav: the system {} has no sound", system.name));
    }
    if (!options.forwards.empty() && !networks) {
        return std::unexpected(fmt::format("--forward: the system {} has no network", system.name));
    }
    return devices;
}

} // namespace vmm
