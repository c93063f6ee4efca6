// SPDX-License-Identifier: BSD-2-Clause
// Builds tests/foreign/makefile by its own Makefile against the SDK, with GCC and with LLVM, and
// boots it.
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "qemu/process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Kind   = qemu::Outcome::Kind;

const fs::path k_project = FOREIGN_PROJECT;

struct Case {
    std::string name;
    std::string toolchain; ///< a variable for make
    std::string board;
    std::string config;
};

qemu::Limits patience() { return {.silence = std::chrono::seconds{300}}; }

/// Runs a command to its end; true if it succeeded. `output` gets all it said.
bool run(const std::vector<std::string>& arguments, std::string& output)
{
    auto process = qemu::Process::start(arguments, qemu::Streams::piped);
    if (!process) {
        output = process.error();
        return false;
    }
    qemu::Console console(std::move(*process));
    console.process().input.close();
    static_cast<void>(console.wait_for({}, patience()));
    output          = console.transcript() + console.complaints();
    const auto exit = console.process().poll();
    return exit && exit->is_success();
}

class Foreign : public testing::TestWithParam<Case> {
protected:
    fs::path build() const { return fs::path{FOREIGN_BUILD} / GetParam().name; }

    void make()
    {
        fs::remove_all(build());
        std::string                    output;
        const std::vector<std::string> command = {
            "make",
            "-C",
            k_project.string(),
            "BUILD_DIR=" + build().string(),
            "MICROKIT_SDK=" FOREIGN_SDK,
            "MICROKIT_BOARD=" + GetParam().board,
            "MICROKIT_CONFIG=" + GetParam().config,
            GetParam().toolchain,
        };
        ASSERT_TRUE(run(command, output)) << output;
        EXPECT_TRUE(fs::exists(build() / "report.txt"));
    }

    qemu::Process boot() const
    {
        const auto board =
            qemu::read_board(fs::path{FOREIGN_BOARDS} / GetParam().board / "board.json");
        EXPECT_TRUE(board.has_value());
        auto process = qemu::Process::start(qemu::command_line(*board, build() / "loader.img", {}),
                                            qemu::Streams::piped);
        EXPECT_TRUE(process.has_value());
        return std::move(*process);
    }
};

TEST_P(Foreign, builds_and_prints_what_it_should)
{
    ASSERT_NO_FATAL_FAILURE(make());
    qemu::Console console(boot());
    if (GetParam().config != "debug") {
        // Nothing to see: that nothing is printed is what there is to check.
        const auto outcome = console.wait_for({}, {.silence = std::chrono::seconds{2}});
        EXPECT_EQ(outcome.kind, Kind::silent);
        EXPECT_EQ(console.transcript(), "");
        return;
    }
    std::ifstream expected(k_project / "expect.txt");
    for (std::string line; std::getline(expected, line);) {
        ASSERT_EQ(console.wait_for({qemu::line_with(line)}, patience()).kind, Kind::matched)
            << "no line with: " << line << "\n"
            << console.transcript();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Makefile, Foreign,
    testing::Values(Case{"gcc", "TOOLCHAIN=aarch64-linux-gnu", "qemu_virt_aarch64", "debug"},
                    Case{"llvm", "LLVM=True", "qemu_virt_aarch64", "debug"},
                    Case{"gicv3", "TOOLCHAIN=aarch64-linux-gnu", "qemu_virt_aarch64_gicv3",
                         "debug"},
                    Case{"release", "TOOLCHAIN=aarch64-linux-gnu", "qemu_virt_aarch64", "release"}),
    [](const auto& each) { return each.param.name; });

} // namespace
