// SPDX-License-Identifier: BSD-2-Clause
// The report: what the tool decided, for people.
#pragma once

#include "image/image.hpp"

#include <string>

namespace tool {

/// Plain text with headings; the same inputs give the same text.
[[nodiscard]] std::string make_report(const Inputs& inputs, const Layout& layout,
                                      const std::string& config);

} // namespace tool
