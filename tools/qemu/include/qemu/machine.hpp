// SPDX-License-Identifier: BSD-2-Clause
// Which QEMU a board is, as the "qemu" part of boards/*/board.json says.
#pragma once

#include "qemu/devices.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace qemu {

struct Board {
    std::string   name;
    std::string   machine; ///< for -machine
    std::string   cpu;     ///< for -cpu
    std::string   memory;  ///< for -m
    std::uint64_t load_address = 0;
    Version       version      = k_plain; ///< the oldest QEMU that has this machine

    std::vector<std::string> arguments{}; ///< what this machine needs besides
    /// Started as a kernel (-kernel), because this machine's other cores must be told to wait.
    bool is_kernel = false;
    /// Which of the machine's serial lines, from 0, is the board's console.
    unsigned serial_line = 0;
    /// Whether a system can switch the machine off. Where not, QEMU must be ended.
    bool powers_off = true;
};

/// Reads boards/<name>/board.json. The error says what is missing in which file.
[[nodiscard]] Result<Board> read_board(const std::filesystem::path& file);

/// Whether time in the machine follows the host's clock or the count of its instructions.
enum class Time {
    host,
    /// One instruction is one nanosecond, idle time passes at once, and nothing random enters:
    /// two runs are the same to the digit.
    instructions,
};

/// Where the machine's first serial line goes.
enum class Serial {
    terminal, ///< the terminal, with QEMU's monitor behind Ctrl-A
    stream,   ///< QEMU's standard streams, every byte as it is
};

struct Options {
    Serial                   serial = Serial::stream;
    Time                     time   = Time::host;
    std::vector<Device>      devices{};
    std::filesystem::path    log;   ///< with Serial::terminal: a copy of the output; may be empty
    std::vector<std::string> extra; ///< further arguments of the user's own
};

/// The oldest QEMU that has the board with these devices. provide() sees to it that it is there.
[[nodiscard]] Version version_needed(const Board& board, const std::vector<Device>& devices);

/// QEMU's arguments for this kind of time.
[[nodiscard]] std::vector<std::string> time_arguments(Time time);

/// A program on QEMU's own machine, with nothing of ours under it. Its first serial line is QEMU's
/// standard streams; there is no network.
struct Native {
    std::string machine = "virt"; ///< for -machine
    std::string cpu     = "cortex-a53";
    unsigned    cpus    = 1;
    std::string memory  = "256M";
    Version     version = k_plain; ///< the oldest QEMU that will do
    std::string kernel;
    std::string initrd{};  ///< may be empty
    std::string cmdline{}; ///< may be empty
    Time        time = Time::host;
};
[[nodiscard]] std::vector<std::string> native_command_line(const Native& native);

/// QEMU's whole command line for booting `image` on `board`.
[[nodiscard]] std::vector<std::string>
command_line(const Board& board, const std::filesystem::path& image, const Options& options);

} // namespace qemu
