// SPDX-License-Identifier: BSD-2-Clause
// The system of tests/guests/siege: a guest that breaks every rule of virtIO, and neighbours on the
// same disk, network, serial line and source of random bytes that must not notice.
#pragma once

#include <cstdint>
#include <string>

namespace system_test {

struct SiegeOrders {
    std::string   board;
    std::string   config = "debug";
    std::uint64_t seed   = 1;
    std::uint64_t requests;
};

/// Runs it until the hostile guest is done and both neighbours have said once more that all is
/// well, then looks at the disk from outside. What is wrong fails the test. Gives all the output.
std::string besiege(const SiegeOrders& orders);

} // namespace system_test
