// SPDX-License-Identifier: BSD-2-Clause
// Reads a flattened device tree that nobody vouches for: nodes, properties, paths, phandles.
#pragma once

#include "base/endian.hpp"
#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "fdt/format.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

namespace fdt {

/// The two blocks that nodes are read from. Every read is checked against them, so that even a
/// blob that changes under the reader (guest memory) gives nonsense and never a stray access.
struct Blocks {
    std::span<const std::byte> structure;
    std::span<const std::byte> strings;
};

/// A property's name and value; both point into the blob.
struct Property {
    std::string_view           name;
    std::span<const std::byte> value;

    /// The value as big-endian 32-bit cells.
    [[nodiscard]] std::size_t                  cells() const { return value.size() / 4; }
    [[nodiscard]] std::optional<std::uint32_t> cell(std::size_t index = 0) const
    {
        return index < cells() ? base::load_big<std::uint32_t>(value, 4 * index) : std::nullopt;
    }
    /// The number in `count` (0 to 2) cells from `index` on.
    [[nodiscard]] std::optional<std::uint64_t> number(std::size_t index, std::size_t count) const;
    /// The number that the whole value is, of 4 or 8 bytes.
    [[nodiscard]] std::optional<std::uint64_t> number() const
    {
        return !value.empty() && value.size() == 4 * cells() ? number(0, cells()) : std::nullopt;
    }

    /// The `index`th of the zero-terminated strings; nothing after the last, or where a zero lacks.
    [[nodiscard]] std::optional<std::string_view> string(std::size_t index = 0) const;
    [[nodiscard]] bool                            has_string(std::string_view wanted) const;
};

/// One token and what belongs to it; the lowest layer of the reader.
struct Item {
    Token                      token{};
    std::uint32_t              offset = 0; ///< of the token in the structure block
    std::uint32_t              next   = 0; ///< of the token after it
    std::string_view           name;       ///< of a node or a property
    std::span<const std::byte> value;      ///< of a property
};

/// The first token at or after `offset` that is not a NOP; nothing where it is malformed.
[[nodiscard]] std::optional<Item> item_at(const Blocks& blocks, std::uint32_t offset);

template <class Value>
class Sequence;

/// A node: a place in the blob, cheap to copy. Valid as long as the blob's memory.
class Node {
public:
    Node() = default;
    Node(const Blocks& blocks, std::uint32_t offset)
        : blocks_{blocks}
        , offset_{offset}
    {
    }

    [[nodiscard]] std::string_view name() const;         ///< "memory@40000000"; the root's is empty
    [[nodiscard]] std::string_view base_name() const;    ///< "memory"
    [[nodiscard]] std::string_view unit_address() const; ///< "40000000", or empty

    [[nodiscard]] Sequence<Property>      properties() const;
    [[nodiscard]] Sequence<Node>          children() const;
    [[nodiscard]] std::optional<Property> property(std::string_view name) const;
    [[nodiscard]] std::optional<Node>     child(std::string_view name) const;

    [[nodiscard]] bool is_compatible(std::string_view wanted) const;
    /// Whether `status` is absent, "okay" or "ok" (2.3.4).
    [[nodiscard]] bool is_enabled() const;
    /// Cells of the addresses and sizes of this node's children (2.3.5), 2 and 1 by default.
    [[nodiscard]] std::uint32_t                address_cells() const;
    [[nodiscard]] std::uint32_t                size_cells() const;
    [[nodiscard]] std::optional<std::uint32_t> phandle() const;

    /// Where the node begins in the structure block: what tells nodes of one tree apart.
    [[nodiscard]] std::uint32_t offset() const { return offset_; }
    [[nodiscard]] const Blocks& blocks() const { return blocks_; }

    bool operator==(const Node& other) const { return offset_ == other.offset_; }

private:
    Blocks        blocks_{};
    std::uint32_t offset_ = 0;
};

/// The properties or the children of one node, for a range-based for.
template <class Value>
class Sequence {
public:
    class Iterator {
    public:
        Iterator(const Blocks& blocks, std::uint32_t offset)
            : blocks_{blocks}
        {
            find(offset);
        }
        const Value& operator*() const { return value_; }
        const Value* operator->() const { return &value_; }
        Iterator&    operator++()
        {
            find(next_);
            return *this;
        }
        bool operator==(std::default_sentinel_t) const { return done_; }

