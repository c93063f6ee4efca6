// SPDX-License-Identifier: BSD-2-Clause
// What the command says about a board that has one of everything, to the letter (cases.txt), and
// that what it says for a layout and for a script is the same.
#include "closure.hpp"
#include "describe.hpp"
#include "needs_command.hpp"
#include "tree_source.hpp"

#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace passthrough;

const fs::path k_here{PASSTHROUGH_TEST_DIR};

std::vector<std::string> words_of(const std::string& line)
{
    std::istringstream       stream{line};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

/// "[code]" and what the command prints to either stream.
std::string answer(std::vector<std::string> words)
{
    std::ostringstream out, err;
    const int          code = needs_command(std::move(words), {.source = k_here}, out, err);
    return fmt::format("[{}]\n{}{}", code, out.str(), err.str());
}

struct Case {
    std::string call;
    std::string wanted;
};

/// Blocks of cases.txt: "$ ARGUMENTS", then "[exit code]" and the output.
std::vector<Case> cases()
{
    std::ifstream     stream{k_here / "cases.txt"};
    std::vector<Case> all;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("$ ")) {
            all.push_back({line.substr(2), {}});
        } else if (!all.empty() && !line.empty()) {
            all.back().wanted += line + "\n";
        }
    }
    return all;
}

TEST(Passthrough, SaysToTheLetterWhatAGuestGetsOrWhyNot)
{
    const auto all = cases();
    ASSERT_GT(all.size(), 15U);
    for (const auto& one : all) {
        auto words = words_of(one.call);
        words.insert(words.end(), {"--board-dtb", k_here / "soc.dts"});
        std::string        text;
        std::istringstream lines{answer(std::move(words))};
        for (std::string line; std::getline(lines, line);) {
            text += line.empty() ? "" : line + "\n";
        }
        EXPECT_EQ(text, one.wanted) << "of: " << one.call;
    }
}

check::Tree soc()
{
    auto tree = check::read_tree(k_here / "soc.dts", "soc.dts");
    if (!tree) {
        throw std::runtime_error{tool::format_error(tree.error())};
    }
    return *std::move(tree);
}

TEST(Passthrough, EveryBoardHasASerialPortToGive)
{
    std::size_t ports = 0;
    for (const auto& entry : fs::directory_iterator{BOARDS_SOURCE}) {
        if (!fs::exists(entry.path() / "board.dts")) {
            continue;
        }
        const auto tree = check::read_tree(entry.path() / "board.dts", entry.path().filename());
        ASSERT_TRUE(tree) << entry.path();
        for (const auto& node : tree->nodes()) {
            if (node.base_name() != "serial" && node.base_name() != "pl011") {
                continue;
            }
            const auto closure = close(*tree, {.devices = {node.path}, .choices = {}, .taken = {}});
            EXPECT_TRUE(closure.refusals.empty()) << entry.path() << ": " << refusals_text(closure);
            EXPECT_EQ(closure.interrupts.size(), 1U) << entry.path() << node.path;
            EXPECT_FALSE(closure.needs_identity());
            const auto nodes = guest_nodes(*tree, closure);
            ASSERT_TRUE(nodes) << nodes.error();
            const auto guest = check::Tree::create(*nodes, "guest");
            ASSERT_TRUE(guest) << guest.error();
            EXPECT_NE(
                guest->find(fmt::format("/{}@{:x}", node.base_name(), node.registers[0].start)),
                nullptr);
            ++ports;
        }
    }
    EXPECT_GE(ports, 9U);
}

TEST(Passthrough, WhatDriversAndOtherGuestsHaveIsNeverGivenOrShared)
{
    const auto tree = soc();
    const auto given =
        close(tree, {.devices = {"can@b000"}, .choices = {}, .taken = {"clock-controller@a000"}});
    ASSERT_EQ(given.refusals.size(), 1U);
    EXPECT_EQ(given.refusals[0].kind, Refusal::Kind::taken);
    const auto shared = close(tree, {.devices = {"timer@8000"},
                                     .choices = {{Choice::Kind::share, "watchdog@8100", {}},
                                                 {Choice::Kind::share, "adc@9000", {}}},
                                     .taken   = {"/soc/watchdog@8100"}});
    ASSERT_EQ(shared.refusals.size(), 1U);
    EXPECT_EQ(shared.refusals[0].kind, Refusal::Kind::taken);
    // A word of the tree alone may belong to any number of guests.
    EXPECT_TRUE(
        close(tree, {.devices = {"can@b000"}, .choices = {}, .taken = {"/xtal"}}).refusals.empty());
    // Firmware that holds each caller to its own devices as well.
    EXPECT_TRUE(
        close(tree,
              {.devices = {"other@d000"}, .choices = {}, .taken = {"sd@c000", "zynqmp-firmware"}})
            .refusals.empty());
}

TEST(Passthrough, AProviderIsGivenIfAllThatNeedItAre)
{
    const auto tree = soc();
    // The pin controller serves two devices, and the guest gets both.
    const auto both =
        close(tree, {.devices = {"mmc0", "serial@7000"},
                     .choices = {{Choice::Kind::leave, "clock-controller@1000", {400000}}},
                     .taken   = {}});
    ASSERT_TRUE(both.refusals.empty()) << both.refusals[0].what;
    EXPECT_TRUE(both.has(*find(tree, "pinctrl@2000")));
    EXPECT_TRUE(both.needs_identity());
}

TEST(Passthrough, TheLayoutAsksForTheSame)
{
    const Request request{.devices = {"mmc0", "serial@7000"},
                          .choices = {{Choice::Kind::leave, "clock-controller@1000", {1, 2}},
                                      {Choice::Kind::give, "pinctrl@2000", {}}},
                          .taken   = {}};
    EXPECT_EQ(layout_elements(request, "soc.dtb", 4),
              R"(    <passthrough device="mmc0" tree="soc.dtb">
        <leave node="clock-controller@1000" frequency="1,2" />
        <give node="pinctrl@2000" />
    </passthrough>
    <passthrough device="serial@7000" tree="soc.dtb" />
)");
    const auto json = nlohmann::json::parse(to_json(close(soc(), request)));
    EXPECT_EQ(json.at("refusals").size(), 0U);
    EXPECT_EQ(json.at("left").at(0).at("frequency"), 1);
    EXPECT_EQ(json.at("identity"), true);
}

} // namespace
