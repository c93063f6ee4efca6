// SPDX-License-Identifier: BSD-2-Clause
// What one node and one property say.
#include "fdt/reader.hpp"

#include <cstring>

namespace fdt {

std::optional<std::uint64_t> Property::number(std::size_t index, std::size_t count) const
{
    if (count > 2 || index > cells() || count > cells() - index) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        number = number << 32 | cell(index + i).value_or(0);
    }
    return number;
}

std::optional<std::string_view> Property::string(std::size_t index) const
{
    auto rest = value;
    for (;; --index) {
        const auto* end = rest.empty() ? nullptr : std::memchr(rest.data(), 0, rest.size());
        if (end == nullptr) {
            return std::nullopt;
        }
        const auto size =
            static_cast<std::size_t>(static_cast<const std::byte*>(end) - rest.data());
        if (index == 0) {
            return std::string_view{reinterpret_cast<const char*>(rest.data()), size};
        }
        rest = rest.subspan(size + 1);
    }
}

bool Property::has_string(std::string_view wanted) const
{
    for (std::size_t i = 0;; ++i) {
        const auto found = string(i);
        if (!found || *found == wanted) {
            return found.has_value();
        }
    }
}

std::string_view Node::name() const
{
    const auto item = item_at(blocks_, offset_);
    return item ? item->name : std::string_view{};
}

std::string_view Node::base_name() const
{
    const auto whole = name();
    return whole.substr(0, whole.find('@'));
}

std::string_view Node::unit_address() const
{
    const auto whole = name();
    const auto at    = whole.find('@');
    return at == std::string_view::npos ? std::string_view{} : whole.substr(at + 1);
}

Sequence<Property> Node::properties() const
{
    const auto item = item_at(blocks_, offset_);
    return {blocks_, item ? item->next : offset_};
}

Sequence<Node> Node::children() const
{
    const auto item = item_at(blocks_, offset_);
    return {blocks_, item ? item->next : static_cast<std::uint32_t>(blocks_.structure.size())};
}

std::optional<Property> Node::property(std::string_view name) const
{
    for (const auto& candidate : properties()) {
        if (candidate.name == name) {
            return candidate;
        }
    }
    return std::nullopt;
}

std::optional<Node> Node::child(std::string_view name) const
{
    for (const auto& candidate : children()) {
        if (candidate.name() == name) {
            return candidate;
        }
    }
    if (name.contains('@')) {
        return std::nullopt;
    }
    std::optional<Node> found;
    for (const auto& candidate : children()) {
        if (candidate.base_name() == name) {
            if (found) {
                return std::nullopt; // ambiguous
            }
            found = candidate;
        }
    }
    return found;
}

bool Node::is_compatible(std::string_view wanted) const
{
    const auto compatible = property("compatible");
    return compatible && compatible->has_string(wanted);
}

bool Node::is_enabled() const
{
    const auto status = property("status");
    const auto word   = status ? status->string() : std::string_view{"okay"};
    return word == "okay" || word == "ok";
}

std::uint32_t Node::address_cells() const
{
    const auto cells = property("#address-cells");
    return cells ? cells->cell().value_or(2) : 2;
}

std::uint32_t Node::size_cells() const
{
    const auto cells = property("#size-cells");
    return cells ? cells->cell().value_or(1) : 1;
}

std::optional<std::uint32_t> Node::phandle() const
{
    for (const auto* name : {"phandle", "linux,phandle"}) {
        if (const auto value = property(name)) {
            return value->cell();
        }
    }
    return std::nullopt;
}

} // namespace fdt
