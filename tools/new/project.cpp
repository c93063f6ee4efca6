// SPDX-License-Identifier: BSD-2-Clause
#include "project.hpp"

#include "base/result.hpp"
#include "template.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>

namespace project {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_large_page = 0x20'0000;
constexpr std::uint64_t k_least_ram  = std::uint64_t{64} << 20; // for Linux
constexpr unsigned      k_most_vcpus = 16;
constexpr std::size_t   k_long_name  = 48;

const Offer& offer_of(const Offers& offers, Part part)
{
    return offers[static_cast<std::size_t>(part)];
}

std::unexpected<std::string> refuse(std::string text) { return std::unexpected(std::move(text)); }

Result<> check_wishes(const Wishes& wishes, const KnownBoard& board)
{
    if (const auto objection = objection_to_name(wishes.name)) {
        return refuse(*objection);
    }
    if (const auto objection = objection_to_parts(wishes.parts, wishes.guest, board)) {
        return refuse(*objection);
    }
    if (wishes.identity && wishes.guest == GuestKind::bare_metal) {
        return refuse(
            "a device that moves data by itself needs a guest that finds out where its RAM "
            "is; the bare-metal program is linked for one place");
    }
    if (wishes.ram == 0 || wishes.ram % k_large_page != 0) {
        return refuse(
            fmt::format("guest RAM of {:#x} bytes: give a multiple of 2 MiB, as 256M", wishes.ram));
    }
    if (wishes.guest == GuestKind::linux_kernel && wishes.ram < k_least_ram) {
        return refuse("less than 64 MiB are too little for Debian's kernel and root file system");
    }
    std::uint64_t most = 0;
    for (const auto& range : board.board.memory) {
        most = std::max(most, range.size);
    }
    if (wishes.ram > most) {
        return refuse(fmt::format("{} has {} MiB of memory, and the guest is to have {}",
                                  board.board.name, most >> 20, wishes.ram >> 20));
    }
    if (wishes.vcpus == 0 || wishes.vcpus > k_most_vcpus) {
        return refuse(fmt::format("{} CPUs: a guest has 1 to {}", wishes.vcpus, k_most_vcpus));
    }
    return {};
}

/// An address of the project's own in the range that everybody may use (52:54:00), so that two
/// projects can be in one network.
std::string mac_of(std::string_view name)
{
    std::uint32_t hash = 2166136261U; // FNV-1a
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", (hash >> 16) & 0xff, (hash >> 8) & 0xff,
                       hash & 0xff);
}

/// Where a guest's RAM is if the layout does not say (tools/sysgen).
std::uint64_t usual_ram_address(const boardgen::Board& board)
{
    constexpr std::uint64_t k_lowest = std::uint64_t{1} << 30;
    return std::max(board.memory.empty() ? 0 : board.memory.front().start, k_lowest);
}

Words words_of(const Wishes& wishes, const KnownBoard& board)
{
    Words words;
    words.values = {{"name", wishes.name},
                    {"board", wishes.board},
                    {"ram", fmt::format("{:#x}", wishes.ram)},
                    {"ram_at", fmt::format("{:#x}", usual_ram_address(board.board))},
                    {"vcpus", wishes.vcpus == 1
                                  ? ""
                                  : fmt::format(" vcpus=\"{}\" budget=\"200\"", wishes.vcpus)},
                    {"mac", mac_of(wishes.name)},
                    {"identity", wishes.identity ? " identity=\"true\"" : ""},
                    {"passed", ""}};
    for (const auto& element : wishes.passed) {
        words.values["passed"] += "        " + element + "\n";
    }
    for (const auto part : wishes.parts) {
        words.facts.emplace(info_of(part).name);
        words.values.emplace(info_of(part).name, offer_of(board.offers, part).device);
    }
    if (wishes.parts.contains(Part::vsock) || wishes.parts.contains(Part::control)) {
        words.facts.emplace("sockets");
    }
    if (wishes.guest == GuestKind::linux_kernel) {
        words.facts.emplace("linux");
    }
    if (wishes.vcpus > 1) {
        words.facts.emplace("smp");
    }
    if (const auto port = port_of(board.board)) {
        words.values.emplace("uart_kind", board.board.console.compatible.front());
        words.values.emplace("uart_data", fmt::format("{:#x}", port->address + port->data));
        words.values.emplace("uart_status", fmt::format("{:#x}", port->address + port->status));
        words.values.emplace("uart_mask", fmt::format("{:#x}u", port->mask));
        words.values.emplace("uart_ready", fmt::format("{:#x}u", port->ready));
    }
    return words;
}

} // namespace

