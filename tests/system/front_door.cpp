// SPDX-License-Identifier: BSD-2-Clause
#include "front_door.hpp"

#include "build.hpp"
#include "kit/temporary_folder.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <gtest/gtest.h>

#include <map>

namespace system_test {

namespace fs = std::filesystem;

fs::path root() { return LIBVMM_SOURCE_DIR; }

Call run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment)
{
    std::vector<std::string> words{"env"};
    words.insert(words.end(), environment.begin(), environment.end());
    words.push_back(root() / "run");
    words.insert(words.end(), arguments.begin(), arguments.end());

    Call call;
    auto process = qemu::Process::start(words, qemu::Streams::piped);
    if (!process) {
        call.errors = process.error();
        return call;
    }
    qemu::Console console(std::move(*process));
    console.process().input.close();
    // ./run has limits of its own; this one is CTest's to enforce.
    const auto outcome = console.wait_for({}, {.silence = std::chrono::minutes{30}});
    call.output        = outcome.before;
    call.errors        = console.complaints();
    call.exit_code     = console.process().wait().number;
    return call;
}

std::set<std::string> examples()
{
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(root() / "examples")) {
        if (fs::exists(entry.path() / "expect.txt") && entry.path().filename() != "simple") {
            names.insert(entry.path().filename());
        }
    }
    return names;
}

std::string official_sdk(const std::string& name)
{
    const auto folder =
        root() / "build" / name; // always the same, so that a build finds its own again
    auto process = qemu::Process::start(
        {root() / "tests/foreign/official_sdk.sh", root() / "build/sdk", folder},
        qemu::Streams::piped);
    EXPECT_TRUE(process && process->wait().is_success());
    return folder;
}

std::string output_of(const std::string& board, const std::string& folder, const std::string& name)
{
    const auto product =
        vmm::build_product(vmm::this_tree(), board, "debug", name + "_system").value();
    const auto system =
        vmm::read_system(product / "tests/guests" / folder / (name + ".json")).value();
    const auto    machine = qemu::read_board(system.board_json).value();
    qemu::Console console(
        qemu::Process::start(qemu::command_line(machine, system.image, {}), qemu::Streams::piped)
            .value());
    const qemu::Limits limits{.silence = std::chrono::minutes{10}};
    EXPECT_EQ(console.wait_for({}, limits).kind, qemu::Outcome::Kind::ended);
    return console.transcript();
}

std::string guest(const char* name) { return root() / "build/guest" / name; }

std::string bare_metal(const char* name)
{
    return root() / "build/product/picokit" / k_gicv2 / "debug/tests/guests" / name;
}

std::string write_file(const std::string& name, const std::string& bytes)
{
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    auto              own  = std::string(test->test_suite_name()) + "." + test->name();
    for (char& c : own) {
        c = c == '/' ? '.' : c;
    }
    static std::map<std::string, kit::TemporaryFolder> folders;
    return folders.try_emplace(own, own).first->second.write(name, bytes);
}

} // namespace system_test
