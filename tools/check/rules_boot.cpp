// SPDX-License-Identifier: BSD-2-Clause
// The guest's command line, and where its images go.
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

constexpr std::uint64_t k_block = 0x20'0000; ///< 2 MiB: what a kernel is aligned to

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
    static_cast<void>(subject);
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
    static_cast<void>(subject);
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
    static_cast<void>(subject);
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
    static_cast<void>(subject);
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

/// An image with place and size.
struct Placed {
    std::string_view what;
    Range            range;
    Location         where;
};

std::vector<Placed> images(const Guest& guest)
{
    std::vector<Placed> all;
    const auto          add = [&](std::string_view what, const ImageSettings& image) {
        if (image.address) {
            all.push_back(
                         {what, {image.address->value, image.size.value_or(1)}, image.address->where});
        }
    };
    add("kernel", guest.settings.kernel);
    add("device tree", guest.settings.dtb);
    add("initrd", guest.settings.initrd);
    return all;
}

void images_overlap(const Subject& subject, Findings& findings)
{
    static_cast<void>(subject);
    for (const auto& guest : subject.guests) {
        const auto all = images(*guest);
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                if (all[i].range.overlaps(all[k].range)) {
                    findings.add(
                        {all[i].where, {}},
                        fmt::format("the {} ({:#x} to {:#x}) overlaps the {} ({:#x} to {:#x})",
                                    all[i].what, all[i].range.start, all[i].range.end(),
                                    all[k].what, all[k].range.start, all[k].range.end()),
                        fmt::format("move it to {} or higher",
                                    hex((all[k].range.end() + k_block - 1) / k_block * k_block)));
                }
            }
        }
    }
}

void outside_ram(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto ram = subject.guest_ram(*guest);
        for (const auto& image : images(*guest)) {
            if (!ram.empty() && std::ranges::none_of(ram, [&](const Mapped& one) {
                    return one.here.contains(image.range);
                })) {
                findings.add({image.where, {}},
                             fmt::format("the {} ({:#x} to {:#x}) is not inside RAM of '{}' ({:#x} "
                                         "to {:#x})",
                                         image.what, image.range.start, image.range.end(),
                                         guest->vm->name, ram.front().here.start,
                                         ram.front().here.end()),
                             "move it, or enlarge the RAM");
            }
        }
    }
}

void too_large(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto&   said = guest->settings;
        std::uint64_t sum  = 0;
        for (const auto* image : {&said.kernel, &said.initrd, &said.dtb}) {
            sum += image->size.value_or(0);
        }
        const auto    ram  = subject.guest_ram(*guest);
        std::uint64_t room = 0;
        for (const auto& one : ram) {
            room += one.here.size;
        }
        if (!ram.empty() && sum > room) {
            findings.add({ram.front().map->where, {}},
                         fmt::format("kernel, initrd and device tree of '{}' take {} bytes, its "
                                     "RAM is {}",
                                     guest->vm->name, hex(sum), hex(room)),
                         "give the guest more RAM");
        }
    }
}

void kernel_misplaced(const Subject& subject, Findings& findings)
{
    static_cast<void>(subject);
    for (const auto& guest : subject.guests) {
        const auto& said = guest->settings;
        if (!said.kernel.address || !said.text_offset) {
            continue;
        }
        const auto at = said.kernel.address->value;
        if (at % k_block != *said.text_offset % k_block) {
            findings.add({said.kernel.address->where, {}},
                         fmt::format("the kernel goes to {}; it begins {} bytes above a multiple "
                                     "of 2 MiB",
                                     hex(at), hex(*said.text_offset)),
                         fmt::format("move it to {}",
                                     hex(at / k_block * k_block + k_block + *said.text_offset)));
        }
    }
}

void tree_misplaced(const Subject& subject, Findings& findings)
{
    static_cast<void>(subject);
    for (const auto& guest : subject.guests) {
        const auto& dtb  = guest->settings.dtb;
        const auto  size = dtb.size.value_or(0);
        if (dtb.address && (dtb.address->value % 8 != 0 || size > k_block)) {
            findings.add({dtb.address->where, {}},
                         size > k_block
                             ? fmt::format("the device tree is {} bytes large", hex(size))
                             : fmt::format("the device tree goes to {}", hex(dtb.address->value)),
                         "a multiple of 8 bytes, and not more than 2 MiB");
        }
    }
}

void initrd_differs(const Subject& subject, Findings& findings)
{
    static_cast<void>(subject);
    for (const auto& guest : subject.guests) {
        const auto* const chosen =
            guest->tree && !guest->tree_is_ours ? guest->tree->find("/chosen") : nullptr;
        const auto  start = chosen != nullptr ? chosen->raw.property("linux,initrd-start")
                                              : std::optional<fdt::Property>{};
        const auto  said  = start ? start->number() : std::nullopt;
        const auto& image = guest->settings.initrd;
        if (said && image.address && *said != image.address->value) {
            findings.add(place_of(*guest->tree, *chosen, "linux,initrd-start"),
                         fmt::format("the tree has the initrd at {}, the VMM puts it at {}",
                                     hex(*said), hex(image.address->value)),
                         "make them the same, or remove the properties: libvmm writes them");
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
    Rule{"images-overlap", Severity::error, "kernel, device tree and initrd over each other",
         "What is loaded last destroys the other. A kernel also clears its bss, which its file "
         "does not show: image_size of its header counts.",
         "move one of them", images_overlap},
    Rule{"image-outside-ram", Severity::error, "an image that is not inside guest RAM",
         "The VMM faults while it loads it, or the guest when it reads it.",
         "move it, or enlarge the RAM", outside_ram},
    Rule{"images-too-large", Severity::error, "images larger than the guest's RAM",
         "They do not fit, wherever they go.", "give the guest more RAM", too_large},
    Rule{"kernel-misplaced", Severity::error, "a kernel at an address that it cannot run at",
         "arm64 kernels map themselves in blocks of 2 MiB: at another address they crash before "
         "their first message.",
         "a multiple of 2 MiB plus text_offset of the Image's header", kernel_misplaced},
    Rule{"dtb-misplaced", Severity::error, "a device tree at an address that kernels do not take",
         "The kernel ignores it, and stops silently.",
         "a multiple of 8 bytes, and not more than 2 MiB", tree_misplaced},
    Rule{"initrd-differs", Severity::error, "an initrd in the tree that the VMM puts elsewhere",
         "The kernel unpacks what is not there: \"invalid magic at start of compressed archive\".",
         "let linux,initrd-start and -end be written by the VMM", initrd_differs},
};

} // namespace

Chapter boot_rules() { return {"Booting", k_rules}; }

} // namespace check
