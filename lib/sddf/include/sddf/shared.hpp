// SPDX-License-Identifier: BSD-2-Clause
// Words in memory that another protection domain writes at the same time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sddf {

// sDDF's own code uses weaker barriers here and there. Barriers are private to each side, so the
// strongest that the protocol needs are always compatible, and are the same for every class.

/// The other side's counter: what it wrote before it moved the counter is read after this.
template <class T>
[[nodiscard]] inline T load_acquire(const T& shared)
{
    return __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
}
/// Our counter: slots and data are written (or read) before the other side sees it move.
template <class T>
inline void store_release(T& shared, T value)
{
    __atomic_store_n(&shared, value, __ATOMIC_RELEASE);
}
template <class T>
[[nodiscard]] inline T load_relaxed(const T& shared)
{
    return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}
template <class T>
inline void store_relaxed(T& shared, T value)
{
    __atomic_store_n(&shared, value, __ATOMIC_RELAXED);
}

/// Between a store of ours and a load of what the other side stores: without it each can miss what
/// the other just wrote, and both sleep for ever.
inline void full_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/// A private copy of a slot, each word read exactly once: what is checked is what is used.
template <class Slot>
requires(std::is_trivially_copyable_v<Slot>) [[nodiscard]] inline Slot copy_slot(const Slot& shared)
{
    using Word = std::conditional_t<alignof(Slot) == 8, std::uint64_t, std::uint32_t>;
    static_assert(alignof(Slot) == sizeof(Word) && sizeof(Slot) % sizeof(Word) == 0);
    std::array<Word, sizeof(Slot) / sizeof(Word)> words;
    const auto*                                   from = reinterpret_cast<const Word*>(&shared);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = load_relaxed(from[i]);
    }
    return std::bit_cast<Slot>(words);
}

} // namespace sddf
