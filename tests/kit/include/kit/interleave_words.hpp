// SPDX-License-Identifier: BSD-2-Clause
// The words of shared memory as kit/interleave.hpp's model has them: what takes the place of a
// library's loads, stores and fences. A library's stand-in names these in its own namespace.
#pragma once

#include "kit/interleave.hpp"

namespace kit::interleave::words {

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

} // namespace kit::interleave::words
