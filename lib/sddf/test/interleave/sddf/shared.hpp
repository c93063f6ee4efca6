// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the real sddf/shared.hpp: shared memory as a model that the test steps through.
// Each side has a store buffer, as cores have: a store is seen by the other side only later, at a
// time that the schedule chooses, unless a full fence comes first.
#pragma once

#include "kit/interleave_words.hpp"

namespace sddf {

using kit::interleave::words::full_barrier;
using kit::interleave::words::load_acquire;
using kit::interleave::words::load_relaxed;
using kit::interleave::words::store_relaxed;
using kit::interleave::words::store_release;

/// Slots are no part of the model: the counters order them.
template <class Slot>
[[nodiscard]] Slot copy_slot(const Slot& shared)
{
    return shared;
}

} // namespace sddf
