// SPDX-License-Identifier: BSD-2-Clause
// Numbers as system descriptions write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tool {

/// The general form: underscores are ignored; 0x makes it hexadecimal, else decimal; a leading
/// plus sign is allowed. Nothing for malformed text or what does not fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

} // namespace tool
