// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real sddf/shared.hpp: every access is one of the simulation's.
#pragma once

#include "memory.hpp"

#include <cstdint>

namespace sddf {

template <class T>
[[nodiscard]] T load_acquire(const T& shared)
{
    return static_cast<T>(simulation::load(&shared, sizeof(T)));
}
template <class T>
void store_release(T& shared, T value)
{
    simulation::store(&shared, value, sizeof(T));
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
inline void full_barrier() { simulation::fence(); }

/// What is in a slot was there before the counter that shows it.
template <class Slot>
[[nodiscard]] Slot copy_slot(const Slot& shared)
{
    simulation::point();
    return shared;
}

} // namespace sddf
