// SPDX-License-Identifier: BSD-2-Clause
// The guest's command line.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <span>
#include <sstream>

namespace check {
namespace {

std::vector<std::string> words(const std::string& text)
{
    std::istringstream       stream{text};
    std::vector<std::string> all;
    for (std::string word; stream >> word;) {
        all.push_back(word);
    }
    return all;
}

/// What Linux calls the ports of a serial driver, and what the nodes are compatible with.
struct Port {
    std::string_view                  name;
    std::span<const std::string_view> compatible;
};
using namespace std::string_view_literals;
constexpr std::array k_pl011{"arm,pl011"sv, "arm,sbsa-uart"sv};
constexpr std::array k_8250{
    "ns16550a"sv,          "ns16550"sv,       "snps,dw-apb-uart"sv,    "brcm,bcm2835-aux-uart"sv,
    "brcm,bcm7271-uart"sv, "ti,am654-uart"sv, "nvidia,tegra20-uart"sv, "ns8250"sv};
constexpr std::array k_imx{"fsl,imx6q-uart"sv, "fsl,imx21-uart"sv, "fsl,imx8mq-uart"sv};
constexpr std::array k_lpuart{"fsl,imx7ulp-lpuart"sv, "fsl,imx8qxp-lpuart"sv, "fsl,vf610-lpuart"sv};
constexpr std::array k_meson{"amlogic,meson-gx-uart"sv, "amlogic,meson-uart"sv,
                             "amlogic,meson-g12a-uart"sv};
constexpr std::array k_cadence{"cdns,uart-r1p8"sv, "cdns,uart-r1p12"sv, "xlnx,xuartps"sv};
constexpr std::array k_qcom{"qcom,geni-debug-uart"sv, "qcom,msm-uartdm"sv};
constexpr std::array k_ports{
    Port{"ttyAMA", k_pl011}, Port{"ttyS", k_8250},    Port{"ttymxc", k_imx},
    Port{"ttyLP", k_lpuart}, Port{"ttyAML", k_meson}, Port{"ttyPS", k_cadence},
    Port{"ttyMSM", k_qcom},
};

/// Whether the guest has a device behind "ttyAMA0" or "hvc0"; true for names that are not known.
bool console_exists(const Guest& guest, std::string_view name)
{
    if (name.starts_with("hvc")) {
        return !guest.emulated_is_known ||
               has(guest.emulated, Emulated::Kind::console, &Emulated::kind);
    }
    const auto port = std::ranges::find_if(k_ports, [&](const Port& one) {
        return name.starts_with(one.name) && name.size() > one.name.size() &&
               name[one.name.size()] >= '0' && name[one.name.size()] <= '9';
    });
    return port == k_ports.end() || guest.tree->find_compatible(port->compatible) != nullptr;
}

void console_missing(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree) {
            continue;
        }
        for (const auto& word : words(guest->bootargs())) {
            constexpr std::string_view k_key = "console=";
            if (!word.starts_with(k_key)) {
                continue;
            }
            const auto name = word.substr(k_key.size(), word.find(',') - k_key.size());
            if (!console_exists(*guest, name)) {
                findings.add(guest->bootargs_place(),
                             fmt::format("the command line wants console={}, and '{}' has no such "
                                         "device",
                                         name, guest->vm->name),
                             "name a console that the guest has: hvc0 for a virtIO console, "
                             "ttyAMA0 for a PL011, ttyS0 for a 16550");
            }
        }
    }
}

void console_absent(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto all = words(guest->bootargs());
        if (!guest->tree || guest->tree_is_ours || all.empty()) {
            continue;
        }
        const auto* const chosen = guest->tree->find("/chosen");
        const bool        named  = std::ranges::any_of(
                    all, [](const std::string& word) { return word.starts_with("console="); });
        if (!named && (chosen == nullptr || !chosen->has("stdout-path"))) {
            findings.add(guest->bootargs_place(),
                         fmt::format("'{}' has neither console= nor stdout-path", guest->vm->name),
                         "add console=… to the command line");
        }
    }
}

