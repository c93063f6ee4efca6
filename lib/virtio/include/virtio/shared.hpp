// SPDX-License-Identifier: BSD-2-Clause
// Words in guest memory that a driver writes while we read, and the reverse. Nothing else of
// lib/virtio touches a ring: a test that puts another file in this one's place sees every access.
#pragma once

#include <cstddef>

namespace virtio::split {

// Single accesses, in order where said.

template <class T>
[[nodiscard]] inline T load_relaxed(const std::byte* at)
{
    return __atomic_load_n(static_cast<const T*>(static_cast<const void*>(at)), __ATOMIC_RELAXED);
}
template <class T>
[[nodiscard]] inline T load_acquire(const std::byte* at)
{
    return __atomic_load_n(static_cast<const T*>(static_cast<const void*>(at)), __ATOMIC_ACQUIRE);
}
template <class T>
inline void store_relaxed(std::byte* at, T value)
{
    __atomic_store_n(static_cast<T*>(static_cast<void*>(at)), value, __ATOMIC_RELAXED);
}
template <class T>
inline void store_release(std::byte* at, T value)
{
    __atomic_store_n(static_cast<T*>(static_cast<void*>(at)), value, __ATOMIC_RELEASE);
}

/// A store before it becomes visible before a load after it happens. Release and acquire do not
/// give that; without it both sides can miss what the other just wrote.
inline void full_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

} // namespace virtio::split
