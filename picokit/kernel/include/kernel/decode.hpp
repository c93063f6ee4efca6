// SPDX-License-Identifier: BSD-2-Clause
// Exceptions in words, for reports (Arm ARM DDI 0487, D17.2.37).
#pragma once

#include <cstdint>
#include <string_view>

namespace kernel {

struct AbortText {
    std::string_view access; ///< "read", "write", "instruction fetch"
    std::string_view reason; ///< "nothing is mapped there", …
};

[[nodiscard]] AbortText        decode_abort(std::uint64_t esr);
[[nodiscard]] std::string_view exception_class(std::uint64_t esr);
[[nodiscard]] std::string_view debug_reason(std::uint64_t reason);

} // namespace kernel
