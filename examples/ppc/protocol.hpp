// SPDX-License-Identifier: BSD-2-Clause
// What the clients may ask of the server.
#pragma once

#include <cstdint>

namespace protocol {

/// Labels of requests; the reply's label is `done` or `refused`.
enum Request : std::uint64_t {
    sum     = 1, ///< any number of words; the reply is one: their sum
    reverse = 2, ///< any number of words; the reply is the same in the opposite order
};

enum Reply : std::uint64_t { done = 0x100, refused = 0x101 };

} // namespace protocol
