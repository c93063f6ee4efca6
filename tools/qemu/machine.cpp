// SPDX-License-Identifier: BSD-2-Clause
#include "qemu/machine.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace qemu {

Result<Board> read_board(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    if (!stream) {
        return std::unexpected(fmt::format("there is no {}: is this board known?", file.string()));
    }
    try {
        const auto json = nlohmann::json::parse(stream);
        if (!json.contains("qemu")) {
            return std::unexpected(
                fmt::format("{}: has no \"qemu\": QEMU does not have this board; ./run build "
                            "--board {} makes images for the real one",
                            file.string(), json.value("name", "NAME")));
        }
        const auto& machine = json.at("qemu");
        const auto  version = parse_version(machine.value("version", k_plain.text()));
        if (!version) {
            return std::unexpected(
                fmt::format("{}: qemu.version is no version like \"8.2\"", file.string()));
        }
        return Board{
            .name         = json.at("name").get<std::string>(),
            .machine      = machine.at("machine").get<std::string>(),
            .cpu          = machine.at("cpu").get<std::string>(),
            .memory       = machine.at("memory").get<std::string>(),
            .load_address = std::stoull(json.at("load_address").get<std::string>(), nullptr, 0),
            .version      = *version,
            .arguments    = machine.value("arguments", std::vector<std::string>{}),
            .is_kernel    = machine.value("start", "") == "kernel",
            .serial_line  = machine.value("serial_line", 0U),
            .powers_off   = machine.value("powers_off", true),
        };
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{}: {}", file.string(), error.what()));
    }
}

Version version_needed(const Board& board, const std::vector<Device>& devices)
{
    return std::max(board.version, version_needed(devices));
}

std::vector<std::string> time_arguments(Time time)
{
    if (time == Time::host) {
        return {};
    }
    return {
        "-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"};
}

std::vector<std::string> command_line(const Board& board, const std::filesystem::path& image,
                                      const Options& options)
{
    std::vector<std::string> words{
        program_for(version_needed(board, options.devices)),
        "-machine",
        board.machine,
        "-cpu",
        board.cpu,
        "-m",
        "size=" + board.memory,
        // No default network card: it needs a ROM file that Debian has in another package.
        "-nic",
        "none",
        "-display",
        "none",
        board.is_kernel ? "-kernel" : "-device",
        board.is_kernel ? image.string()
                        : fmt::format("loader,file={},addr={:#x},cpu-num=0", image.string(),
                                      board.load_address),
    };
    const auto add = [&](std::initializer_list<std::string> more) {
        words.insert(words.end(), more);
    };
    for (unsigned line = 0; line < board.serial_line; ++line) {
        add({"-serial", "null"});
    }
    std::string serial = "chardev:terminal";
    if (has_terminal(options.devices)) {
        add({"-chardev", "file,id=board,path=/dev/stdout"}); // what the kernel prints
        serial = "chardev:board";
    }
    if (options.serial == Serial::terminal) {
        const auto log = options.log.empty() ? "" : ",logfile=" + options.log.string();
        add({"-chardev", "stdio,id=terminal,mux=on,signal=off" + log, "-serial", serial, "-mon",
             "chardev=terminal"});
    } else {
        add({"-chardev", "stdio,id=terminal", "-serial", serial, "-monitor", "none"});
    }
    const auto devices = device_arguments(options.devices);
    words.insert(words.end(), devices.begin(), devices.end());
    words.insert(words.end(), board.arguments.begin(), board.arguments.end());
    const auto time = time_arguments(options.time);
    words.insert(words.end(), time.begin(), time.end());
    words.insert(words.end(), options.extra.begin(), options.extra.end());
    return words;
}

std::vector<std::string> native_command_line(const Native& native)
{
    std::vector<std::string> words{program_for(native.version),
                                   "-machine",
                                   native.machine,
                                   "-cpu",
                                   native.cpu,
                                   "-smp",
                                   std::to_string(native.cpus),
                                   "-m",
                                   "size=" + native.memory,
                                   "-nic",
                                   "none",
                                   "-display",
                                   "none",
                                   "-serial",
                                   "stdio",
                                   "-monitor",
                                   "none",
                                   "-kernel",
                                   native.kernel};
    const auto               add = [&](const std::vector<std::string>& more) {
        words.insert(words.end(), more.begin(), more.end());
    };
    if (!native.initrd.empty()) {
        add({"-initrd", native.initrd});
    }
    if (!native.cmdline.empty()) {
        add({"-append", native.cmdline});
    }
    add(time_arguments(native.time));
    return words;
}

} // namespace qemu
