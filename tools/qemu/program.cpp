// SPDX-License-Identifier: BSD-2-Clause
#include "qemu/program.hpp"

#include "base/result.hpp"
#include "installation.hpp"
#include "qemu/console.hpp"

#include <charconv>
#include <filesystem>
#include <fmt/format.h>

namespace qemu {

namespace {

constexpr const char* k_program = "qemu-system-aarch64";

std::string private_copy() { return vmm::installation().cache / "qemu"; }
std::string private_program() { return fmt::format("{}/{}", private_copy(), k_program); }

/// What a command prints, and how it ended.
struct Said {
    std::string output;
    std::string errors;
    bool        is_success = false;
};
Result<Said> said_by(const std::vector<std::string>& command)
{
    Console console(TRY(Process::start(command, Streams::piped)));
    console.process().input.close();
    const auto outcome = console.wait_for({}, {.silence = std::chrono::minutes{10}});
    if (outcome.kind != Outcome::Kind::ended) {
        return std::unexpected(fmt::format("{} does not end", command.front()));
    }
    return Said{outcome.before, console.complaints(), console.process().wait().is_success()};
}

/// Nothing if it cannot be started.
std::optional<Version> version_of(const std::string& program)
{
    const auto said = said_by({program, "--version"});
    return said && said->is_success ? parse_version(said->output) : std::nullopt;
}

std::optional<Version> version_in_path()
{
    static const auto version = version_of(k_program);
    return version;
}

} // namespace

std::string Version::text() const
{
    return patch == 0 ? fmt::format("{}.{}", major, minor)
                      : fmt::format("{}.{}.{}", major, minor, patch);
}

std::optional<Version> parse_version(std::string_view text)
{
    Version    version;
    const auto start = text.find_first_of("0123456789");
    if (start == text.npos) {
        return std::nullopt;
    }
    const char* const end  = text.data() + text.size();
    const auto        head = std::from_chars(text.data() + start, end, version.major);
    if (head.ec != std::errc{} || head.ptr == end || *head.ptr != '.') {
        return std::nullopt;
    }
    const auto tail = std::from_chars(head.ptr + 1, end, version.minor);
    if (tail.ec != std::errc{}) {
        return std::nullopt;
    }
    if (tail.ptr != end && *tail.ptr == '.') {
        (void)std::from_chars(tail.ptr + 1, end, version.patch);
    }
    return version;
}

std::string program_for(Version needed)
{
    return needed <= k_plain || version_in_path() >= needed ? k_program : private_program();
}

Result<> provide(Version needed)
{
    if (program_for(needed) == k_program) {
        return {};
    }
    const auto here = version_in_path();
    const auto why  = fmt::format("this needs QEMU {} or newer, and {}", needed.text(),
                                 here ? "the machine's is " + here->text() : "none is in PATH");
    if (const auto there = version_of(private_program()); !there || *there < needed) {
        fmt::print(stderr, "-- fetching QEMU {} or newer (once)\n", needed.text());
        const auto fetch   = vmm::installation().root / "tools/qemu/fetch.sh";
        const auto fetched = TRY(said_by({fetch, private_copy(), "--unless", needed.text()}));
        if (!fetched.is_success) {
            return std::unexpected(fmt::format("{}; {}", why, fetched.errors));
        }
    }
    const auto copy = version_of(private_program());
    if (!copy || *copy < needed) {
        return std::unexpected(
            fmt::format("{}; the copy in {} {}: remove that folder, it is fetched anew", why,
                        private_copy(), copy ? "is " + copy->text() : "does not start"));
    }
    return {};
}

} // namespace qemu
