// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real virtio/shared.hpp: every access is one of the simulation's.
#pragma once

#include "memory.hpp"

#include <cstddef>
#include <cstdint>

namespace virtio::split {

template <class T>
[[nodiscard]] T load_acquire(const std::byte* at)
{
    return static_cast<T>(simulation::load(at, sizeof(T)));
}
template <class T>
[[nodiscard]] T load_relaxed(const std::byte* at)
{
    return load_acquire<T>(at);
}
template <class T>
void store_release(std::byte* at, T value)
{
    simulation::store(at, value, sizeof(T));
}
template <class T>
void store_relaxed(std::byte* at, T value)
{
    store_release(at, value);
}
inline void full_barrier() { simulation::fence(); }

} // namespace virtio::split
