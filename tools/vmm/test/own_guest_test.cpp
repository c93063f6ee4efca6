// SPDX-License-Identifier: BSD-2-Clause
// System descriptions derived for a user's guest, and what a kernel file is.
#include "own_guest.hpp"

#include "work_folder.hpp"

#include "kit/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const vmm::GuestProgram k_guest{
    .program = {}, .object = {}, .directory = {}, .machine = "linux", .ram = "guest_ram"};

constexpr std::string_view k_description = R"(<?xml version="1.0" encoding="UTF-8"?>
<system>
    <!-- a comment -->
    <memory_region name="guest_ram" size="0x10000000" phys_addr="0x40000000" page_size="0x200000" />
    <protection_domain name="vmm" priority="100">
        <virtual_machine name="linux" priority="50">
            <vcpu id="0" />
            <map mr="guest_ram" vaddr="0x40000000" perms="rwx" />
        </virtual_machine>
    </protection_domain>
</system>
)";

TEST(OwnGuest, VcpusAndMemoryChangeAndNothingElse)
{
    const auto derived = vmm::derive_description(k_description, k_guest, 0x2000'0000, 3).value();
    EXPECT_THAT(derived, HasSubstr("size=\"0x20000000\""));
    EXPECT_THAT(derived, Not(HasSubstr("phys_addr")));
    EXPECT_THAT(derived, HasSubstr("page_size"));
    EXPECT_LT(derived.find("<vcpu id=\"0\" />"), derived.find("<vcpu id=\"2\" />"));
    EXPECT_THAT(derived, Not(HasSubstr("<vcpu id=\"3\"")));
    EXPECT_THAT(derived, HasSubstr("a comment"));
    EXPECT_THAT(derived, HasSubstr("<map mr=\"guest_ram\" vaddr=\"0x40000000\" perms=\"rwx\" />"));
}

TEST(OwnGuest, LessMemoryStaysWhereItIs)
{
    const auto derived = vmm::derive_description(k_description, k_guest, 0x801000, 1).value();
    EXPECT_THAT(derived, HasSubstr("phys_addr=\"0x40000000\""));
    EXPECT_THAT(derived, Not(HasSubstr("page_size")));
}

TEST(OwnGuest, ADescriptionWithoutTheGuestIsRefused)
{
    EXPECT_EQ(vmm::derive_description("<system/>", k_guest, 0, 1).error(),
              "the system description has no <memory_region> called guest_ram");
    EXPECT_EQ(
        vmm::derive_description("<system><memory_region name='guest_ram'/></system>", k_guest, 0, 1)
            .error(),
        "the system description has no <virtual_machine> called linux");
    EXPECT_THAT(vmm::derive_description("<system>", k_guest, 0, 1).error(), HasSubstr("no XML"));
}

TEST(OwnGuest, ALayoutsGuestsOfTheProgramChange)
{
    const auto derived = vmm::derive_layout(R"(<system>
        <guest name="a" image="linux.elf" ram="0x8000000" />
        <guest name="b" image="other.elf" ram="0x8000000" vcpus="1" /></system>)",
                                            "linux.elf", 0x2000'0000, 4)
                             .value();
    EXPECT_THAT(derived,
                HasSubstr("name=\"a\" image=\"linux.elf\" ram=\"0x20000000\" vcpus=\"4\""));
    EXPECT_THAT(derived, HasSubstr("name=\"b\" image=\"other.elf\" ram=\"0x8000000\" vcpus=\"1\""));
    EXPECT_EQ(vmm::derive_layout("<system/>", "linux.elf", 0, 1).error(),
              "the layout has no <guest> with the program linux.elf");
    EXPECT_THAT(vmm::derive_layout("<system>", "linux.elf", 0, 1).error(), HasSubstr("no XML"));
}

TEST(OwnGuest, AnImageIsKnownByItsHeaderAlsoInsideGzip)
{
    const kit::TemporaryFolder folder{"own_guest"};
    const auto                 write = [&](const char* name, const std::string& bytes) {
        return folder.write(name, bytes);
    };
    auto image = std::string(4096, '\0');
    image.replace(56, 4, "ARM\x64");
    const auto file = write("Image", image);
    EXPECT_EQ(vmm::kernel_kind(file), vmm::KernelKind::linux_image);
    ASSERT_EQ(std::system(("gzip -kf " + file.string()).c_str()), 0);
    EXPECT_EQ(vmm::kernel_kind(file.string() + ".gz"), vmm::KernelKind::linux_image);

    EXPECT_EQ(vmm::kernel_kind(write("a.elf", "\177ELF")), vmm::KernelKind::bare_metal);
    EXPECT_EQ(vmm::kernel_kind(write("a.bin", std::string(100, 'x'))), vmm::KernelKind::bare_metal);
    EXPECT_FALSE(vmm::kernel_kind(write("empty", "")));
}

TEST(WorkFolder, WhatOtherProcessesLeftIsNotInTheWay)
{
    const kit::TemporaryFolder parent{"work_folders"};
    const auto                 alive = parent.path() / "1-0";
    const auto                 dead = parent.path() / "999999999-0"; // no process has such a number
    fs::create_directories(alive);
    fs::create_directories(dead);
    // One with our own number was killed, which of its folders is not known.
    for (int i = 0; i < 100; ++i) {
        const auto left = parent.path() / fmt::format("{}-{}", ::getpid(), i);
        fs::create_directories(left / "image");
    }
    const auto folder = vmm::WorkFolder::create(parent.path());
    ASSERT_TRUE(folder) << folder.error();
    EXPECT_TRUE(fs::is_empty(folder->path()));
    EXPECT_TRUE(fs::exists(alive));
    EXPECT_FALSE(fs::exists(dead));
}

} // namespace
