// SPDX-License-Identifier: BSD-2-Clause
#include "installed_tree.hpp"

#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "shell.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <unistd.h>

namespace system_test {

namespace fs = std::filesystem;

namespace {

using Kind = qemu::Outcome::Kind;

constexpr qemu::Limits k_patience{.silence = std::chrono::minutes{10}};

qemu::Console machine(const fs::path& board_json, const fs::path& image)
{
    const auto board = qemu::read_board(board_json).value();
    return qemu::Console(
        qemu::Process::start(qemu::command_line(board, image, {}), qemu::Streams::piped).value());
}

} // namespace

Call command(const std::vector<std::string>& words, const fs::path& folder)
{
    std::vector<std::string> all{"env"};
    for (const char* name : {"MICROKIT_SDK", "MICROKIT_BOARD", "MICROKIT_CONFIG", "MAKEFLAGS",
                             "LIBVMM_BOARD_PATH", "DESTDIR"}) {
        all.insert(all.end(), {"-u", name});
    }
    all.insert(all.end(), words.begin(), words.end());
    Call call;
    auto process = qemu::Process::start(all, qemu::Streams::piped, folder);
    if (!process) {
        call.errors = process.error();
        return call;
    }
    qemu::Console console(std::move(*process));
    console.process().input.close();
    const auto outcome = console.wait_for({}, k_patience);
    call.output        = outcome.before;
    call.errors        = console.complaints();
    call.exit_code     = console.process().wait().number;
    return call;
}

InstalledTree::InstalledTree(Installed way)
    : folder_(fs::path(testing::TempDir()) / ("install-" + std::to_string(::getpid())))
{
    const auto first = folder_ / "first";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    if (way == Installed::below_destdir) {
        install_below_destdir();
        return;
    }
    call_ = command({"cmake", "--install", root() / "build/host", "--prefix", first}, folder_);
    std::error_code ignored; // the caller looks at what was said
    fs::rename(first, prefix(), ignored);
}

// Files of an older version are at the prefix and below DESTDIR: only the latter's are in the way.
void InstalledTree::install_below_destdir()
{
    const auto at_prefix = folder_ / "the machine's";
    const auto stage     = folder_ / "DESTDIR";
    const auto staged    = stage / at_prefix.relative_path();
    const auto old       = fs::path("share/libvmm/lib/base/old.cpp");
    for (const auto& tree : {at_prefix, staged}) {
        fs::create_directories((tree / old).parent_path());
        std::ofstream(tree / old) << "older\n";
    }
    call_ = command({"DESTDIR=" + stage.string(), "cmake", "--install", root() / "build/host",
                     "--prefix", at_prefix},
                    folder_);
    EXPECT_TRUE(fs::exists(at_prefix / old)) << "it was removed outside of DESTDIR";
    EXPECT_FALSE(fs::exists(at_prefix / "bin")) << "it was installed outside of DESTDIR";
    EXPECT_FALSE(fs::exists(staged / old)) << "a file of an older version is still there";
    std::error_code ignored;
    fs::rename(staged, prefix(), ignored);
}

InstalledTree::~InstalledTree()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

fs::path InstalledTree::project(const std::string& name) const
{
    const auto copy = folder_ / name;
    fs::copy(root() / "tests/install" / name, copy, fs::copy_options::recursive);
    return copy;
}

Call InstalledTree::front_door(std::vector<std::string> assignments, const fs::path& folder,
                               const std::vector<std::string>& words) const
{
    assignments.push_back(prefix() / "bin/vmm");
    assignments.insert(assignments.end(), words.begin(), words.end());
    return command(assignments, folder);
}

fs::path InstalledTree::add_board(const fs::path& boards) const
{
    const auto given = prefix() / "share/libvmm/boards" / k_gicv2;
    const auto own   = boards / "acme";
    fs::create_directories(own);
    fs::copy(given / "board.dts", own / "board.dts");
    std::ifstream json(given / "board.json");
    std::string   text{std::istreambuf_iterator<char>(json), {}};
    const auto    name = text.find(k_gicv2);
    EXPECT_NE(name, text.npos);
    std::ofstream(own / "board.json") << text.replace(name, std::string(k_gicv2).size(), "acme");
    return own / "board.json";
}

Call InstalledTree::cmake(const fs::path& project, const std::string& board,
                          std::vector<std::string> assignments) const
{
    const auto                     toolchain = prefix() / "share/libvmm/cmake/aarch64.cmake";
    const std::vector<std::string> words{"cmake",
                                         "-G",
                                         "Ninja",
                                         "-S",
                                         project,
                                         "-B",
                                         project / "build",
                                         "-D",
                                         "CMAKE_TOOLCHAIN_FILE=" + toolchain.string(),
                                         "-D",
                                         "MICROKIT_BOARD=" + board};
    assignments.insert(assignments.end(), words.begin(), words.end());
    auto call = command(assignments, project);
    if (call.exit_code == 0) {
        call = command({"cmake", "--build", project / "build"}, project);
    }
    return call;
}

Call InstalledTree::make(const fs::path& project, const std::string& board,
                         const std::vector<std::string>& further) const
{
    const auto               share = prefix() / "share/libvmm";
    std::vector<std::string> words{"make", "-j2", "LIBVMM=" + share.string(),
                                   "MICROKIT_BOARD=" + board};
    words.insert(words.end(), further.begin(), further.end());
    return command(words, project);
}

std::string boot_until(const fs::path& board_json, const fs::path& image, const std::string& text)
{
    auto console = machine(board_json, image);
    EXPECT_EQ(console.wait_for({qemu::line_with(text)}, k_patience).kind, Kind::matched)
        << console.transcript() << console.complaints();
    return console.transcript();
}

std::string boot_and_run(const fs::path& board_json, const fs::path& image,
                         const std::string& command)
{
    auto console = machine(board_json, image);
    if (console.wait_for({qemu::text("guest:/root# ")}, k_patience).kind == Kind::matched) {
        vmm::Shell shell(console);
        if (const auto result = shell.run(command, k_patience, {})) {
            return result->output;
        }
    }
    ADD_FAILURE() << "no shell:\n" << console.transcript() << console.complaints();
    return {};
}

} // namespace system_test
