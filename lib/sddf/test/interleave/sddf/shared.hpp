// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real sddf/shared.hpp: shared memory as a model that the test steps through.
// Each side has a store buffer, as cores have: a store is seen by the other side only later, at a
// time that the schedule chooses, unless a full fence comes first.
#pragma once

#include <cstdint>
#include <cstring>

namespace model {

std::uint64_t load(const void* at, unsigned size);
void          store(void* at, std::uint64_t value, unsigned size);
void          fence();

} // namespace model

namespace sddf {

template <class T>
[[nodiscard]] T load_acquire(const T& shared)
{
    return static_cast<T>(model::load(&shared, sizeof(T)));
}
template <class T>
void store_release(T& shared, T value)
{
    model::store(&shared, value, sizeof(T));
}
template <class T>
[[nodiscard]] T load_relaxed(const T& shared)
{
    return load_acquire(shared);
}
template <class T>
void store_relaxed(T& shared, T value)
{
    store_release(shared, value);
}
inline void full_barrier() { model::fence(); }

/// Slots are no part of the model: the counters order them.
template <class Slot>
[[nodiscard]] Slot copy_slot(const Slot& shared)
{
    return shared;
}

} // namespace sddf