std::optional<std::string> objection_to_name(std::string_view name)
{
    // What programs and domains of the layout are called, and targets of the build.
    static constexpr std::array<std::string_view, 14> k_taken{
        "arch", "base", "board",  "control", "disk",  "guest", "microkit",
        "net",  "rng",  "serial", "service", "sound", "timer", "vmm"};
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_more   = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.empty() || !is_letter(name.front()) || !std::ranges::all_of(name, is_more) ||
        name.size() > k_long_name) {
        return fmt::format("'{}' is no name for a project: a small letter, then small letters, "
                           "digits, - and _, at most {} in all",
                           name, k_long_name);
    }
    if (std::ranges::find(k_taken, name) != k_taken.end()) {
        return fmt::format("a part of the system is called {}: choose another name", name);
    }
    return std::nullopt;
}

std::optional<std::string> objection_to_parts(const Parts& parts, GuestKind guest,
                                              const KnownBoard& board)
{
    for (const auto part : parts) {
        const auto& offer = offer_of(board.offers, part);
        if (!offer.is_there()) {
            return fmt::format("the board {} cannot give {}: {}", board.board.name,
                               info_of(part).name, offer.reason);
        }
    }
    const auto has = [&](Part part) { return parts.contains(part); };
    if (has(Part::console) && has(Part::uart)) {
        return "console and uart exclude each other: the serial port is either shared behind a "
               "virtIO console or the guest's own";
    }
    if (!has(Part::console) && !has(Part::uart)) {
        return "a guest without console or uart has nothing to print on: add one of them";
    }
    const bool is_linux = guest == GuestKind::linux_kernel;
    if (!is_linux && (has(Part::vsock) || has(Part::control) || has(Part::sound))) {
        return "vsock, control and sound are for Linux guests: the bare-metal program has no "
               "drivers for them";
    }
    if (!is_linux && has(Part::uart) && !port_of(board.board)) {
        const auto& console = board.board.console;
        return fmt::format("how to print on {}'s serial port ({}) is not known; take console in "
                           "place of uart",
                           board.board.name,
                           console.compatible.empty() ? console.name : console.compatible.front());
    }
    return std::nullopt;
}

Parts usual_parts(const Offers& offers, GuestKind guest)
{
    Parts      parts;
    const auto take = [&](Part part) {
        const bool is_there = offer_of(offers, part).is_there();
        if (is_there) {
            parts.insert(part);
        }
        return is_there;
    };
    if (!take(Part::console)) {
        take(Part::uart);
    }
    if (guest == GuestKind::linux_kernel) {
        take(Part::disk);
        take(Part::net);
        take(Part::entropy);
    }
    return parts;
}

Result<std::vector<File>> make_project(const Wishes& wishes, const KnownBoard& board)
{
    TRY(check_wishes(wishes, board));
    const auto        words = words_of(wishes, board);
    std::vector<File> files;
    const auto        add = [&](std::string path, std::string_view source) {
        files.push_back({std::move(path), fill_in(template_text(source), words)});
    };
    add("vmm.json", "vmm.json.in");
    add("CMakeLists.txt", "CMakeLists.txt.in");
    add(wishes.name + ".layout.xml", "layout.xml.in");
    add(wishes.name + ".cpp", "vmm.cpp.in");
    add("README.md", "README.md.in");
    add(".gitignore", "gitignore.in");
    if (wishes.parts.contains(Part::vsock)) {
        add("service.cpp", "service.cpp.in");
    }
    if (wishes.guest == GuestKind::bare_metal) {
        add("guest/guest.c", "guest.c.in");
        add("guest/start.S", "start.S.in");
        add("guest/guest.ld", "guest.ld.in");
    }
    return files;
}

std::optional<std::string> objection_to_folder(const fs::path& folder)
{
    std::error_code error;
    if (fs::exists(folder / "vmm.json", error)) {
        return fmt::format("{} is a project already: it has a vmm.json", folder.string());
    }
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.path().filename().string().starts_with('.')) {
            return fmt::format("the folder {} is not empty; name one that is, or a new one",
                               folder.string());
        }
    }
    return std::nullopt;
}

Result<> write_project(const fs::path& folder, const std::vector<File>& files)
{
    if (const auto objection = objection_to_folder(folder)) {
        return refuse(*objection);
    }
    std::error_code error;
    for (const auto& file : files) {
        const auto path = folder / file.path;
        if (fs::exists(path, error)) {
            continue; // a .gitignore of the user's own
        }
        fs::create_directories(path.parent_path(), error);
        std::ofstream stream{path, std::ios::binary};
        stream << file.text;
        stream.close();
        if (!stream) {
            return refuse(fmt::format("{} cannot be written", path.string()));
        }
    }
    return {};
}

} // namespace project
