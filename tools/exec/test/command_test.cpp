// SPDX-License-Identifier: BSD-2-Clause
// The words after `vmm exec`, and which system and guest they mean.
#include "command.hpp"
#include "systems.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using namespace control;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ExecCommand, WhatComesAfterTheOptionsIsTheCommands)
{
    EXPECT_THAT(parse_exec({"--guest", "one", "--", "ls", "--help"})->command,
                ElementsAre("ls", "--help"));
    EXPECT_THAT(parse_exec({"ls", "--guest", "x", "-l"})->command,
                ElementsAre("ls", "--guest", "x", "-l"));
    EXPECT_THAT(parse_exec({"--", "sh", "-c", "a -- b"})->command,
                ElementsAre("sh", "-c", "a -- b"));
    const auto all = parse_exec({"--guest", "4", "--timeout", "2.5", "--wait", "7", "--no-input",
                                 "--system", "vsock", "true"});
    EXPECT_EQ(all->guest, "4");
    EXPECT_EQ(all->timeout, 2.5);
    EXPECT_EQ(all->wait, 7);
    EXPECT_TRUE(all->no_input);
    EXPECT_EQ(all->system, "vsock");
}

TEST(ExecCommand, FilesAreHostAndGuestInTheOrderOfTheOption)
{
    const auto options = parse_exec({"--put", "a:/b", "--put", "folder/c:/d/", "--get", "/e:f:g"});
    ASSERT_TRUE(options) << options.error();
    ASSERT_EQ(options->put.size(), 2U);
    EXPECT_EQ(options->put[0].from, "a");
    EXPECT_EQ(options->put[0].to, "/b");
    EXPECT_EQ(options->put[1].to, "/d/c") << "into a folder";
    EXPECT_EQ(options->get[0].from, "/e:f") << "the host's name is what is behind the last colon";
    EXPECT_EQ(options->get[0].to, "g");
    EXPECT_TRUE(options->command.empty());
}

TEST(ExecCommand, WhatMakesNoSenseIsSaid)
{
    const auto error = [](std::vector<std::string> words) {
        return parse_exec(std::move(words)).error();
    };
    EXPECT_THAT(error({}), HasSubstr("say what to run"));
    EXPECT_THAT(error({"--guest", "one"}), HasSubstr("say what to run"));
    EXPECT_THAT(error({"--gest", "one", "ls"}), HasSubstr("--gest is no option"));
    EXPECT_THAT(error({"--put", "file"}), HasSubstr("HOST:GUEST"));
    EXPECT_THAT(error({"--get", ":x"}), HasSubstr("GUEST:HOST"));
    EXPECT_THAT(error({"--timeout", "0", "ls"}), HasSubstr("more than 0"));
    EXPECT_THAT(error({"--wait", "soon", "ls"}), HasSubstr("--wait"));
}

TEST(ExecCommand, TheSystemIsTheOneOfThatNameOrTheOnlyOne)
{
    const RunningSystem one{"vsock", "run/1", {{"a", 3}, {"b", 4}}};
    const RunningSystem two{"other", "run/2", {{"c", 5}}};
    EXPECT_EQ(choose_system({one}, "")->socket, "run/1");
    EXPECT_EQ(choose_system({one, two}, "other")->socket, "run/2");
    EXPECT_THAT(choose_system({}, "").error(), HasSubstr("no system"));
    EXPECT_THAT(choose_system({one}, "other").error(), HasSubstr("no system other"));
    EXPECT_THAT(choose_system({one, two}, "").error(), HasSubstr("vsock  --socket run/1"));

    EXPECT_EQ(choose_guest(two, ""), 5U);
    EXPECT_EQ(choose_guest(one, "b"), 4U);
    EXPECT_EQ(choose_guest(one, "77"), 77U);
    EXPECT_THAT(choose_guest(one, "").error(), HasSubstr("a, b"));
    EXPECT_THAT(choose_guest(one, "c").error(), HasSubstr("has no guest c"));
}

TEST(ExecCommand, NotesOfLivingRunsAreFound)
{
    const auto parent = fs::path(testing::TempDir()) / ("notes-" + std::to_string(::getpid()));
    const auto alive  = parent / (std::to_string(::getpid()) + "-0");
    const auto dead   = parent / "999999999-0"; // no process has such a number
    const auto broken = parent / (std::to_string(::getpid()) + "-1");
    for (const auto& folder : {alive, dead, broken}) {
        fs::create_directories(folder);
    }
    EXPECT_TRUE(running_systems(parent / "none").empty());
    EXPECT_TRUE(write_note({"vsock", alive / "control", {{"one", 3}}}, alive));
    EXPECT_TRUE(write_note({"vsock", dead / "control", {}}, dead));
    std::ofstream(broken / k_note) << "{ half a not";
    EXPECT_FALSE(write_note({"vsock", "x", {}}, parent / "none"));
    const auto systems = running_systems(parent);
    ASSERT_EQ(systems.size(), 1U);
    EXPECT_EQ(systems[0].name, "vsock");
    EXPECT_EQ(systems[0].socket, alive / "control");
    EXPECT_EQ(systems[0].guests.at(0).cid, 3U);
    fs::remove_all(parent);
}

} // namespace
