// SPDX-License-Identifier: BSD-2-Clause
// Everything that a program with virtual machines needs.
//
// The library defines the entry points `notified` and `fault` of such a program. One that has
// channels or children of its own defines them itself and asks vmm::dispatcher first.
#pragma once

#include "base/units.hpp"
#include "microkit/microkit.hpp"
#include "vmm/dispatcher.hpp"
#include "vmm/images.hpp"
#include "vmm/machine.hpp"

namespace vmm::literals {
using namespace base::literals;
} // namespace vmm::literals
