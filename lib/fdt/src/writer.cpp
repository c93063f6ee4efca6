// SPDX-License-Identifier: BSD-2-Clause
// The structure grows from the start of the room and the names from its end; finish() joins them.
#include "fdt/writer.hpp"

#include "base/checked.hpp"
#include "base/endian.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace fdt {

namespace {

constexpr std::size_t k_largest_blob = 0x7fff'ffff; // so that no 32-bit field can overflow

constexpr std::string_view k_full      = "the device tree does not fit into the memory given to it";
constexpr std::string_view k_full_hint = "give it more room, or the tree fewer nodes";

/// The characters of 2.2.1 and 2.2.4 and, as other tools, a few more that real trees use. What
/// would break a path or a string is refused.
bool is_good_name(std::string_view name)
{
    return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
}

/// A cell at a place that is known to be inside. Called from many places, so it stays one function.
[[gnu::noinline]] void store_cell(std::span<std::byte> bytes, std::size_t offset,
                                  std::uint32_t value)
{
    (void)base::store_big(bytes, offset, value);
}

} // namespace

Writer::Writer(std::span<std::byte> room)
    : room_{room.first(std::min(room.size(), k_largest_blob))}
{
    raw_bytes(std::array<std::byte, k_header_size>{});
}

void Writer::fail(std::string_view what, std::string_view hint)
{
    if (!failed_) {
        failed_ = true;
        error_  = base::Error{what, hint, room_.size()};
    }
}

[[gnu::noinline]] void Writer::raw_bytes(std::span<const std::byte> bytes)
{
    if (failed_) {
        return;
    }
    if (bytes.size() > room_.size() - strings_ - used_) {
        fail(k_full, k_full_hint);
        return;
    }
    if (!bytes.empty()) {
        std::memcpy(room_.data() + used_, bytes.data(), bytes.size());
    }
    used_ += bytes.size();
}

[[gnu::noinline]] void Writer::raw_u32(std::uint32_t value)
{
    std::array<std::byte, 4> bytes{};
    store_cell(bytes, 0, value);
    raw_bytes(bytes);
}

void Writer::raw_u64(std::uint64_t value)
{
    raw_u32(static_cast<std::uint32_t>(value >> 32));
    raw_u32(static_cast<std::uint32_t>(value));
}

void Writer::raw_text(std::string_view text) { raw_bytes(std::as_bytes(std::span{text})); }

void Writer::pad()
{
    constexpr std::array<std::byte, 3> zeros{};
    raw_bytes(std::span{zeros}.first((4 - used_ % 4) % 4));
}

/// Where `name` begins, as a distance from the end of the room; adds it if it is new. Names are
/// few, so that a linear search is the right one.
std::uint32_t Writer::string_from_end(std::string_view name)
{
    for (std::size_t start = room_.size() - strings_; start < room_.size();) {
        const auto*            text = reinterpret_cast<const char*>(room_.data()) + start;
        const std::string_view known{text};
        if (known == name) {
            return static_cast<std::uint32_t>(room_.size() - start);
        }
        start += known.size() + 1;
    }
    if (name.size() + 1 > room_.size() - strings_ - used_) {
        fail(k_full, k_full_hint);
        return 0;
    }
    strings_ += name.size() + 1;
    auto* const start = room_.data() + (room_.size() - strings_);
    std::memcpy(start, name.data(), name.size());
    start[name.size()] = std::byte{0};
    return static_cast<std::uint32_t>(strings_);
}

void Writer::reserve(Reservation reservation)
{
    if (state_ != State::reservations) {
        fail("a memory reservation follows a node");
        return;
    }
    if (reservation.size == 0) {
        return; // an entry of size zero may be the end of the list
    }
    raw_u64(reservation.address);
    raw_u64(reservation.size);
}

[[gnu::noinline]] void Writer::end_value()
{
    if (failed_ || state_ != State::value) {
        return;
    }
    store_cell(room_, value_start_ - 8, static_cast<std::uint32_t>(used_ - value_start_));
    pad();
    state_ = State::properties;
}

/// What precedes the name of a node; whether one may start here.
bool Writer::start_node_token()
{
    end_value();
    if (state_ == State::reservations) {
        raw_bytes(std::array<std::byte, k_reservation_size>{});
        structure_start_ = used_;
    } else if (state_ == State::complete) {
        fail("a second root node");
    }
    if (depth_ == k_max_depth) {
        fail("the device tree is too deep");
    }
    if (failed_) {
        return false;
    }
    ++depth_;
    state_ = State::properties;
    raw_u32(static_cast<std::uint32_t>(Token::begin_node));
    return true;
}

void Writer::begin_node(std::string_view name)
{
    if (!start_node_token()) {
        return;
    }
    if (!is_good_name(name) || name.empty() != (depth_ == 1)) {
        fail("a node name has a character that it must not have, or none");
    }
    raw_text(name);
    raw_bytes(std::array{std::byte{0}});
    pad();
}

