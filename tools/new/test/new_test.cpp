// SPDX-License-Identifier: BSD-2-Clause
// The files of new projects.
#include "project.hpp"
#include "template.hpp"

#include "layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace {

using namespace project;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

KnownBoard known(const std::string& name)
{
    auto board =
        read_known_board(fs::path{BOARDS_SOURCE} / name,
                         fs::path{BOARDS_GENERATED} / name / "board.dtb", fs::path{DRIVERS_SOURCE});
    EXPECT_TRUE(board) << board.error();
    return *std::move(board);
}

const Offer& offer(const KnownBoard& board, Part part)
{
    return board.offers.at(static_cast<std::size_t>(part));
}

Wishes wishes_for(const KnownBoard& board, Parts parts, GuestKind guest = GuestKind::linux_kernel)
{
    return {.name   = "mine",
            .board  = board.board.name,
            .guest  = guest,
            .parts  = std::move(parts),
            .passed = {}};
}

std::string error_of(const Wishes& wishes, const KnownBoard& board)
{
    const auto files = make_project(wishes, board);
    return files ? "" : files.error();
}

std::string text_of(const std::vector<File>& files, std::string_view path)
{
    for (const auto& file : files) {
        if (file.path == path) {
            return file.text;
        }
    }
    return "no such file";
}

TEST(NewTemplate, LinesHaveConditionsAndWords)
{
    const Words words{.values = {{"name", "x"}}, .facts = {"disk"}};
    EXPECT_EQ(fill_in("a @name@@name@\n?disk?b\n?!disk?c\n?net?d\n?disk??net?e\n?disk?"
                      "?!net?f",
                      words),
              "a xx\nb\nf");
    EXPECT_EQ(fill_in("@other@ a@b.c @name@\n", words), "@other@ a@b.c x\n");
    EXPECT_EQ(fill_in("? what\n", words), "? what\n");
}

TEST(NewOffers, QemusMachineGivesAllEachOnADeviceOfItsOwn)
{
    const auto            board = known("qemu_virt_aarch64");
    std::set<std::string> devices;
    for (const auto& one : board.offers) {
        EXPECT_TRUE(one.is_there()) << one.reason;
        if (!one.device.empty() && one.part != Part::uart) {
            EXPECT_TRUE(devices.insert(one.device).second) << one.device;
        }
    }
    EXPECT_EQ(offer(board, Part::console).device, "uart0");
    EXPECT_EQ(offer(board, Part::uart).device, "uart0");
    EXPECT_EQ(offer(board, Part::disk).device, "virtio_mmio.31");
}

TEST(NewOffers, WhatABoardCannotGiveHasAReason)
{
    const auto zcu102 = known("zcu102");
    EXPECT_TRUE(offer(zcu102, Part::console).is_there());
    EXPECT_EQ(offer(zcu102, Part::disk).reason,
              "it has no device of class blk that there is a driver for (virtio,mmio)");
    EXPECT_THAT(offer(zcu102, Part::control).reason, HasSubstr("no virtIO serial port"));
    const auto rock = known("rock3b");
    EXPECT_THAT(offer(rock, Part::console).reason, HasSubstr("class serial"));
    EXPECT_TRUE(offer(rock, Part::uart).is_there()) << "the guest can have it all the same";
    EXPECT_EQ(usual_parts(rock.offers, GuestKind::linux_kernel), Parts{Part::uart});
    EXPECT_EQ(error_of(wishes_for(rock, {Part::console}), rock),
              "the board rock3b cannot give console: " + offer(rock, Part::console).reason);
}

/// Whether sysgen takes a layout.
std::string refusal_of(const std::string& layout, const KnownBoard& board)
{
    const auto drivers  = sysgen::read_drivers(DRIVERS_SOURCE);
    auto       document = sysgen::Document::parse(layout);
    if (!document) {
        return document.error().what;
    }
    auto made = sysgen::Layout::create(*std::move(document), board.board, *drivers);
    if (!made) {
        return made.error().what;
    }
    const auto done = made->expand();
    return done ? "" : done.error().what;
}

TEST(NewProject, EveryBoardTakesTheLayoutOfWhatItGives)
{
    for (const auto& entry : fs::directory_iterator(BOARDS_SOURCE)) {
        if (!fs::exists(entry.path() / "board.json")) {
            continue;
        }
        const auto board = known(entry.path().filename());
        for (const auto guest : {GuestKind::linux_kernel, GuestKind::bare_metal}) {
            const auto usual = usual_parts(board.offers, guest);
            auto       all   = usual;
            for (const auto& one : board.offers) {
                if (one.is_there() && one.part != Part::uart && guest == GuestKind::linux_kernel) {
                    all.insert(one.part);
                }
            }
            for (const auto& parts : {usual, all}) {
                const auto files = make_project(wishes_for(board, parts, guest), board);
                ASSERT_TRUE(files) << board.board.name << ": " << files.error();
                EXPECT_EQ(refusal_of(text_of(*files, "mine.layout.xml"), board), "")
                    << board.board.name << text_of(*files, "mine.layout.xml");
            }
        }
    }
}