void stdout_missing(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto* const chosen = guest->tree ? guest->tree->find("/chosen") : nullptr;
        const auto        path   = chosen != nullptr ? chosen->text("stdout-path") : std::string{};
        if (path.empty()) {
            continue;
        }
        const auto* const node = guest->tree->find(path);
        if (node == nullptr || !node->enabled) {
            findings.add(place_of(*guest->tree, *chosen, "stdout-path"),
                         fmt::format("stdout-path names {}, which {}", path,
                                     node == nullptr ? "is not there" : "is disabled"),
                         "name a serial port that the guest has");
        }
    }
}

void earlycon(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        for (const auto& word : words(guest->bootargs())) {
            const auto hexadecimal = word.find(",0x");
            if (!word.starts_with("earlycon=") || hexadecimal == word.npos || !guest->tree) {
                continue;
            }
            std::uint64_t at = 0;
            std::from_chars(word.data() + hexadecimal + 3, word.data() + word.size(), at, 16);
            const auto maps = subject.mapped(guest->vm->maps);
            const bool mapped =
                std::ranges::any_of(maps, [&](const Mapped& one) { return one.here.contains(at); });
            if (!mapped) {
                findings.add(guest->bootargs_place(),
                             fmt::format("{}: nothing is mapped at {} for '{}'", word, hex(at),
                                         guest->vm->name),
                             "give the address of a serial port that the guest has, or remove it");
            }
        }
    }
}

void root(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto disks =
            std::ranges::count(guest->emulated, Emulated::Kind::block, &Emulated::kind);
        for (const auto& word : words(guest->bootargs())) {
            constexpr std::string_view k_disk = "root=/dev/vd";
            if (!guest->emulated_is_known || !word.starts_with(k_disk) ||
                word.size() == k_disk.size()) {
                continue;
            }
            const auto wanted = word[k_disk.size()] - 'a' + 1;
            if (wanted > disks) {
                findings.add(guest->bootargs_place(),
                             fmt::format("{}, and '{}' has {} disks", word, guest->vm->name, disks),
                             "give the guest a <disk>, or name another root");
            }
        }
    }
}

void two_lines(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto* const chosen =
            guest->tree && !guest->tree_is_ours ? guest->tree->find("/chosen") : nullptr;
        const auto in_tree = chosen != nullptr ? chosen->text("bootargs") : std::string{};
        const auto said    = guest->settings.bootargs.value_or("");
        if (!in_tree.empty() && !said.empty() && in_tree != said) {
            findings.add(place_of(*guest->tree, *chosen, "bootargs"),
                         fmt::format("the tree says \"{}\", the VMM \"{}\"", in_tree, said),
                         "remove one of them: libvmm takes the VMM's, if there is one");
        }
    }
}

constexpr std::array k_rules{
    Rule{"console-missing", Severity::error, "a console= that the guest does not have",
         "The guest runs, and prints nothing. It looks as if it had not started.",
         "name a console of a device that is there", console_missing},
    Rule{"console-absent", Severity::warning, "a command line without a console",
         "The guest may run, and prints nothing.", "add console=", console_absent},
    Rule{"stdout-missing", Severity::warning, "a stdout-path to a device that is not there",
         "earlycon without an address is silent, and the kernel has no console by default.",
         "correct the path or the alias", stdout_missing},
    Rule{"earlycon-unmapped", Severity::error, "an earlycon at an address where nothing is",
         "The first character that the kernel prints is a fault.",
         "correct the address, or remove earlycon=", earlycon},
    Rule{"root-missing", Severity::error, "a root= on a disk that the guest does not have",
         "The kernel waits for the disk, or panics: \"Unable to mount root fs\".",
         "give the guest the disk, or correct root=", root},
    Rule{"bootargs-differ", Severity::warning, "two command lines that differ",
         "One of them has no effect, and it is seldom the one that was changed last.", "keep one",
         two_lines},
};

} // namespace

Chapter boot_rules() { return {"Booting", k_rules}; }

} // namespace check
