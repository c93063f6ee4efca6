// SPDX-License-Identifier: BSD-2-Clause
// What a caller of vmm run, build or bench asks for.
#pragma once

#include "qemu/devices.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace vmm {

using qemu::Result;

/// A guest in place of the example's, or parts of one. Paths are absolute and exist.
struct OwnGuest {
    std::optional<std::filesystem::path> kernel;
    std::optional<std::filesystem::path> initrd;
    std::optional<std::filesystem::path> dtb;
    std::optional<std::string>           cmdline;
    std::optional<std::uint64_t>         memory; ///< bytes, whole pages
    std::optional<unsigned>              vcpus;

    [[nodiscard]] bool is_given() const
    {
        return kernel || initrd || dtb || cmdline || memory || vcpus;
    }
};

struct Options {
    std::string                        example = "linux";
    std::string                        board   = "qemu_virt_aarch64";
    std::string                        config; ///< empty: debug, and release for measurements
    OwnGuest                           guest;
    std::vector<std::filesystem::path> disks;    ///< --disk; absolute, and they exist
    std::vector<qemu::Forward>         forwards; ///< --forward
    std::optional<std::string>         command;  ///< --exec
    std::vector<std::string>           qemu_arguments;
    bool                               icount = false;
    std::optional<double>              timeout;         ///< seconds
    std::filesystem::path              log;             ///< --keep-log; may be empty
    std::filesystem::path              wav;             ///< --wav; may be empty
    std::filesystem::path              json;            ///< --json FILE of bench; may be empty
    bool                               as_json = false; ///< --json of build
};

/// What the options are for.
enum class Verb : std::uint8_t { run, build, bench };

/// What is meant if nobody says.
struct Defaults {
    std::string system = "linux";
    std::string board  = "qemu_virt_aarch64";
};

/// Parses the words after the command. The error is a sentence for the caller.
[[nodiscard]] Result<Options> parse_options(std::vector<std::string> words, Verb verb = Verb::run,
                                            const Defaults& defaults = {});

/// Adds the options, their texts and the description of a command to a parser that nobody parses
/// with.
void describe_options(CLI::App& app, Verb verb);

/// "256M", "1G", "512MiB", "0x10000000" in bytes.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// "8080:80", "udp:6969:10.0.2.50:69".
[[nodiscard]] Result<qemu::Forward> parse_forward(std::string_view text);

/// Splits at blanks, as a shell would, with '…', "…" and \ quoting.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view text);

} // namespace vmm
