// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real vsock/shared.hpp: the counters and wishes of a link (its words of 64 bits)
// are in a model of memory with store buffers, see tests/kit/include/kit/interleave.hpp. Sessions
// and records are no part of the model: the counters order the records.
#pragma once

#include "kit/interleave.hpp"

namespace vsock {

template <class T>
inline constexpr bool k_in_model = sizeof(T) == 8;

template <class T>
[[nodiscard]] T load_acquire(const T& shared)
{
    if constexpr (k_in_model<T>) {
        return static_cast<T>(model::load(&shared, sizeof(T)));
    } else {
        return shared;
    }
}
template <class T>
void store_release(T& shared, T value)
{
    if constexpr (k_in_model<T>) {
        model::store(&shared, value, sizeof(T));
    } else {
        shared = value;
    }
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

} // namespace vsock
