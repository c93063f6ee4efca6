// SPDX-License-Identifier: BSD-2-Clause
// Much of the same: connections by the thousand, bytes by the gigabyte, and what each costs. The
// other side has the simple services of services.hpp, and need not be Linux.
#pragma once

#include <cstdint>

namespace vsock_test {

/// Opens and closes `count` connections, `at_once` at a time: of each two one to the echo, where
/// this side closes first, one to the greeter, where the other does.
void open_and_close(std::uint32_t cid, unsigned count, unsigned at_once);

/// Sends so many bytes, and receives so many, and compares their sums; in packets of `piece`.
void copy_out(std::uint32_t cid, std::uint64_t bytes, std::uint64_t piece);
void copy_in(std::uint32_t cid, std::uint64_t bytes, std::uint64_t piece);

/// Prints "bench NAME mean NANOSECONDS min … max … count …" for a message of a byte and of 4 KiB
/// there and back, a connection, and 1,000,000 bytes each way.
void measure(std::uint32_t cid);

} // namespace vsock_test