void Writer::begin_node(std::string_view name, std::uint64_t unit_address)
{
    if (!start_node_token()) {
        return;
    }
    if (!is_good_name(name) || name.empty() || depth_ == 1) {
        fail("a node name has a character that it must not have, or none");
    }
    std::array<char, 18> suffix{'@'};
    std::size_t          size = 1;
    for (int shift = 60; shift >= 0; shift -= 4) {
        const auto digit = (unit_address >> shift) & 0xf;
        if (digit != 0 || size > 1 || shift == 0) {
            suffix[size++] = "0123456789abcdef"[digit];
        }
    }
    raw_text(name);
    raw_text({suffix.data(), size + 1}); // the zero that ends it, too
    pad();
}

void Writer::end_node()
{
    end_value();
    if (depth_ == 0) {
        fail("a node ends that has not begun");
        return;
    }
    raw_u32(static_cast<std::uint32_t>(Token::end_node));
    --depth_;
    state_ = depth_ == 0 ? State::complete : State::children;
}

[[gnu::noinline]] void Writer::begin_property(std::string_view name)
{
    end_value();
    if (state_ != State::properties) {
        fail("a property is outside of a node or follows a child of its node");
    } else if (!is_good_name(name) || name.empty()) {
        fail("a property name has a character that it must not have, or none");
    }
    if (failed_) {
        return;
    }
    raw_u32(static_cast<std::uint32_t>(Token::property));
    raw_u32(0);
    raw_u32(string_from_end(name));
    value_start_ = used_;
    state_       = State::value;
}

void Writer::append(std::span<const std::byte> bytes)
{
    if (state_ != State::value) {
        fail("a value is outside of a property");
    }
    raw_bytes(bytes);
}

void Writer::append_u32(std::uint32_t value)
{
    append({});
    raw_u32(value);
}

void Writer::append_u64(std::uint64_t value)
{
    append({});
    raw_u64(value);
}

void Writer::append_string(std::string_view value)
{
    if (value.contains('\0')) {
        fail("a string has a zero in it");
    }
    append(std::as_bytes(std::span{value}));
    append(std::array{std::byte{0}});
}

void Writer::property(std::string_view name, std::span<const std::byte> value)
{
    begin_property(name);
    append(value);
    end_value();
}

void Writer::property_empty(std::string_view name)
{
    begin_property(name);
    end_value();
}

void Writer::property_cells(std::string_view name, std::span<const std::uint32_t> cells)
{
    begin_property(name);
    for (const auto cell : cells) {
        append_u32(cell);
    }
    end_value();
}

void Writer::property_cells(std::string_view name, std::initializer_list<std::uint32_t> cells)
{
    property_cells(name, std::span{cells.begin(), cells.size()});
}

void Writer::property_u32(std::string_view name, std::uint32_t value)
{
    property_cells(name, {value});
}

void Writer::property_u64(std::string_view name, std::uint64_t value)
{
    begin_property(name);
    append_u64(value);
    end_value();
}

void Writer::property_string(std::string_view name, std::string_view value)
{
    property_strings(name, {value});
}

void Writer::property_strings(std::string_view name, std::span<const std::string_view> values)
{
    begin_property(name);
    for (const auto value : values) {
        append_string(value);
    }
    end_value();
}

void Writer::property_strings(std::string_view name, std::initializer_list<std::string_view> values)
{
    property_strings(name, std::span{values.begin(), values.size()});
}

base::Result<std::size_t> Writer::finish()
{
    if (!failed_ && state_ != State::complete) {
        fail("the device tree ends before its root node does");
    }
    raw_u32(static_cast<std::uint32_t>(Token::end));
    if (failed_) {
        return std::unexpected(error_);
    }
    const auto structure_end = used_;

    // Names were noted as distances from the end of the room; now that their number is known they
    // become offsets into the block. Properties hold them at fixed places, so walk the tokens.
    for (std::size_t at = structure_start_; at < structure_end;) {
        const auto token = static_cast<Token>(*base::load_big<std::uint32_t>(room_, at));
        at += 4;
        if (token == Token::begin_node) {
            const std::string_view name{reinterpret_cast<const char*>(room_.data()) + at};
            at = base::align_down(at + name.size() + 1 + 3, std::size_t{4});
        } else if (token == Token::property) {
            const auto size     = *base::load_big<std::uint32_t>(room_, at);
            const auto from_end = *base::load_big<std::uint32_t>(room_, at + 4);
            store_cell(room_, at + 4, static_cast<std::uint32_t>(strings_ - from_end));
            at = base::align_down(at + 8 + size + 3, std::size_t{4});
        }
    }
    std::memmove(room_.data() + used_, room_.data() + (room_.size() - strings_), strings_);

    const auto total = used_ + strings_;
    const auto put   = [&](HeaderField field, std::size_t value) {
        (void)base::store_big(room_, static_cast<std::size_t>(field),
                                static_cast<std::uint32_t>(value));
    };
    put(HeaderField::magic, k_magic);
    put(HeaderField::total_size, total);
    put(HeaderField::structure_offset, structure_start_);
    put(HeaderField::strings_offset, used_);
    put(HeaderField::reservations_offset, k_header_size);
    put(HeaderField::version, k_version);
    put(HeaderField::last_compatible_version, k_last_compatible_version);
    put(HeaderField::boot_cpu, 0);
    put(HeaderField::strings_size, strings_);
    put(HeaderField::structure_size, structure_end - structure_start_);
    state_ = State::reservations; // a second finish() is an error
    fail("the device tree was already finished");
    return total;
}

} // namespace fdt
