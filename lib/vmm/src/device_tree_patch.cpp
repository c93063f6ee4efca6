// SPDX-License-Identifier: BSD-2-Clause
// Copies a user's tree token by token; only /chosen changes on the way.
#include "fdt/reader.hpp"
#include "fdt/writer.hpp"
#include "vmm/device_tree.hpp"

namespace vmm {

namespace {

/// Whether the patch says this property of /chosen anew, or that it must go.
bool is_replaced(std::string_view name, const DeviceTreePatch& patch)
{
    return (name == "bootargs" && patch.bootargs) || name == "linux,initrd-start" ||
           name == "linux,initrd-end" || (name == "kaslr-seed" && patch.kaslr_seed) ||
           (name == "rng-seed" && !patch.rng_seed.empty());
}

void put_chosen(fdt::Writer& tree, const DeviceTreePatch& patch)
{
    if (patch.bootargs) {
        tree.property_string("bootargs", *patch.bootargs);
    }
    if (patch.initrd) {
        tree.property_u64("linux,initrd-start", patch.initrd->start().raw());
        tree.property_u64("linux,initrd-end", patch.initrd->end().raw());
    }
    if (patch.kaslr_seed) {
        tree.property_u64("kaslr-seed", *patch.kaslr_seed);
    }
    if (!patch.rng_seed.empty()) {
        tree.property("rng-seed", patch.rng_seed);
    }
}

} // namespace

base::Result<std::size_t> patch_device_tree(std::span<std::byte>       room,
                                            std::span<const std::byte> blob,
                                            const DeviceTreePatch&     patch)
{
    constexpr std::size_t k_root = 1, k_child_of_root = 2; // depths

    const auto  source = TRY(fdt::Tree::create(blob));
    fdt::Writer tree{room};
    for (std::size_t i = 0; const auto reservation = source.reservation(i); ++i) {
        tree.reserve(*reservation);
    }
    std::size_t depth       = 0;
    bool        in_chosen   = false;
    bool        chosen_done = false;
    for (auto offset = source.root().offset();;) {
        const auto item = fdt::item_at(source.blocks(), offset);
        if (!item || item->token == fdt::Token::end) {
            break;
        }
        switch (item->token) {
        case fdt::Token::begin_node:
            ++depth;
            tree.begin_node(item->name);
            in_chosen = depth == k_child_of_root && !chosen_done &&
                        (item->name == "chosen" || item->name == "chosen@0");
            if (in_chosen) {
                put_chosen(tree, patch);
                chosen_done = true;
            }
            break;
        case fdt::Token::property:
            if (!in_chosen || !is_replaced(item->name, patch)) {
                tree.property(item->name, item->value);
            }
            break;
        case fdt::Token::end_node:
            if (depth == k_root && !chosen_done) {
                tree.begin_node("chosen");
                put_chosen(tree, patch);
                tree.end_node();
            }
            in_chosen = false; // a child of /chosen comes after its properties
            --depth;
            tree.end_node();
            break;
        default:
            break;
        }
        offset = item->next;
    }
    return tree.finish();
}

} // namespace vmm
