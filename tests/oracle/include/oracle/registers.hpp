// SPDX-License-Identifier: BSD-2-Clause
// The system registers that operations name, as numbers.
#pragma once

#include <cstdint>

namespace oracle {

enum class Sysreg : std::uint32_t {
#define ORACLE_REGISTER(name, encoding) name,
#include "oracle/registers.inc"
#undef ORACLE_REGISTER
    count_
};

} // namespace oracle
