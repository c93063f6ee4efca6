// SPDX-License-Identifier: BSD-2-Clause
// The names of system registers as an enum, for machine::read and machine::write.
#pragma once

#include <cstdint>

namespace machine {

enum class Register : std::uint8_t {
#define PICOKIT_REGISTER(name) name,
#include "kernel/system_registers.def"
    count,
};

} // namespace machine
