// SPDX-License-Identifier: BSD-2-Clause
// An image that is made of a description, and a machine that it has booted on.
#pragma once

#include "kit/elf_builder.hpp"
#include "kit/machine.hpp"
#include "kit/workspace.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace tool::test {

inline constexpr std::uint64_t k_load = 0x7000'0000;

class Image : public testing::Test {
protected:
    Machine boot(std::string_view elements, const std::string& config = "debug")
    {
        workspace.write("test.system", in_system(elements));
        const auto outcome = workspace.build("test.system", config);
        EXPECT_EQ(outcome.err, "");
        EXPECT_EQ(outcome.exit_code, 0);
        return Machine{workspace.read("loader.img"), k_load};
    }
    const Workspace workspace;
};

} // namespace tool::test
