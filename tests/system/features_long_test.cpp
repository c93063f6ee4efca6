// SPDX-License-Identifier: BSD-2-Clause
// Long test: each feature bit of each virtIO device on and off, forced by the layout, with a
// bare-metal driver and with Linux.
#include "features_checks.hpp"
#include "linux_guest.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;

class LongFeatures : public testing::TestWithParam<Variant> {};

std::string describe(const Variant& variant)
{
    std::string text;
    for (const auto& [device, attributes] :
         {std::pair{"console", variant.console}, std::pair{"disk", variant.disk},
          std::pair{"nic", variant.nic}, std::pair{"entropy", variant.entropy}}) {
        if (!attributes.empty()) {
            text += fmt::format("    <{} {}>\n", device, attributes);
        }
    }
    return text.empty() ? "    all that there is\n" : text;
}

TEST_P(LongFeatures, OnAndOff)
{
    const auto& variant = GetParam();
    const auto  table   = check_bare_metal(k_gicv3, variant);
    check_linux(k_gicv2, variant);
    if (HasFailure()) {
        return;
    }
    record(std::string{"features_"} + variant.name,
           fmt::format("{}\n{}    bare-metal driver: well    Linux: well\n", variant.name,
                       describe(variant)));
    if (variant.name == std::string_view{"options"}) { // the one with every feature
        record("bits_all", table);
    }
}

INSTANTIATE_TEST_SUITE_P(All, LongFeatures, testing::ValuesIn(variants()),
                         [](const auto& parameter) { return std::string{parameter.param.name}; });

} // namespace
