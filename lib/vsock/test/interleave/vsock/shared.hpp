// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real vsock/shared.hpp: the counters and wishes of a link (its words of 64 bits)
// are in a model of memory with store buffers. Sessions and records, in words of 32 bits, are no
// part of the model: the counters order the records.
#pragma once

#include "kit/interleave_words.hpp"

#include <cstdint>

namespace vsock {

using kit::interleave::words::full_barrier;
using kit::interleave::words::load_acquire;
using kit::interleave::words::load_relaxed;
using kit::interleave::words::store_relaxed;
using kit::interleave::words::store_release;

[[nodiscard]] inline std::uint32_t load_acquire(const std::uint32_t& shared) { return shared; }
[[nodiscard]] inline std::uint32_t load_relaxed(const std::uint32_t& shared) { return shared; }
inline void store_relaxed(std::uint32_t& shared, std::uint32_t value) { shared = value; }
inline void store_release(std::uint32_t& shared, std::uint32_t value) { shared = value; }

} // namespace vsock