TEST(NewProject, HasWhatWasWishedAndNoMore)
{
    const auto board  = known("qemu_virt_aarch64");
    auto       wishes = wishes_for(board, {Part::console, Part::vsock});
    wishes.ram        = 128U << 20;
    wishes.vcpus      = 2;
    wishes.passed     = {"<passthrough device=\"rtc\" />"};
    const auto files  = make_project(wishes, board).value();
    const auto layout = text_of(files, "mine.layout.xml");
    EXPECT_THAT(layout,
                HasSubstr("name=\"mine\" image=\"mine.elf\" ram=\"0x8000000\" vcpus=\"2\""));
    EXPECT_THAT(layout, HasSubstr("service.elf"));
    EXPECT_THAT(layout, HasSubstr("<passthrough device=\"rtc\" />"));
    EXPECT_THAT(layout, Not(HasSubstr("blk")));
    EXPECT_EQ(refusal_of(layout, board), "");
    EXPECT_THAT(text_of(files, "service.cpp"), HasSubstr("protection domain of mine"));
    const auto lists = text_of(files, "CMakeLists.txt");
    EXPECT_THAT(lists, HasSubstr("vmm_layout(mine PROGRAMS mine_vmm service)"));
    EXPECT_THAT(lists, Not(HasSubstr("DISK")));
    EXPECT_EQ(text_of(files, "vmm.json"),
              "{\n    \"name\": \"mine\",\n    \"board\": \"qemu_virt_aarch64\"\n}\n");
    EXPECT_EQ(text_of(files, "guest/guest.c"), "no such file");
    for (const auto& file : files) {
        EXPECT_THAT(file.text, Not(HasSubstr("@"))) << file.path;
    }
}

TEST(NewProject, ABareMetalGuestPrintsOnWhatItHas)
{
    const auto board = known("qemu_virt_aarch64");
    const auto virtual_console =
        make_project(wishes_for(board, {Part::console}, GuestKind::bare_metal), board).value();
    EXPECT_THAT(text_of(virtual_console, "guest/guest.c"), HasSubstr("0x0a000000"));
    EXPECT_THAT(text_of(virtual_console, "guest/guest.ld"), HasSubstr("0x40000000 + 0x80000"));
    EXPECT_THAT(text_of(virtual_console, "mine.layout.xml"), HasSubstr("ram_at=\"0x40000000\""));
    const auto port =
        make_project(wishes_for(board, {Part::uart}, GuestKind::bare_metal), board).value();
    EXPECT_THAT(text_of(port, "guest/guest.c"), HasSubstr("store(0x9000000, (uint8_t)c)"));
    EXPECT_THAT(text_of(port, "mine.layout.xml"), HasSubstr("<passthrough device=\"uart0\" />"));
}

TEST(NewProject, ContradictionsAreRefused)
{
    const auto board = known("qemu_virt_aarch64");
    EXPECT_THAT(error_of(wishes_for(board, {Part::console, Part::uart}), board),
                HasSubstr("exclude each other"));
    EXPECT_THAT(error_of(wishes_for(board, {Part::disk}), board), HasSubstr("nothing to print on"));
    EXPECT_THAT(
        error_of(wishes_for(board, {Part::console, Part::sound}, GuestKind::bare_metal), board),
        HasSubstr("for Linux guests"));
    auto wishes = wishes_for(board, {Part::console});
    wishes.ram  = 123;
    EXPECT_THAT(error_of(wishes, board), HasSubstr("multiple of 2 MiB"));
    wishes.ram = 32U << 20;
    EXPECT_THAT(error_of(wishes, board), HasSubstr("too little"));
    wishes.ram = std::uint64_t{1} << 40;
    EXPECT_THAT(error_of(wishes, board), HasSubstr("has 2048 MiB of memory"));
    wishes       = wishes_for(board, {Part::console});
    wishes.vcpus = 17;
    EXPECT_THAT(error_of(wishes, board), HasSubstr("1 to 16"));
    for (const auto* const name : {"", "Mine", "1st", "a b", "a/b", "timer", "control"}) {
        EXPECT_TRUE(objection_to_name(name)) << name;
    }
    EXPECT_FALSE(objection_to_name("my-system_2"));
}

TEST(NewProject, NothingIsOverwritten)
{
    const auto folder = fs::path{testing::TempDir()} / ("new_" + std::to_string(::getpid()));
    const std::vector<File> files{{"a/b.txt", "text"}, {"vmm.json", "{}"}, {".gitignore", "new"}};
    fs::create_directories(folder);
    std::ofstream(folder / ".gitignore") << "old";
    ASSERT_TRUE(write_project(folder, files));
    EXPECT_TRUE(fs::exists(folder / "a/b.txt"));
    EXPECT_EQ(fs::file_size(folder / ".gitignore"), 3U) << "the user's own";
    EXPECT_THAT(write_project(folder, files).error(), HasSubstr("is a project already"));
    EXPECT_THAT(write_project(folder / "a", files).error(), HasSubstr("is not empty"));
    EXPECT_THAT(write_project(folder / "vmm.json", files).error(), HasSubstr("cannot be written"));
    fs::remove_all(folder);
}

} // namespace
