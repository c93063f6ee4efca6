// SPDX-License-Identifier: BSD-2-Clause
// The structure block token by token, and the iterators over one node's content.
#include "base/checked.hpp"
#include "fdt/reader.hpp"

#include <cstring>

namespace fdt {

namespace {

/// The zero-terminated text at `offset`, or nothing where it has no end or starts outside.
std::optional<std::string_view> text_at(std::span<const std::byte> bytes, std::size_t offset)
{
    if (offset >= bytes.size()) {
        return std::nullopt;
    }
    const auto  rest = bytes.subspan(offset);
    const auto* end  = std::memchr(rest.data(), 0, rest.size());
    if (end == nullptr) {
        return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(static_cast<const std::byte*>(end) - rest.data());
    return std::string_view{reinterpret_cast<const char*>(rest.data()), size};
}

} // namespace

std::optional<Item> item_at(const Blocks& blocks, std::uint32_t offset)
{
    const auto& structure = blocks.structure;
    auto        token     = base::load_big<std::uint32_t>(structure, offset);
    while (token == static_cast<std::uint32_t>(Token::nop)) {
        offset += 4;
        token = base::load_big<std::uint32_t>(structure, offset);
    }
    if (!token) {
        return std::nullopt;
    }
    Item        item{static_cast<Token>(*token), offset, 0, {}, {}};
    std::size_t end = std::size_t{offset} + 4;
    switch (item.token) {
    case Token::begin_node: {
        const auto name = text_at(structure, end);
        if (!name) {
            return std::nullopt;
        }
        item.name = *name;
        end += name->size() + 1;
        break;
    }
    case Token::property: {
        const auto size        = base::load_big<std::uint32_t>(structure, end);
        const auto name_offset = base::load_big<std::uint32_t>(structure, end + 4);
        if (!size || !name_offset ||
            !base::range_fits(end + 8, std::size_t{*size}, structure.size())) {
            return std::nullopt;
        }
        const auto name = text_at(blocks.strings, *name_offset);
        if (!name) {
            return std::nullopt;
        }
        item.name  = *name;
        item.value = structure.subspan(end + 8, *size);
        end += 8 + std::size_t{*size};
        break;
    }
    case Token::end_node:
    case Token::end:
        break;
    default:
        return std::nullopt;
    }
    // Blobs are below 4 GiB, so that the next offset cannot wrap.
    item.next = static_cast<std::uint32_t>(base::align_down(end + 3, std::size_t{4}));
    return item;
}

template <>
void Sequence<Property>::Iterator::find(std::uint32_t offset)
{
    const auto item = item_at(blocks_, offset);
    done_           = !item || item->token != Token::property;
    if (!done_) {
        value_ = Property{item->name, item->value};
        next_  = item->next;
    }
}

template <>
void Sequence<Node>::Iterator::find(std::uint32_t offset)
{
    auto item = item_at(blocks_, offset);
    while (item && item->token == Token::property) {
        item = item_at(blocks_, item->next);
    }
    done_ = !item || item->token != Token::begin_node;
    if (done_) {
        return;
    }
    value_ = Node{blocks_, item->offset};

    // The sibling begins after as many ends as there are beginnings.
    std::size_t depth = 1;
    next_             = item->next;
    while (depth != 0) {
        item = item_at(blocks_, next_);
        if (!item || item->token == Token::end) {
            next_ = static_cast<std::uint32_t>(blocks_.structure.size());
            return;
        }
        depth += item->token == Token::begin_node ? 1U : 0U;
        depth -= item->token == Token::end_node ? 1U : 0U;
        next_ = item->next;
    }
}

} // namespace fdt
