// SPDX-License-Identifier: BSD-2-Clause
// Where kernel, device tree and initrd go.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

constexpr std::uint64_t k_block = 0x20'0000; ///< 2 MiB: what a kernel is aligned to

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

bool has_overlap(const std::vector<Range>& ranges, const Range& range)
{
    return std::ranges::any_of(ranges, [&](const Range& one) { return one.overlaps(range); });
}

void images_overlap(const Subject& subject, Findings& findings)
{
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

void in_reservation_block(const Guest& guest, Findings& findings)
{
    const auto tree = fdt::Tree::create(guest.tree->blob());
    for (std::size_t i = 0; const auto entry = tree ? tree->reservation(i) : std::nullopt; ++i) {
        const Range range{entry->address, entry->size};
        for (const auto& image : images(guest)) {
            if (range.overlaps(image.range)) {
                findings.add(place_of(*guest.tree, guest.tree->root()),
                             fmt::format("/memreserve/ {} {} is where the {} of '{}' goes ({:#x} "
                                         "to {:#x})",
                                         hex(range.start), hex(range.size), image.what,
                                         guest.vm->name, image.range.start, image.range.end()),
                             "move the reserved memory to the end of the guest's RAM");
            }
        }
    }
}

/// What the guest's own tree keeps for others.
void in_reserved(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours) {
            continue;
        }
        in_reservation_block(*guest, findings);
        for (const auto& node : guest->tree->nodes()) {
            if (!node.enabled || node.parent == nullptr ||
                node.parent->path != "/reserved-memory") {
                continue;
            }
            for (const auto& image : images(*guest)) {
                if (has_overlap(node.registers, image.range)) {
                    findings.add(place_of(*guest->tree, node, "reg"),
                                 fmt::format("{} is where the {} of '{}' goes ({:#x} to {:#x})",
                                             node.name, image.what, guest->vm->name,
                                             image.range.start, image.range.end()),
                                 "move the reserved memory to the end of the guest's RAM");
                }
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
    Rule{"images-overlap", Severity::error, "kernel, device tree and initrd over each other",
         "What is loaded last destroys the other. A kernel also clears its bss, which its file "
         "does not show: image_size of its header counts.",
         "move one of them", images_overlap},
    Rule{"image-outside-ram", Severity::error, "an image that is not inside guest RAM",
         "The VMM faults while it loads it, or the guest when it reads it.",
         "move it, or enlarge the RAM", outside_ram},
    Rule{"image-in-reserved-memory", Severity::error,
         "an image where the guest's tree reserves memory",
         "The kernel leaves reserved memory to others: the device or program that it is kept for "
         "writes over the image, or the kernel finds no initrd. Addresses that libvmm's loader "
         "chooses keep "
         "clear of it.",
         "keep reserved memory away from the images, best at the end of RAM", in_reserved},
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

Chapter image_rules() { return {"Images", k_rules}; }

} // namespace check
