// SPDX-License-Identifier: BSD-2-Clause
// Boots a guest of a variant and checks that its devices offer what they must, and work.
#pragma once

#include "features.hpp"
#include "front_door.hpp"

#include <string>

namespace system_test {

/// tests/guests/virtio_features. Gives what it said of each bit. What is wrong fails the test.
std::string check_bare_metal(const char* board, const Variant& variant);
/// Linux: console, disk, network and random numbers with what its drivers have taken.
void check_linux(const char* board, const Variant& variant);

} // namespace system_test
