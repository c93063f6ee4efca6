// SPDX-License-Identifier: BSD-2-Clause
#include "options.hpp"

#include "base/checked.hpp"
#include "base/result.hpp"
#include "command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace vmm {

namespace {

constexpr std::uint64_t k_page      = 4096;
constexpr unsigned      k_max_vcpus = 16;

Result<std::optional<std::filesystem::path>> file_option(const char* name, const std::string& path)
{
    if (path.empty()) {
        return std::nullopt;
    }
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        return std::unexpected(fmt::format("{}: there is no file {}", name, path));
    }
    return std::filesystem::absolute(path);
}

} // namespace

Result<std::uint64_t> parse_size(std::string_view text)
{
    const bool    hexadecimal = text.starts_with("0x");
    const auto    digits      = text.substr(hexadecimal ? 2 : 0);
    std::uint64_t number      = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                              hexadecimal ? 16 : 10);
    std::string_view unit(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
    for (const std::string_view tail : {"iB", "B"}) {
        if (unit.size() > tail.size() && unit.ends_with(tail)) {
            unit.remove_suffix(tail.size());
            break;
        }
    }
    static constexpr std::string_view k_units = "KMG";
    const auto                        power   = k_units.find(unit.empty() ? ' ' : unit[0]);
    if (error != std::errc{} || (!unit.empty() && (unit.size() > 1 || power == k_units.npos))) {
        return std::unexpected(fmt::format("'{}' is not a size; write 256M or 1G", text));
    }
    const auto scale = unit.empty() ? 1 : std::uint64_t{1} << (10 * (power + 1));
    const auto bytes = base::checked_multiply(number, scale);
    if (!bytes) {
        return std::unexpected(fmt::format("'{}' is too large", text));
    }
    return *bytes;
}

Result<qemu::Forward> parse_forward(std::string_view text)
{
    qemu::Forward forward;
    auto          rest = text;
    if (rest.starts_with("udp:")) {
        forward.protocol = qemu::Forward::Protocol::udp;
        rest.remove_prefix(4);
    }
    const auto first = std::min(rest.find(':'), rest.size());
    const auto last  = std::min(rest.rfind(':'), rest.size());
    const auto port  = [](std::string_view digits) -> unsigned {
        constexpr unsigned k_ports = 65536;
        unsigned           number  = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
        return is_number && number < k_ports ? number : 0;
    };
    forward.host  = port(rest.substr(0, first));
    forward.guest = port(rest.substr(std::min(last + 1, rest.size())));
    if (first < last) {
        forward.address = rest.substr(first + 1, last - first - 1);
    }
    const bool is_address = forward.address.find_first_not_of("0123456789.") == std::string::npos;
    if (forward.host == 0 || forward.guest == 0 || !is_address) {
        return std::unexpected(
            fmt::format("--forward {}: give a port of this host and one of the guest: 8080:80, or "
                        "with protocol and address, udp:6969:10.0.2.50:69",
                        text));
    }
    return forward;
}

Result<std::vector<std::string>> split_words(std::string_view text)
{
    std::vector<std::string> words;
    std::string              word;
    bool                     in_word = false;
    char                     quote   = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            in_word = true;
        } else if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                word += c;
            }
        } else if (c == '\'' || c == '"') {
            quote   = c;
            in_word = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (in_word) {
                words.push_back(std::exchange(word, {}));
            }
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != 0) {
        return std::unexpected(fmt::format("a {} is not closed in: {}", quote, text));
    }
    if (in_word) {
        words.push_back(word);
    }
    return words;
}

namespace {

/// Words as they come; parse() makes Options of them.
struct Words {
    Verb                     verb;
    Options                  options;
    std::string              kernel, initrd, dtb, cmdline, memory, command, qemu_arguments;
    std::vector<std::string> disks;
    std::vector<std::string> forwards;
    unsigned                 vcpus   = 0;
    double                   timeout = 0;

