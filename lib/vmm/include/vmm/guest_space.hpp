// SPDX-License-Identifier: BSD-2-Clause
// Memory at the virtual addresses of a guest's kernel, for who looks at a guest that is not well.
#pragma once

#include "vmm/memory.hpp"
#include "vmm/stage1_walk.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace vmm {

/// Reads what a vCPU at EL1 would read, and nothing but RAM. Translations are the guest's own, so
/// any of its addresses may lead nowhere, or elsewhere the next time.
class GuestSpace {
public:
    GuestSpace(GuestMemory& memory, const Stage1Registers& registers)
        : memory_{memory}
        , registers_{registers}
    {
    }
    GuestSpace(const GuestSpace&)            = delete;
    GuestSpace& operator=(const GuestSpace&) = delete;

    /// Takes other tables for the upper half of the address space: those of a kernel whose programs
    /// run on tables of their own.
    void use_kernel_tables(base::GuestPhysical root);

    /// Fills all of `to`, or says that some of it is not there. What has been filled then is
    /// anything.
    [[nodiscard]] bool read(base::GuestVirtual from, std::span<std::byte> to);

    template <class T>
    requires(std::is_trivially_copyable_v<T>)
        [[nodiscard]] std::optional<T> load(base::GuestVirtual from)
    {
        T value;
        if (!read(from, std::as_writable_bytes(std::span{&value, 1}))) {
            return std::nullopt;
        }
        return value;
    }

    /// The byte at an address. For who reads many that follow each other.
    [[nodiscard]] std::optional<std::uint8_t> byte(base::GuestVirtual at)
    {
        if ((at.raw() & ~k_in_page) != page_address_ && !turn_to(at)) [[unlikely]] {
            return std::nullopt;
        }
        return std::to_integer<std::uint8_t>(page_->bytes()[at.raw() & k_in_page]);
    }

    /// Whether addresses of the guest are translated at all.
    [[nodiscard]] bool is_translated() const { return registers_.sctlr.get<arch::SctlrEl1::m>(); }

    /// Bits of an address in the upper half that the tables translate; those above are all ones.
    [[nodiscard]] unsigned upper_bits() const
    {
        return 64 - registers_.tcr.get<arch::TcrEl1::t1sz>();
    }

    [[nodiscard]] GuestMemory& memory() const { return memory_; }

private:
    static constexpr std::uint64_t k_in_page = 4095;
    static constexpr std::uint64_t k_no_page = 1; ///< no page begins there

    bool turn_to(base::GuestVirtual at);

    GuestMemory&          memory_;
    Stage1Registers       registers_;
    std::optional<Window> page_{};
    std::uint64_t         page_address_ = k_no_page;
};

} // namespace vmm
