// SPDX-License-Identifier: BSD-2-Clause
// Binary search for an address, then a walk to its name.
#include "vmm/kallsyms.hpp"

#include <algorithm>
#include <utility>

namespace vmm {

using base::GuestVirtual;

namespace {

/// More than any kernel has; what bounds every loop here.
constexpr std::uint32_t k_most_symbols = 1 << 20;
constexpr unsigned      k_most_token   = 128;

} // namespace

std::optional<Kallsyms> Kallsyms::create(GuestSpace& space, const KernelNotes& notes)
{
    if (!notes.has_symbols()) {
        return std::nullopt;
    }
    Kallsyms   tables{space, notes};
    const auto count = space.load<std::uint32_t>(GuestVirtual{notes.kallsyms_num_syms});
    const auto base  = space.load<std::uint64_t>(GuestVirtual{notes.kallsyms_relative_base});
    if (!count || !base || *count == 0 || *count > k_most_symbols) {
        return std::nullopt;
    }
    tables.count_  = *count;
    tables.base_   = *base;
    tables.stride_ = (*count + k_marks - 1) / k_marks;
    if (!tables.read_through()) {
        return std::nullopt;
    }
    return tables;
}

std::optional<unsigned> Kallsyms::length_at(std::uint64_t& at) const
{
    const auto first = space_->byte(GuestVirtual{at});
    if (!first) {
        return std::nullopt;
    }
    ++at;
    if ((*first & 0x80) == 0) {
        return *first;
    }
    const auto second = space_->byte(GuestVirtual{at});
    if (!second) {
        return std::nullopt;
    }
    ++at;
    return (*first & 0x7fU) | unsigned{*second} << 7;
}

bool Kallsyms::read_through()
{
    std::uint64_t at = names_;
    for (std::uint32_t index = 0, next = 0, mark = 0; index < count_; ++index) {
        if (index == next) {
            marks_[mark++] = at;
            next += stride_;
        }
        const auto length = length_at(at);
        if (!length || *length == 0) {
            return false;
        }
        at += *length;
    }
    return true;
}

std::optional<std::uint32_t> Kallsyms::offset_of(std::uint32_t index) const
{
    return space_->load<std::uint32_t>(GuestVirtual{offsets_ + std::uint64_t{4} * index});
}

std::optional<KernelSymbol> Kallsyms::find(GuestVirtual address) const
{
    const std::uint64_t wanted = address.raw() - base_;
    std::uint32_t       low    = 0; // the last symbol that is not above is in [low, high)
    std::uint32_t       high   = count_;
    while (high - low > 1) {
        const auto middle = low + (high - low) / 2;
        const auto offset = offset_of(middle);
        if (!offset) {
            return std::nullopt;
        }
        (*offset <= wanted ? low : high) = middle;
    }
    const auto start = offset_of(low);
    // Behind the last one is anything: modules, which have tables of their own.
    const auto end = high < count_ ? offset_of(high) : std::nullopt;
    if (!start || !end || *start > wanted) {
        return std::nullopt;
    }
    // Of several with the same address the first, as the kernel itself does it.
    for (unsigned steps = 0; low != 0 && steps < 32; ++steps, --low) {
        if (offset_of(low - 1) != start) {
            break;
        }
    }
    KernelSymbol symbol;
    symbol.offset = wanted - *start;
    symbol.size   = *end - *start;
    return expand(low, symbol) ? std::optional{symbol} : std::nullopt;
}

bool Kallsyms::expand(std::uint32_t index, KernelSymbol& symbol) const
{
    std::uint64_t at   = marks_[index / stride_];
    std::uint32_t left = index % stride_;
    for (; left != 0; --left) {
        const auto length = length_at(at);
        if (!length) {
            return false;
        }
        at += *length;
    }
    const auto tokens = length_at(at);
    bool       type   = true; // the first character says what kind of symbol it is
    for (unsigned i = 0; tokens && i < *tokens; ++i, ++at) {
        const auto token = space_->byte(GuestVirtual{at});
        const auto place =
            token ? space_->load<std::uint16_t>(GuestVirtual{token_index_ + 2UL * *token})
                  : std::nullopt;
        if (!place) {
            return false;
        }
        for (unsigned j = 0; j < k_most_token; ++j) {
            const auto c = space_->byte(GuestVirtual{tokens_ + *place + j});
            if (!c || *c == 0) {
                break;
            }
            if (std::exchange(type, false)) {
                continue;
            }
            if (symbol.length == symbol.text.size()) {
                return true;
            }
            symbol.text[symbol.length++] = *c > ' ' && *c < 0x7f ? static_cast<char>(*c) : '?';
        }
    }
    return symbol.length != 0;
}

} // namespace vmm