    private:
        /// Takes the value at or after `offset`; next_ is behind it.
        void find(std::uint32_t offset);

        Blocks        blocks_;
        Value         value_{};
        std::uint32_t next_ = 0;
        bool          done_ = false;
    };

    Sequence(const Blocks& blocks, std::uint32_t first)
        : blocks_{blocks}
        , first_{first}
    {
    }
    [[nodiscard]] Iterator                begin() const { return {blocks_, first_}; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    Blocks        blocks_;
    std::uint32_t first_;
};

template <>
void Sequence<Property>::Iterator::find(std::uint32_t offset);
template <>
void Sequence<Node>::Iterator::find(std::uint32_t offset);

/// A node with all nodes above it: what addresses, interrupts and paths are resolved with.
class Position {
public:
    Position() = default;
    explicit Position(const Blocks& blocks)
        : blocks_{blocks}
    {
    }

    /// The node itself. The position must not be empty.
    [[nodiscard]] Node node() const { return at(depth() - 1); }
    /// Nodes from the root (1) to the node, both counted.
    [[nodiscard]] std::size_t depth() const { return offsets_.size(); }
    /// The node `level` steps below the root; `level` must be below depth().
    [[nodiscard]] Node at(std::size_t level) const { return {blocks_, offsets_[level]}; }
    /// The position one step up, or nothing above the root.
    [[nodiscard]] std::optional<Position> parent() const;

    /// Whether this and all nodes above are enabled.
    [[nodiscard]] bool is_enabled() const;

    /// "/soc/serial@9000000", written to `text`; cut where that ends.
    [[nodiscard]] std::string_view path(std::span<char> text) const;

private:
    friend class Walk;

    Blocks                                        blocks_{};
    base::FixedVector<std::uint32_t, k_max_depth> offsets_;
};

class Tree;

/// All nodes of a tree, parents before children: for (Walk walk{tree}; walk.next();) …
class Walk {
public:
    explicit Walk(const Tree& tree);

    /// Goes to the next node (at first: to the root); false at the end.
    bool next();

    [[nodiscard]] const Position& position() const { return position_; }
    [[nodiscard]] Node            node() const { return position_.node(); }

private:
    Blocks        blocks_;
    Position      position_;
    std::uint32_t next_ = 0;
};

/// A whole device tree, checked once from end to end by create().
class Tree {
public:
    /// Errors: not a device tree, cut off, a version before 17, blocks outside of the blob, wrong
    /// nesting, names without an end, more than k_max_depth levels. The error's value is the
    /// offset in the blob. Bytes after the total size that the header states are ignored.
    [[nodiscard]] static base::Result<Tree> create(std::span<const std::byte> blob);

    [[nodiscard]] Node          root() const { return {blocks_, root_}; }
    [[nodiscard]] std::size_t   size() const { return size_; } ///< total size of the blob in bytes
    [[nodiscard]] const Blocks& blocks() const { return blocks_; }

    /// By absolute path, or by a path that begins with an alias: "/soc/uart@1000", "serial0". A
    /// component may leave out the unit address where only one node has the name.
    [[nodiscard]] std::optional<Node> find(std::string_view path) const;
    [[nodiscard]] std::optional<Node> find_phandle(std::uint32_t phandle) const;
    /// The first node whose `compatible` lists the string, enabled or not.
    [[nodiscard]] std::optional<Node> find_compatible(std::string_view compatible) const;

    /// Where a node of this tree is.
    [[nodiscard]] Position locate(const Node& node) const;

    /// The `index`th entry of the memory reservation block, or nothing after the last.
    [[nodiscard]] std::optional<Reservation> reservation(std::size_t index) const;

private:
    Tree() = default;

    Blocks                     blocks_{};
    std::span<const std::byte> reservations_;
    std::size_t                size_ = 0;
    std::uint32_t              root_ = 0;
};

} // namespace fdt
