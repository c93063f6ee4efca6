// SPDX-License-Identifier: BSD-2-Clause
// Features of virtIO devices, on and off: a bare-metal driver that takes and leaves them one by
// one, and Linux with a few layouts. All of them: features_long_test.cpp.
#include "features_checks.hpp"

#include <gtest/gtest.h>

namespace {

using namespace system_test;

class Features : public testing::TestWithParam<const char*> {};

TEST_P(Features, ABareMetalDriverTakesAndLeavesEach)
{
    (void)check_bare_metal(GetParam(), variant("options"));
}

TEST_P(Features, OffForABareMetalDriver)
{
    (void)check_bare_metal(GetParam(), variant("plain_rings"));
}

INSTANTIATE_TEST_SUITE_P(All, Features, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

TEST(FeaturesOfLinux, AllOfTheDevicesOwnOff) { check_linux(k_gicv2, variant("own_none")); }

} // namespace
