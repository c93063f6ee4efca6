// SPDX-License-Identifier: BSD-2-Clause
// A system that the product build made: what NAME.json beside its image says (cmake/product.cmake).
#pragma once

#include "options.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vmm {

/// The VMM's program with a guest's images in it, and how to make it again.
struct GuestProgram {
    std::filesystem::path program;   ///< the VMM's ELF
    std::filesystem::path object;    ///< the one object that holds the images
    std::filesystem::path directory; ///< kernel, initrd, dtb, cmdline, guest.inc
    std::string           machine;   ///< name of the <virtual_machine>
    std::string           ram;       ///< name of the guest's RAM's <memory_region>
    unsigned              vcpus = 1;
};

/// What a system description was generated from, and by what (tools/sysgen).
struct LayoutSource {
    std::filesystem::path source; ///< the layout
    std::filesystem::path generator;
    std::filesystem::path tree;    ///< the board's device tree, as a blob
    std::filesystem::path drivers; ///< folder of the drivers' config.json
    std::filesystem::path folder;  ///< what it made
};

/// A device of the board that a driver of the system stands on.
struct UsedDevice {
    std::string device_class; ///< "blk"
    std::string name;         ///< of the element in the layout: "disk"
    std::string device;       ///< "virtio_mmio.31"
    unsigned    playback = 0; ///< of a sound card: streams that its clients are to have
    unsigned    capture  = 0;
};

struct System {
    std::string                        name;
    std::string                        board;
    std::string                        config;
    std::filesystem::path              description; ///< the .system file
    std::filesystem::path              image;
    std::filesystem::path              expect; ///< what it must print; may be empty
    std::filesystem::path              tour;   ///< what to show in its guest; may be empty
    std::filesystem::path              disk;   ///< for its first disk; may be empty
    std::filesystem::path              build;  ///< the product's build folder
    std::filesystem::path              sdk;
    std::filesystem::path              tool;       ///< the SDK's microkit
    std::filesystem::path              board_json; ///< facts of the board
    std::vector<std::filesystem::path> search;     ///< for the tool's --search-path
    std::optional<LayoutSource>        layout;
    std::optional<GuestProgram>        guest;
    std::vector<UsedDevice>            devices;
};

/// The devices of a system that sysgen made in `folder`.
[[nodiscard]] Result<std::vector<UsedDevice>> read_devices(const std::filesystem::path& folder,
                                                           const std::string&           name);

/// Reads NAME.json. The error names the file.
[[nodiscard]] Result<System> read_system(const std::filesystem::path& file);

/// A stop of the tour that a guest without a terminal gives.
struct Stop {
    std::string title;
    std::string command; ///< for the guest's shell
};

/// The stops of `system`'s tour.txt, whose lines are "TITLE: COMMAND". None if it has no such file.
[[nodiscard]] std::vector<Stop> tour_of(const System& system);

/// The lines of `system`'s expect.txt, without empty ones. None if it has no such file.
[[nodiscard]] std::vector<std::string> expected_lines(const System& system);

} // namespace vmm
