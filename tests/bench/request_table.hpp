// SPDX-License-Identifier: BSD-2-Clause
// The part of the table that is about requests to virtIO devices.
#pragma once

#include "figures.hpp"

#include <string>

namespace bench {

/// Empty where requests were not measured.
[[nodiscard]] std::string request_table(const Figures& figures);

} // namespace bench
