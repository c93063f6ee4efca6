// SPDX-License-Identifier: BSD-2-Clause
#include "options.hpp"

#include "base/checked.hpp"
#include "base/result.hpp"

#include <CLI/CLI.hpp>
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

Result<Options> parse_options(std::vector<std::string> words)
{
    Options     options;
    std::string kernel;
    std::string initrd;
    std::string dtb;
    std::string cmdline;
    std::string memory;
    std::string command;
    std::string qemu_arguments;

    std::vector<std::string> disks;
    std::vector<std::string> forwards;
    unsigned                 vcpus   = 0;
    double                   timeout = 0;

    CLI::App parser;
    parser.set_help_flag();
    parser.add_flag("-h,--help", options.help);
    parser.add_option("example", options.example);
    parser.add_option("--board", options.board);
    parser.add_option("--config", options.config);
    parser.add_option("--kernel", kernel);
    parser.add_option("--initrd", initrd);
    parser.add_option("--dtb", dtb);
    const auto* const has_cmdline = parser.add_option("--cmdline", cmdline);
    parser.add_option("--memory", memory);
    const auto* const has_vcpus = parser.add_option("--vcpus", vcpus);
    parser.add_option("--disk", disks)->allow_extra_args(false); // one value, but several times
    parser.add_option("--forward", forwards)->allow_extra_args(false);
    const auto* const has_exec = parser.add_option("--exec", command);
    parser.add_option("--qemu-args", qemu_arguments);
    parser.add_flag("--icount", options.icount);
    const auto* const has_timeout = parser.add_option("--timeout", timeout);
    parser.add_option("--keep-log", options.log);
    parser.add_option("--wav", options.wav);
    parser.add_option("--json", options.json);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& error) {
        return std::unexpected(fmt::format("{} (./run --help shows the options)", error.what()));
    }

    options.guest.kernel   = TRY(file_option("--kernel", kernel));
    options.guest.initrd   = TRY(file_option("--initrd", initrd));
    options.guest.dtb      = TRY(file_option("--dtb", dtb));
    options.qemu_arguments = TRY(split_words(qemu_arguments));
    for (const auto& disk : disks) {
        options.disks.push_back(*TRY(file_option("--disk", disk)));
    }
    for (const auto& forward : forwards) {
        options.forwards.push_back(TRY(parse_forward(forward)));
    }
    if (has_cmdline->count() != 0) {
        options.guest.cmdline = cmdline;
    }
    if (has_exec->count() != 0) {
        options.command = command;
    }
    if (!memory.empty()) {
        options.guest.memory = TRY(parse_size(memory));
        if (*options.guest.memory == 0 || *options.guest.memory % k_page != 0) {
            return std::unexpected(
                fmt::format("--memory {}: give a multiple of 4 KiB, at least one", memory));
        }
    }
    if (has_vcpus->count() != 0) {
        if (vcpus < 1 || vcpus > k_max_vcpus) {
            return std::unexpected(fmt::format("--vcpus {}: give 1 to {}", vcpus, k_max_vcpus));
        }
        options.guest.vcpus = vcpus;
    }
    if (has_timeout->count() != 0) {
        if (timeout <= 0) {
            return std::unexpected("--timeout: give seconds, more than 0");
        }
        options.timeout = timeout;
    }
    return options;
}

} // namespace vmm
