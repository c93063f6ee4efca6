// SPDX-License-Identifier: BSD-2-Clause
// Components that are restarted while clients live (tests/guests/restarts): 1000 times one of ten
// drivers and virtualisers, at moments that nobody chose, beside a client that breaks all rules.
// The client that keeps them loses nothing, gets nothing twice, and is told of each request that
// failed.
#include "build.hpp"
#include "devices.hpp"
#include "front_door.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>

namespace {

using namespace system_test;
using Kind = qemu::Outcome::Kind;

struct Case {
    const char* board;
    const char* system;
};

class Restarts : public testing::TestWithParam<Case> {};

/// What the system prints until the worker's last line.
std::string transcript_of(const Case& which)
{
    const auto product = vmm::build_product(vmm::this_tree(), which.board, "debug",
                                            std::string(which.system) + "_system")
                             .value();
    const auto system =
        vmm::read_system(product / "tests/guests/restarts" / (std::string(which.system) + ".json"))
            .value();
    qemu::Options options;
    options.devices       = vmm::devices_for(system, vmm::Options{}).value();
    const auto    machine = qemu::read_board(system.board_json).value();
    qemu::Console console(qemu::Process::start(qemu::command_line(machine, system.image, options),
                                               qemu::Streams::piped)
                              .value());
    const qemu::Limits limits{.silence = std::chrono::seconds{120}};
    const auto         ended = console.wait_for({qemu::line_with(" wrong")}, limits);
    console.process().stop();
    EXPECT_EQ(ended.kind, Kind::matched) << "the worker has not come to its end";
    return console.complaints() + console.transcript();
}

TEST_P(Restarts, AClientGoesOn)
{
    auto text = transcript_of(GetParam());
    std::erase(text, '~'); // the vandal's
    std::erase(text, '\r');
    EXPECT_EQ(text.find("WRONG"), text.npos) << text;
    EXPECT_EQ(text.find("panic"), text.npos) << text;

    std::istringstream lines{text};
    unsigned           next    = 1;
    bool               over    = false;
    const bool         repeats = GetParam().system == std::string("restarts_console");
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with("worker: no more restarts")) {
            EXPECT_GT(next, 20U) << "the worker had no time while there were restarts";
            next = 1;
            over = true;
            continue;
        }
        const auto wanted =
            "line " + std::to_string(next) + " of the worker's, as whole as it was written";
        // What the console's driver was sending when it was restarted comes again from its
        // beginning: a line may stand behind a piece of itself, and lines that were there before.
        if (repeats ? line.ends_with(wanted) : line == wanted) {
            ++next;
        } else if (!repeats && line.starts_with("line ")) {
            EXPECT_EQ(line, wanted);
        }
    }
    EXPECT_TRUE(over) << text;
    EXPECT_EQ(next, 21U);

    std::smatch      found;
    const std::regex last{
        "worker: (\\d+) requests, (\\d+) errors, (\\d+) frames, (\\d+) random bytes, "
        "0 wrong"};
    ASSERT_TRUE(std::regex_search(text, found, last)) << text;
    std::cout << found.str() << '\n';
    EXPECT_GT(std::stoul(found[1]), 300U);
    EXPECT_LT(std::stoul(found[2]), std::stoul(found[1]) / 2);
    EXPECT_GT(std::stoul(found[3]), 100U);
    EXPECT_GT(std::stoul(found[4]), 1000U);
}

INSTANTIATE_TEST_SUITE_P(All, Restarts,
                         testing::Values(Case{k_gicv2, "restarts"}, Case{k_gicv3, "restarts"},
                                         Case{k_gicv2, "restarts_console"},
                                         Case{k_gicv3, "restarts_console"}),
                         [](const auto& it) {
                             return std::string(it.param.board == k_gicv2 ? "gicv2" : "gicv3") +
                                    (it.param.system == std::string("restarts") ? "" : "_console");
                         });

} // namespace
