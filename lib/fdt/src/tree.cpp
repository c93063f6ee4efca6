// SPDX-License-Identifier: BSD-2-Clause
// The check of a whole blob, and how nodes are found in it.
#include "base/checked.hpp"
#include "fdt/reader.hpp"

#include <algorithm>

namespace fdt {

namespace {

constexpr std::string_view k_damaged_hint = "compile it again with dtc, or copy the file again";

std::unexpected<base::Error> damaged(std::string_view what, std::size_t offset)
{
    return base::fail(what, k_damaged_hint, offset);
}

std::uint32_t field(std::span<const std::byte> blob, HeaderField which)
{
    return base::load_big<std::uint32_t>(blob, static_cast<std::size_t>(which)).value_or(0);
}

/// Where the block of reservations ends, or nothing where it does not.
std::optional<std::size_t> reservations_end(std::span<const std::byte> bytes)
{
    for (std::size_t at = 0;; at += k_reservation_size) {
        const auto address = base::load_big<std::uint64_t>(bytes, at);
        const auto size    = base::load_big<std::uint64_t>(bytes, at + 8);
        if (!address || !size) {
            return std::nullopt;
        }
        if (*address == 0 && *size == 0) {
            return at;
        }
    }
}

/// Walks the whole structure block; the offset of the root node.
base::Result<std::uint32_t> check_structure(const Blocks& blocks)
{
    std::optional<std::uint32_t> root;
    std::uint32_t                offset      = 0;
    std::size_t                  depth       = 0;
    bool                         after_child = false;
    for (;;) {
        const auto item = item_at(blocks, offset);
        if (!item) {
            return damaged("the device tree is cut off or has a bad token", offset);
        }
        switch (item->token) {
        case Token::begin_node:
            if (depth == 0 && root) {
                return damaged("the device tree has two root nodes", offset);
            }
            if (depth == k_max_depth) {
                return base::fail("the device tree is too deep", "use at most 32 levels", offset);
            }
            if (item->name.empty() != (depth == 0) || item->name.contains('/')) {
                return damaged("the device tree has a node with a bad name", offset);
            }
            root        = root.value_or(item->offset);
            after_child = false;
            ++depth;
            break;
        case Token::end_node:
            if (depth == 0) {
                return damaged("a node of the device tree ends twice", offset);
            }
            after_child = true;
            --depth;
            break;
        case Token::property:
            if (depth == 0 || after_child) {
                return damaged("the device tree has a property in a wrong place", offset);
            }
            if (item->name.empty()) {
                return damaged("the device tree has a property without a name", offset);
            }
            break;
        case Token::end:
            if (depth != 0 || !root) {
                return damaged("the device tree ends inside of a node", offset);
            }
            return *root;
        case Token::nop:
            break; // item_at gives none
        }
        offset = item->next;
    }
}

} // namespace

base::Result<Tree> Tree::create(std::span<const std::byte> blob)
{
    if (blob.size() < k_header_size || field(blob, HeaderField::magic) != k_magic) {
        return base::fail("this is not a flattened device tree", "compile the source with dtc");
    }
    const std::size_t total = field(blob, HeaderField::total_size);
    if (total < k_header_size || total > blob.size()) {
        return damaged("the device tree is cut off", total);
    }
    if (field(blob, HeaderField::version) < k_version ||
        field(blob, HeaderField::last_compatible_version) > k_version) {
        return base::fail("the device tree has a version other than 17",
                          "compile it with dtc -V 17", field(blob, HeaderField::version));
    }
    blob = blob.first(total);

    const std::size_t structure_offset    = field(blob, HeaderField::structure_offset);
    const std::size_t structure_size      = field(blob, HeaderField::structure_size);
    const std::size_t strings_offset      = field(blob, HeaderField::strings_offset);
    const std::size_t strings_size        = field(blob, HeaderField::strings_size);
    const std::size_t reservations_offset = field(blob, HeaderField::reservations_offset);
    if (!base::range_fits(structure_offset, structure_size, total) || structure_offset % 4 != 0 ||
        !base::range_fits(strings_offset, strings_size, total) || reservations_offset > total) {
        return damaged("a block of the device tree lies outside of it", total);
    }

    Tree tree;
    tree.size_             = total;
    tree.blocks_.structure = blob.subspan(structure_offset, structure_size);
    tree.blocks_.strings   = blob.subspan(strings_offset, strings_size);
    const auto end         = reservations_end(blob.subspan(reservations_offset));
    if (!end) {
        return damaged("the device tree's memory reservations have no end", reservations_offset);
    }
    tree.reservations_ = blob.subspan(reservations_offset, *end);
    tree.root_         = TRY(check_structure(tree.blocks_));
    return tree;
}

std::optional<Node> Tree::find(std::string_view path) const
{
    auto node = root();
    if (!path.starts_with('/')) {
        const auto alias   = path.substr(0, path.find('/'));
        const auto aliases = root().child("aliases");
        const auto meaning = aliases ? aliases->property(alias) : std::nullopt;
        const auto target  = meaning ? meaning->string() : std::nullopt;
        // An alias means a path; one that means another alias could go round in circles.
        if (!target || !target->starts_with('/')) {
            return std::nullopt;
        }
        const auto found = find(*target);
        if (!found) {
            return std::nullopt;
        }
        node = *found;
        path.remove_prefix(alias.size());
    }
    while (!path.empty()) {
        path.remove_prefix(1); // the slash
        const auto component = path.substr(0, path.find('/'));
        path.remove_prefix(component.size());
        if (component.empty()) {
            continue; // "/" itself, or a slash too many
        }
        const auto next = node.child(component);
        if (!next) {
            return std::nullopt;
        }
        node = *next;
    }
    return node;
}

std::optional<Node> Tree::find_phandle(std::uint32_t phandle) const
{
    for (Walk walk{*this}; walk.next();) {
        if (walk.node().phandle() == phandle) {
            return walk.node();
        }
    }
    return std::nullopt;
}

std::optional<Node> Tree::find_compatible(std::string_view compatible) const
{
    for (Walk walk{*this}; walk.next();) {
        if (walk.node().is_compatible(compatible)) {
            return walk.node();
        }
    }
    return std::nullopt;
}

Position Tree::locate(const Node& node) const
{
    for (Walk walk{*this}; walk.next();) {
        if (walk.node() == node) {
            return walk.position();
        }
    }
    return Position{blocks_};
}

std::optional<Reservation> Tree::reservation(std::size_t index) const
{
    const auto address = base::load_big<std::uint64_t>(reservations_, k_reservation_size * index);
    const auto size = base::load_big<std::uint64_t>(reservations_, k_reservation_size * index + 8);
    if (index >= reservations_.size() / k_reservation_size || !address || !size) {
        return std::nullopt;
    }
    return Reservation{*address, *size};
}

Walk::Walk(const Tree& tree)
    : blocks_{tree.blocks()}
    , position_{tree.blocks()}
    , next_{tree.root().offset()}
{
}

bool Walk::next()
{
    for (;;) {
        const auto item = item_at(blocks_, next_);
        if (!item || item->token == Token::end) {
            return false;
        }
        next_ = item->next;
        if (item->token == Token::begin_node) {
            return position_.offsets_.push_back(item->offset);
        }
        if (item->token == Token::end_node) {
            position_.offsets_.pop_back();
        }
    }
}

std::optional<Position> Position::parent() const
{
    if (depth() < 2) {
        return std::nullopt;
    }
    auto above = *this;
    above.offsets_.pop_back();
    return above;
}

bool Position::is_enabled() const
{
    for (std::size_t level = 0; level < depth(); ++level) {
        if (!at(level).is_enabled()) {
            return false;
        }
    }
    return true;
}

std::string_view Position::path(std::span<char> text) const
{
    std::size_t used = 0;
    const auto  put  = [&](std::string_view piece) {
        const auto size = std::min(piece.size(), text.size() - used);
        std::copy_n(piece.begin(), size, text.begin() + static_cast<std::ptrdiff_t>(used));
        used += size;
    };
    for (std::size_t level = 1; level < depth(); ++level) {
        put("/");
        put(at(level).name());
    }
    if (used == 0) {
        put("/");
    }
    return {text.data(), used};
}

} // namespace fdt
