// SPDX-License-Identifier: BSD-2-Clause
// ELF files: what the cross compiler makes, and what nobody should make.
#include "vmm/elf.hpp"

#include "kernels.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace {

using namespace vmm_test;

std::string_view error_of(const Bytes& file)
{
    const auto program = vmm::read_elf(file);
    return program ? std::string_view{} : program.error().what;
}

Bytes good() { return elf(0x4000'0010, {{0x4000'0000, 0x4000'0000, 0x100, 0x200}}); }

TEST(Elf, SegmentsAndEntry)
{
    const auto file =
        elf(0xffff'0000'0000'0010, {{0xffff'0000'0000'0000, 0x4000'0000, 0x100, 0x200},
                                    {0x5000'0000, 0x5000'0000, 0, 0},
                                    {0x6000'0000, 0x6000'0000, 0, 0x10}});
    const auto program = vmm::read_elf(file);
    ASSERT_TRUE(program) << program.error().what;
    ASSERT_EQ(program->segments.size(), 2U) << "the empty one is left out";
    EXPECT_EQ(program->segments[0].memory.start().raw(), 0x4000'0000U);
    EXPECT_EQ(program->segments[0].memory.size(), 0x200U);
    EXPECT_EQ(program->segments[0].bytes.size(), 0x100U);
    EXPECT_EQ(program->segments[0].bytes.data(), file.data() + 0x1000);
    EXPECT_EQ(program->segments[1].memory.size(), 0x10U);
    EXPECT_EQ(program->entry.raw(), 0x4000'0010U) << "from virtual to physical";
}

TEST(Elf, AnEntryThatIsPhysicalIsTaken)
{
    const auto file = elf(0x4000'0020, {{0xffff'0000'0000'0000, 0x4000'0000, 0x100, 0x200}});
    EXPECT_EQ(vmm::read_elf(file)->entry.raw(), 0x4000'0020U);
}

TEST(Elf, WhatIsNoProgramForUsIsRefused)
{
    const auto with = [](std::size_t offset, std::uint64_t value, std::size_t size) {
        auto file = good();
        put(file, offset, value, size);
        return file;
    };
    EXPECT_EQ(error_of(good()), "");
    EXPECT_EQ(error_of(with(4, 1, 1)), "the ELF kernel is a 32-bit program");
    EXPECT_EQ(error_of(with(5, 2, 1)), "the ELF kernel is big-endian");
    EXPECT_EQ(error_of(with(18, 62, 2)), "the ELF kernel is for another architecture");
    EXPECT_EQ(error_of(with(16, 1, 2)), "the ELF kernel is not a program");
    EXPECT_EQ(error_of(with(54, 32, 2)), "the ELF kernel has no program headers");
    EXPECT_EQ(error_of(with(56, 0, 2)), "the ELF kernel has no program headers");
    EXPECT_EQ(error_of(with(56, 0xffff, 2)), "the ELF kernel is cut off");
    EXPECT_EQ(error_of(with(32, ~std::uint64_t{0}, 8)), "the ELF kernel is cut off");
    EXPECT_EQ(error_of(with(64 + 8, 0x2000, 8)), "the ELF kernel is cut off");
    EXPECT_EQ(error_of(with(64 + 32, ~std::uint64_t{0}, 8)), "the ELF kernel is cut off");
    EXPECT_EQ(error_of(with(64 + 40, 0xff, 8)), "the ELF kernel has a segment of impossible size");
    EXPECT_EQ(error_of(with(64 + 40, ~std::uint64_t{0}, 8)),
              "the ELF kernel has a segment of impossible size");
    EXPECT_EQ(error_of(with(64, 3, 4)), "the ELF kernel is dynamically linked");
    EXPECT_EQ(error_of(with(64, 4, 4)), "the ELF kernel has nothing to load");
    EXPECT_EQ(error_of(with(24, 0x4000'0200, 8)),
              "the entry point of the ELF kernel is outside of its segments");
    EXPECT_EQ(error_of(elf(0x1000, {{0x1000, 0x1000, 0, 0x1000}, {0x8000, 0x1fff, 0, 1}})),
              "segments of the ELF kernel overlap in memory");
    for (std::size_t size = 0; size < 0x1100; size += size < 130 ? 1 : 97) {
        auto file = good();
        file.resize(size);
        EXPECT_EQ(error_of(file), "the ELF kernel is cut off") << size;
    }
}

TEST(Elf, DamagedFilesAreNeverReadOutside)
{
    std::mt19937 random{5};
    for (unsigned round = 0; round < 20'000; ++round) {
        auto file = elf(0x1000, {{0x1000, 0x1000, 0x80, 0x1000}, {0x8000, 0x8000, 0x80, 0x100}});
        if (random() % 4 == 0) {
            file.resize(random() % file.size());
        }
        for (auto n = random() % 6; n != 0 && file.size() > 4; --n) {
            file[4 + random() % std::min<std::size_t>(file.size() - 4, 180)] =
                static_cast<std::byte>(random());
        }
        const auto program = vmm::read_elf(file);
        if (!program) {
            continue;
        }
        unsigned sum = 0;
        for (const auto& segment : program->segments) {
            EXPECT_LE(segment.bytes.size(), segment.memory.size());
            for (const auto byte : segment.bytes) {
                sum += static_cast<unsigned>(byte);
            }
        }
        (void)sum;
    }
}

TEST(Elf, AProgramOfTheCrossCompiler)
{
    if (std::system("command -v aarch64-linux-gnu-gcc >/dev/null") != 0) {
        GTEST_SKIP() << "needs aarch64-linux-gnu-gcc";
    }
    const std::string name = testing::TempDir() + "elf-test-" + std::to_string(getpid());
    const auto        command =
        "printf '.global _start\\n.text\\n.word 1\\n_start: wfi\\n b .\\n"
        ".data\\n.quad 7\\n.bss\\n.skip 0x3000\\n' | aarch64-linux-gnu-gcc "
        "-x assembler - -nostdlib -static -Wl,-Ttext=0x40200000 -Wl,--build-id=none"
        " -Wl,-Tdata=0x40300000 -o " +
        name;
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream     stream{name, std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{stream}, {}};
    std::remove(name.c_str());
    Bytes file(content.size());
    std::memcpy(file.data(), content.data(), content.size());

    const auto program = vmm::read_elf(file);
    ASSERT_TRUE(program) << program.error().what;
    EXPECT_EQ(program->entry.raw(), 0x4020'0004U);
    const auto& data = program->segments[program->segments.size() - 1];
    EXPECT_TRUE(data.memory.contains(base::GuestPhysical{0x4030'0000}, 0x3008));
    const auto& text = program->segments[program->segments.size() - 2];
    const auto  wfi  = 0x4020'0004 - text.memory.start().raw();
    EXPECT_EQ(base::load_little<std::uint32_t>(text.bytes, wfi), 0xd503207fU);
}

} // namespace
