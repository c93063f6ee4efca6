// SPDX-License-Identifier: BSD-2-Clause
// Words that another protection domain writes or reads at the same time.
#pragma once

namespace vsock {

template <class T>
[[nodiscard]] inline T load_relaxed(const T& shared)
{
    return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}
/// What the other side wrote before is read after this.
template <class T>
[[nodiscard]] inline T load_acquire(const T& shared)
{
    return __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
}
template <class T>
inline void store_relaxed(T& shared, T value)
{
    __atomic_store_n(&shared, value, __ATOMIC_RELAXED);
}
/// What we wrote or read before is done when the other side sees this.
template <class T>
inline void store_release(T& shared, T value)
{
    __atomic_store_n(&shared, value, __ATOMIC_RELEASE);
}
/// Between a store of ours and a load of what the other side stores: without it each can miss what
/// the other just wrote, and both sleep for ever.
inline void full_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

} // namespace vsock
