// SPDX-License-Identifier: BSD-2-Clause
// A register as a type: a word with named fields, the only place that shifts and masks.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace base {

/// Bits Hi..Lo of a register, seen as a T: an unsigned integer, a bool, or an enum.
template <unsigned Hi, unsigned Lo = Hi, class T = std::uint64_t>
struct Field {
    static_assert(Lo <= Hi && Hi < 64);
    static_assert(Hi == Lo || !std::same_as<T, bool>);
    using Type                           = T;
    static constexpr unsigned      lsb   = Lo;
    static constexpr unsigned      width = Hi - Lo + 1;
    static constexpr std::uint64_t max   = ~std::uint64_t{0} >> (64 - width);
    static constexpr std::uint64_t mask  = max << Lo;
};

template <unsigned Bit>
using Flag = Field<Bit, Bit, bool>;

/// A register of type Word. Derive with the specification's name and its fields:
///     struct Esr : base::Register<Esr, std::uint64_t> {
///         using Register::Register;
///         using ec = base::Field<31, 26, Ec>;
///     };
///     if (esr.get<Esr::ec>() == Ec::hvc64) …       auto hcr = Hcr{}.with<Hcr::vm>(true);
template <class Self, std::unsigned_integral Word>
class Register {
public:
    using WordType = Word;

    constexpr Register() = default;
    constexpr explicit Register(Word raw)
        : raw_{raw}
    {
    }

    [[nodiscard]] constexpr Word raw() const { return raw_; }

    template <class F>
    [[nodiscard]] constexpr typename F::Type get() const
    {
        static_assert(F::lsb + F::width <= 8 * sizeof(Word));
        return static_cast<typename F::Type>((static_cast<std::uint64_t>(raw_) >> F::lsb) & F::max);
    }

    /// A copy with one field replaced; bits of the value beyond the field are dropped.
    template <class F>
    [[nodiscard]] constexpr Self with(typename F::Type value) const
    {
        static_assert(F::lsb + F::width <= 8 * sizeof(Word));
        const auto bits = (static_cast<std::uint64_t>(value) & F::max) << F::lsb;
        return Self{static_cast<Word>((static_cast<std::uint64_t>(raw_) & ~F::mask) | bits)};
    }

    /// Replaces one field in place.
    template <class F>
    constexpr void set(typename F::Type value)
    {
        raw_ = with<F>(value).raw();
    }

    friend constexpr bool operator==(const Register&, const Register&) = default;

private:
    Word raw_ = 0;
};

} // namespace base