    explicit Words(Verb meant)
        : verb{meant}
    {
    }
    void add_to(CLI::App& app);
};

constexpr const char* k_exits =
    "Exit codes: 0 when all went well, COMMAND's own with --exec, 1 for a wrong call or a failed "
    "build, 125 when the machine stalled, crashed or could not be started; the last output and the "
    "reason are shown.";

constexpr const char* k_run = "Build a system and boot it in QEMU.\n"
                              "In a project that is the project's own, or its NAME.layout.xml or "
                              "NAME.system for a SYSTEM NAME; in "
                              "libvmm's source tree an example (linux, if none is named).\n"
                              "With a terminal, a system with a guest stays interactive: "
                              "`poweroff` in the guest ends it, and "
                              "Ctrl-A X stops QEMU (Ctrl-A C is QEMU's monitor, Ctrl-A Ctrl-A "
                              "sends a Ctrl-A). Without a terminal "
                              "it boots, takes a short tour inside the guest, powers it off and "
                              "exits 0. A guest that is no Linux "
                              "just runs until it powers itself off. A system without a guest, or "
                              "with several, ends when it has "
                              "printed what its expect.txt says.";

void describe_target(CLI::App& app, Words& words)
{
    app.add_option(
           "--board", words.options.board,
           "the board; without it the project's, for examples qemu_virt_aarch64 (`vmm boards` "
           "lists them)")
        ->type_name("BOARD");
    app.add_option("--config", words.options.config, "debug (default), release or benchmark")
        ->type_name("debug|release|benchmark");
}

void describe_guest(CLI::App& app, Words& words)
{
    constexpr const char* k_group = "A guest of your own in place of the system's";
    const auto add = [&](const char* name, auto& value, const char* type, const char* text) {
        return app.add_option(name, value, text)->type_name(type)->group(k_group);
    };
    add("--kernel", words.kernel, "FILE",
        "arm64 Image (also gzip), ELF, or a flat binary (loaded 0x80000 above the start of RAM and "
        "entered there, x0 = device tree). An Image keeps the system's initramfs and command line "
        "unless they are given too; ELF and flat binaries get neither. One that uses the board's "
        "serial port needs a system that gives it to the guest, as the example simple does");
    add("--initrd", words.initrd, "FILE", "initial RAM disk");
    add("--dtb", words.dtb, "FILE",
        "your device tree instead of the generated one; it is checked against the machine");
    add("--cmdline", words.cmdline, "TEXT", "kernel command line");
    add("--memory", words.memory, "SIZE", "guest RAM: 256M, 1G, …");
    add("--vcpus", words.vcpus, "N", "virtual CPUs, 1 to 16");
}

void describe_devices(CLI::App& app, Words& words)
{
    constexpr const char* k_group = "Devices of the machine";
    app.add_option("--disk", words.disks,
                   "the image of the system's disk, in place: what the guest writes stays in it. "
                   "Without it a run starts from the system's own image and leaves that as it is. "
                   "Again for a second disk")
        ->type_name("FILE")
        ->group(k_group)
        ->allow_extra_args(false); // one value, but several times
    app.add_option("--forward", words.forwards,
                   "H:G: port H of this host leads to the guest's port G (TCP). udp:H:G for UDP, "
                   "H:ADDRESS:G for others in the machine's network. Again for more")
        ->type_name("H:G")
        ->group(k_group)
        ->allow_extra_args(false);
    app.add_option("--wav", words.options.wav,
                   "what the system's sound card plays goes to this file, in WAV format")
        ->type_name("FILE")
        ->group(k_group);
}

constexpr const char* k_how = "How to run";

void describe_limits(CLI::App& app, Words& words)
{
    app.add_option("--qemu-args", words.qemu_arguments, "further arguments for QEMU")
        ->type_name("TEXT")
        ->group(k_how);
    app.add_option("--timeout", words.timeout,
                   "give up after S seconds in all; then the terminal is none of the guest's")
        ->type_name("S")
        ->group(k_how);
}

void describe_machine(CLI::App& app, Words& words)
{
    app.add_option(
           "--exec", words.command,
           "run COMMAND in the guest's shell, print its output, power the guest off and exit "
           "with COMMAND's exit code")
        ->type_name("COMMAND")
        ->group(k_how);
    app.add_flag("--icount", words.options.icount,
                 "one instruction is one nanosecond of the machine's time; every run is the same")
        ->group(k_how);
    app.add_option("--keep-log", words.options.log,
                   "also write everything the machine prints to FILE")
        ->type_name("FILE")
        ->group(k_how);
}

constexpr const char* name_of(Verb verb)
{
    return verb == Verb::run ? "vmm run" : verb == Verb::build ? "vmm build" : "vmm bench";
}

void Words::add_to(CLI::App& app)
{
    if (verb != Verb::bench) {
        app.add_option("SYSTEM", options.example,
                       verb == Verb::run
                           ? "which system; without it the project's own, or of the examples linux"
                           : "which system; without it the project's own, or all examples")
            ->type_name("SYSTEM");
    }
    describe_target(app, *this);
    switch (verb) {
    case Verb::run:
        app.description(k_run);
        app.footer(k_exits);
        describe_guest(app, *this);
        describe_devices(app, *this);
        describe_machine(app, *this);
        describe_limits(app, *this);
        break;
    case Verb::build:
        app.description("Build the image of a project's system, or of all of libvmm's examples.");
        app.footer(
            "Exit codes: 0 when it is built, 1 for a wrong call or a failed build, whose output "
            "is shown.");
        app.add_flag("--json", options.as_json, "say where the results are, as JSON");
        break;
    case Verb::bench:
        app.description(
            "Measure exits, boot, size and requests to devices, in instructions (in libvmm's "
            "source tree).");
        app.footer("Exit codes: 0 when all is measured, 1 for a wrong call or a measurement that "
                   "failed.");
        app.add_option("--json", options.json, "write the figures to this file as well")
            ->type_name("FILE");
        describe_limits(app, *this);
        break;
    }
}

} // namespace

