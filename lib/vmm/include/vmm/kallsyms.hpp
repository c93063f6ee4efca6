// SPDX-License-Identifier: BSD-2-Clause
// Names for addresses of a Linux guest, from the tables that the kernel has in its own memory
// (CONFIG_KALLSYMS, relative to a base, as on arm64). Their order in memory has changed over the
// years, their contents have not: names are strings of tokens, in the order of the addresses.
#pragma once

#include "vmm/guest_space.hpp"
#include "vmm/kernel_notes.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vmm {

/// A name with what lies between it and the address.
struct KernelSymbol {
    std::array<char, 64> text{}; ///< cut where it is longer; printable characters only
    unsigned             length = 0;
    std::uint64_t        offset = 0; ///< bytes from the symbol to the address
    std::uint64_t        size   = 0; ///< bytes up to the next symbol

    [[nodiscard]] std::string_view name() const { return {text.data(), length}; }
};

/// The tables. They are the guest's, so a name may be anything; looking one up ends.
class Kallsyms {
public:
    /// Reads through all names once. Nothing if the tables make no sense. `space` stays.
    [[nodiscard]] static std::optional<Kallsyms> create(GuestSpace&        space,
                                                        const KernelNotes& notes);

    /// The symbol that an address belongs to. Nothing for one that is not between the first symbol
    /// and the last, and where the tables are no more what they were.
    [[nodiscard]] std::optional<KernelSymbol> find(base::GuestVirtual address) const;

    [[nodiscard]] std::uint32_t size() const { return count_; }

private:
    static constexpr unsigned k_marks = 128;

    Kallsyms(GuestSpace& space, const KernelNotes& notes)
        : space_{&space}
        , names_{notes.kallsyms_names}
        , tokens_{notes.kallsyms_token_table}
        , token_index_{notes.kallsyms_token_index}
        , offsets_{notes.kallsyms_offsets}
    {
    }

    [[nodiscard]] bool read_through();
    /// Bytes of the compressed name at `at`, which is moved to the first of them.
    [[nodiscard]] std::optional<unsigned>      length_at(std::uint64_t& at) const;
    [[nodiscard]] std::optional<std::uint32_t> offset_of(std::uint32_t index) const;
    [[nodiscard]] bool expand(std::uint32_t index, KernelSymbol& symbol) const;

    GuestSpace*                        space_;
    std::uint64_t                      names_;
    std::uint64_t                      tokens_;
    std::uint64_t                      token_index_;
    std::uint64_t                      offsets_;
    std::uint64_t                      base_   = 0;
    std::uint32_t                      count_  = 0;
    std::uint32_t                      stride_ = 1; ///< names from one mark to the next
    std::array<std::uint64_t, k_marks> marks_{};    ///< addresses of names
};

} // namespace vmm
