// SPDX-License-Identifier: BSD-2-Clause
// Writes a flattened device tree into memory of the caller's, without a heap.
#pragma once

#include "base/result.hpp"
#include "fdt/format.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace fdt {

/// Writes nodes and properties in the order of the calls:
///
///     fdt::Writer tree{room};
///     tree.begin_node("");
///     tree.property_string("compatible", "acme,board");
///     tree.begin_node("memory", 0x4000'0000);
///     …
///     tree.end_node();
///     tree.end_node();
///     const auto size = TRY(tree.finish());
///
/// The first thing that goes wrong is kept and finish() returns it; all calls after it do nothing.
/// So only finish() can fail. The room may be any memory, also a guest's.
class Writer {
public:
    explicit Writer(std::span<std::byte> room);

    /// An entry of the memory reservation block; only before the first node.
    void reserve(Reservation reservation);

    /// Starts a node below the open one. The first node is the root, with an empty name.
    void begin_node(std::string_view name);
    /// The same with a unit address: "name@4000000" for 0x400'0000.
    void begin_node(std::string_view name, std::uint64_t unit_address);
    void end_node();

    /// Properties of the open node; they must precede its children (5.4.2).
    void property(std::string_view name, std::span<const std::byte> value);
    void property_empty(std::string_view name);
    void property_cells(std::string_view name, std::span<const std::uint32_t> cells);
    void property_cells(std::string_view name, std::initializer_list<std::uint32_t> cells);
    void property_u32(std::string_view name, std::uint32_t value);
    void property_u64(std::string_view name, std::uint64_t value);
    void property_string(std::string_view name, std::string_view value);
    void property_strings(std::string_view name, std::span<const std::string_view> values);
    void property_strings(std::string_view name, std::initializer_list<std::string_view> values);

    /// For values whose pieces are computed: begin_property, then any number of append calls; the
    /// next call of any other kind ends the property.
    void begin_property(std::string_view name);
    void append_u32(std::uint32_t value);
    void append_u64(std::uint64_t value);
    void append_string(std::string_view value); ///< with its terminating zero
    void append(std::span<const std::byte> bytes);

    /// Completes the tree; the blob's size in bytes. The strings end up after the structure, the
    /// rest of the room is left as it happens to be. Errors: the room is too small, the calls did
    /// not form a tree, a name has a character that it must not have.
    [[nodiscard]] base::Result<std::size_t> finish();

private:
    enum class State : std::uint8_t {
        reservations, ///< nothing of the tree yet
        properties,   ///< in a node, before its first child
        value,        ///< in a property
        children,     ///< in a node, after a child
        complete,     ///< after the root
    };

    void          fail(std::string_view what, std::string_view hint = {});
    bool          start_node_token();
    void          end_value();
    void          raw_u32(std::uint32_t value);
    void          raw_u64(std::uint64_t value);
    void          raw_bytes(std::span<const std::byte> bytes);
    void          raw_text(std::string_view text);
    void          pad();
    std::uint32_t string_from_end(std::string_view name);

    std::span<std::byte> room_;
    std::size_t          used_            = 0; ///< bytes from the start: header … structure
    std::size_t          strings_         = 0; ///< bytes from the end: names, the newest first
    std::size_t          structure_start_ = 0;
    std::size_t          value_start_     = 0;
    std::size_t          depth_           = 0;
    State                state_           = State::reservations;
    bool                 failed_          = false;
    base::Error          error_{};
};

} // namespace fdt