void describe_options(CLI::App& app, Verb verb) { command_line::describe(app, Words{verb}); }

Result<Options> parse_options(std::vector<std::string> text, Verb verb, const Defaults& defaults)
{
    Words words{verb};
    words.options.example = verb == Verb::run ? defaults.system : "";
    words.options.board   = defaults.board;
    CLI::App parser{"", name_of(verb)};
    words.add_to(parser);
    TRY(command_line::parse(parser, std::move(text)));

    auto& options          = words.options;
    options.guest.kernel   = TRY(file_option("--kernel", words.kernel));
    options.guest.initrd   = TRY(file_option("--initrd", words.initrd));
    options.guest.dtb      = TRY(file_option("--dtb", words.dtb));
    options.qemu_arguments = TRY(split_words(words.qemu_arguments));
    const auto is_given    = [&](const char* name) {
        const auto* const option = parser.get_option_no_throw(name);
        return option != nullptr && option->count() != 0;
    };
    for (const auto& disk : words.disks) {
        options.disks.push_back(*TRY(file_option("--disk", disk)));
    }
    for (const auto& forward : words.forwards) {
        options.forwards.push_back(TRY(parse_forward(forward)));
    }
    if (is_given("--cmdline")) {
        options.guest.cmdline = words.cmdline;
    }
    if (is_given("--exec")) {
        options.command = words.command;
    }
    if (!words.memory.empty()) {
        options.guest.memory = TRY(parse_size(words.memory));
        if (*options.guest.memory == 0 || *options.guest.memory % k_page != 0) {
            return std::unexpected(
                fmt::format("--memory {}: give a multiple of 4 KiB, at least one", words.memory));
        }
    }
    if (is_given("--vcpus")) {
        if (words.vcpus < 1 || words.vcpus > k_max_vcpus) {
            return std::unexpected(
                fmt::format("--vcpus {}: give 1 to {}", words.vcpus, k_max_vcpus));
        }
        options.guest.vcpus = words.vcpus;
    }
    if (is_given("--timeout")) {
        if (words.timeout <= 0) {
            return std::unexpected("--timeout: give seconds, more than 0");
        }
        options.timeout = words.timeout;
    }
    return options;
}

} // namespace vmm
