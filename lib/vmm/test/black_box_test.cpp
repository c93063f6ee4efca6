// SPDX-License-Identifier: BSD-2-Clause
// What reports read out of a guest's memory, whatever the guest has made of it.
#include "kit/linux_memory.hpp"
#include "vmm/exit_log.hpp"
#include "vmm/instruction_text.hpp"
#include "vmm/kallsyms.hpp"
#include "vmm/kernel_log.hpp"
#include "vmm/kernel_notes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace {

using base::GuestPhysical;
using base::GuestVirtual;
using kit::LinuxMemory;
using testing::ElementsAre;

std::string printed; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): sinks are plain

void sink(char c) { printed += c; }

template <class Print>
std::string text_of(Print print)
{
    printed.clear();
    print(&sink);
    return printed;
}

class BlackBoxMemory : public testing::Test {
protected:
    static constexpr std::uint64_t k_start = 0x4000'0000;
    static constexpr std::uint64_t k_size  = 4 << 20;

    BlackBoxMemory()
        : bytes(k_size + 4096)
    {
        const auto at = (reinterpret_cast<std::uint64_t>(bytes.data()) + 4095) & ~4095ULL;
        EXPECT_TRUE(memory.add(GuestPhysical{k_start}, base::PdVirtual{at}, k_size));
    }

    vmm::KernelNotes notes()
    {
        const auto page = memory.window(GuestPhysical{kernel.notes}, 4096);
        return vmm::read_kernel_notes(page->bytes()).value_or(vmm::KernelNotes{});
    }

    /// What the log has, oldest first.
    std::vector<std::string> messages(const vmm::KernelNotes& with, unsigned count)
    {
        std::vector<std::string> texts;
        const auto               log = vmm::KernelLog::create(space, with);
        for (auto id = log ? log->newest() : 0; log && count != 0;
             --count, id = vmm::KernelLog::before(id)) {
            std::array<char, 40> room{};
            const auto           record = log->record(id);
            texts.insert(texts.begin(),
                         record ? std::string{log->text(*record, room)} : std::string{"<none>"});
        }
        return texts;
    }

    std::string name_at(const vmm::Kallsyms& symbols, std::uint64_t address)
    {
        const auto symbol = symbols.find(GuestVirtual{address});
        return symbol ? std::string{symbol->name()} + "+" + std::to_string(symbol->offset) + "/" +
                            std::to_string(symbol->size)
                      : "<none>";
    }

    std::vector<std::byte> bytes;
    vmm::GuestMemory       memory;
    vmm::GuestSpace        space{memory, {}};
    LinuxMemory            kernel{memory};
};

TEST_F(BlackBoxMemory, NotesAreFoundPageByPage)
{
    kernel.write_notes();
    vmm::KernelNotesSearch search;
    std::uint64_t          pages = 100;
    EXPECT_EQ(search.next(memory, pages), std::nullopt);
    EXPECT_EQ(pages, 0u);
    pages = 1000;
    EXPECT_EQ(search.next(memory, pages), GuestPhysical{kernel.notes});
    EXPECT_EQ(pages, 1000 - 157u); // 256 pages are before it, 100 of them known
    EXPECT_EQ(search.next(memory, pages), std::nullopt);
    pages = 2000; // the end of RAM, and on from its start
    EXPECT_EQ(search.next(memory, pages), GuestPhysical{kernel.notes});
}

TEST_F(BlackBoxMemory, NotesAreReadLineByLine)
{
    kernel.write_notes({{"SIZE(printk_info)", "88x"}, {"NUMBER(kimage_voffset)", "0xffff8000"}});
    const auto read = notes();
    EXPECT_EQ(read.name(), "6.1.0-test");
    EXPECT_EQ(read.image_offset, 0xffff'8000u);
    EXPECT_EQ(read.info_size, 88u);
    EXPECT_EQ(read.prb, kernel.prb);
    EXPECT_TRUE(read.has_symbols());

    std::array<std::byte, 4096> other{};
    EXPECT_FALSE(vmm::read_kernel_notes(other));
    const std::string escapes = "OSRELEASE=6\x1b[2J\x80\nSYMBOL(swapper_pg_dir)=1\n";
    std::memcpy(other.data(), escapes.data(), escapes.size());
    EXPECT_EQ(vmm::read_kernel_notes(other)->name(), "6?[2J?");
    const std::string no_tables = "OSRELEASE=6.1\nSYMBOL(prb)=1\n";
    std::memcpy(other.data(), no_tables.data(), no_tables.size());
    EXPECT_FALSE(vmm::read_kernel_notes(other));
    std::ranges::fill(other, std::byte{'='}); // a line without an end
    EXPECT_FALSE(vmm::read_kernel_notes(other));
}

TEST_F(BlackBoxMemory, NamesOfAddresses)
{
    kernel.write_notes();
    std::vector<std::pair<std::uint32_t, std::string>> symbols{
        {0, "T_text"}, {0, "T_stext"}, {16, "Tfirst"}, {48, "t\1name"}, {48, "tsecond_name"}};
    symbols.emplace_back(64, "T" + std::string(200, 'x')); // two bytes of length
    for (unsigned i = 0; i < 1000; ++i) {
        symbols.emplace_back(100 + 4 * i, "Tf" + std::to_string(i));
    }
    kernel.write_symbols(symbols);
    const auto names = vmm::Kallsyms::create(space, notes());
    ASSERT_TRUE(names);
    EXPECT_EQ(names->size(), symbols.size());
    EXPECT_EQ(name_at(*names, kernel.base), "_text+0/16");
    EXPECT_EQ(name_at(*names, kernel.base + 20), "first+4/32");
    EXPECT_EQ(name_at(*names, kernel.base + 50), "_long_name+2/16");
    EXPECT_EQ(name_at(*names, kernel.base + 64), std::string(64, 'x') + "+0/36");
    for (unsigned i = 0; i < 999; ++i) {
        EXPECT_EQ(name_at(*names, kernel.base + 102 + 4 * i), "f" + std::to_string(i) + "+2/4");
    }
    EXPECT_EQ(name_at(*names, kernel.base - 1), "<none>");
    EXPECT_EQ(name_at(*names, kernel.base + 100 + 4 * 999), "<none>"); // who knows where it ends
    EXPECT_EQ(name_at(*names, ~0ULL), "<none>");
}

TEST_F(BlackBoxMemory, TablesThatMakeNoSense)
{
    kernel.write_notes();
    kernel.write_symbols({{0, "Ta"}, {16, "Tb"}, {32, "Tc"}});
    const auto good = vmm::Kallsyms::create(space, notes());
    ASSERT_TRUE(good);

    kernel.put(kernel.num_syms, 0xffff'ffffU);
    EXPECT_FALSE(vmm::Kallsyms::create(space, notes()));
    kernel.put(kernel.num_syms, 1000U); // names of no length follow
    EXPECT_FALSE(vmm::Kallsyms::create(space, notes()));
    kernel.put(kernel.num_syms, 3U);
    kernel.write_notes({{"SYMBOL(kallsyms_names)", "10"}});
    EXPECT_FALSE(vmm::Kallsyms::create(space, notes()));
    kernel.write_notes({{"SYMBOL(kallsyms_names)", "0"}});
    EXPECT_FALSE(vmm::Kallsyms::create(space, notes()));
    kernel.write_notes({{"SYMBOL(kallsyms_offsets)", "fffffffffffffff8"}});
    const auto no_offsets = vmm::Kallsyms::create(space, notes());
    ASSERT_TRUE(no_offsets);
    EXPECT_EQ(name_at(*no_offsets, kernel.base), "<none>");

    // They may change after create(), too.
    kernel.put(kernel.token_index + 2UL * 'a', static_cast<std::uint16_t>(0xffff));
    EXPECT_EQ(name_at(*good, kernel.base), "<none>");
    kernel.put(kernel.offsets + 4, 0xffff'ffffU);
    kernel.put(kernel.names, static_cast<std::uint16_t>(0xffff));
    EXPECT_LE(name_at(*good, kernel.base + 40).size(), 64u + 20u); // anything, but it ends
    kernel.write_notes();
    // What cannot be printed is not.
    kernel.write_symbols({{0, "T\x1b[2J"}, {16, "Tb"}});
    EXPECT_EQ(name_at(*vmm::Kallsyms::create(space, notes()), kernel.base), "?[2J+0/16");
}

TEST_F(BlackBoxMemory, TheLogFromItsEnd)
{
    kernel.write_notes();
    kernel.write_log();
    kernel.say("one");
    kernel.say("");
    kernel.say("three\x1b[2J\xff");
    EXPECT_THAT(messages(notes(), 5), ElementsAre("<none>", "<none>", "one", "", "three?[2J?"));
    // Both rings turn over, and a block that would cross the end is at the start.
    for (unsigned i = 0; i < 100; ++i) {
        kernel.say("message " + std::to_string(i) + std::string(i % 24, '.'), i);
    }
    const auto texts = messages(notes(), 16);
    for (unsigned i = 0; i < 16; ++i) {
        EXPECT_EQ(texts[i], "message " + std::to_string(84 + i) + std::string((84 + i) % 24, '.'));
    }
    const auto log = vmm::KernelLog::create(space, notes());
    EXPECT_EQ(log->capacity(), 16u);
    EXPECT_EQ(log->count_after(vmm::KernelLog::before(log->newest())), 1u);
    EXPECT_EQ(log->record(log->newest())->nanoseconds, 99u);
    EXPECT_FALSE(log->record(log->newest() - 16)); // overwritten
}

TEST_F(BlackBoxMemory, ALogThatMakesNoSense)
{
    kernel.write_notes();
    kernel.write_log();
    kernel.say("whole");
    const auto index = kernel.head & 15;
    kernel.put(kernel.descs + 24 * index, kernel.head); // only reserved yet
    EXPECT_THAT(messages(notes(), 1), ElementsAre("<none>"));
    kernel.put(kernel.descs + 24 * index, kernel.head | std::uint64_t{1} << 62); // committed
    EXPECT_THAT(messages(notes(), 1), ElementsAre("whole"));
    kernel.put(kernel.infos + 88 * index + 16, static_cast<std::uint16_t>(0xffff));
    EXPECT_EQ(messages(notes(), 1)[0].size(), 40u);                // as much as there is room for
    kernel.put(kernel.descs + 24 * index + 8, std::uint64_t{512}); // the block of another
    EXPECT_THAT(messages(notes(), 1), ElementsAre("<none>"));
    kernel.put(kernel.ring + 8, ~std::uint64_t{0} - 100); // descriptors at the end of all addresses
    EXPECT_THAT(messages(notes(), 3), ElementsAre("<none>", "<none>", "<none>"));
    kernel.put(kernel.ring + 48, std::uint32_t{64}); // the ring's size
    EXPECT_FALSE(vmm::KernelLog::create(space, notes()));
    kernel.write_notes({{"SYMBOL(prb)", "7fffffff8"}});
    EXPECT_FALSE(vmm::KernelLog::create(space, notes()));
}

TEST(InstructionText, IsNearlyAnAssemblers)
{
    const auto text = [](std::uint32_t word) {
        return text_of([&](base::Sink to) { vmm::print_instruction(to, word); });
    };
    EXPECT_EQ(text(0xb940'0020), "ldr w0, [x1]");
    EXPECT_EQ(text(0xb940'1820), "ldr w0, [x1, #0x18]");
    EXPECT_EQ(text(0xa9bf'7bfd), "stp x29, x30, [sp, #-0x10]!");
    EXPECT_EQ(text(0x28c1'0c82), "ldp w2, w3, [x4], #0x8");
    EXPECT_EQ(text(0x6940'1885), "ldpsw x5, x6, [x4]");
    EXPECT_EQ(text(0x3900'001f), "strb wzr, [x0]");
    EXPECT_EQ(text(0x3d80'0020), "str q0, [x1]");
    EXPECT_EQ(text(0xd50b'7423), "dc zva, x3");
    EXPECT_EQ(text(0x885f'7c20), "an exclusive or atomic access (0x885f7c20) at [x1]");
    EXPECT_EQ(text(0xd400'0002), "hvc #0x0");
    EXPECT_EQ(text(0xd420'4100), "brk #0x208");
    EXPECT_EQ(text(0xd503'207f), "wfi");
    EXPECT_EQ(text(0xd538'1000), "mrs x0, S3_0_C1_C0_0");
    EXPECT_EQ(text(0xd518'1001), "msr S3_0_C1_C0_0, x1");
    EXPECT_EQ(text(0xd65f'03c0), "ret x30");
    EXPECT_EQ(text(0x1400'0000), "b pc, #0x0");
    EXPECT_EQ(text(0x97ff'ffff), "bl pc, #-0x4");
    EXPECT_EQ(text(0x0000'0000), "udf");
    EXPECT_EQ(text(0x8b01'0000), ".inst 0x8b010000");
}

TEST(ExitLog, KeepsTheLastAndSaysARepetitionOnce)
{
    vmm::ExitLog log;
    const auto   lines = [&] {
        return text_of([&](base::Sink to) { vmm::print_exits(to, log, 2'000'000, 1'000'000); });
    };
    EXPECT_EQ(lines(), "");
    log.add(1, vmm::WaitForInterrupt{});
    for (unsigned i = 0; i < 3; ++i) {
        log.add(0, vmm::PrivateInterrupt{.intid = 27});
        log.add(0, vmm::EndOfInterrupt{.list_register = 0});
    }
    log.add(0, vmm::MmioRead{.address  = GuestPhysical{0x900'0018},
                             .pc       = GuestVirtual{0x8000},
                             .syndrome = arch::Esr{0x9382'0007},
                             .target   = {}});
    const auto text = lines();
    EXPECT_THAT(text, testing::HasSubstr("vCPU 1  WFI\n"));
    EXPECT_THAT(text, testing::HasSubstr("the same 2 times more"));
    EXPECT_THAT(text, testing::HasSubstr("read 4 bytes at 0x09000018, pc 0x8000\n"));
    EXPECT_EQ(std::ranges::count(text, '\n'), 5);

    for (unsigned i = 0; i < 100; ++i) {
        log.add(0, vmm::PrivateInterrupt{.intid = i});
    }
    EXPECT_EQ(log.size(), 64u);
    EXPECT_EQ(log.newest(0).detail, 99u);
    EXPECT_EQ(log.newest(63).detail, 36u);
}

} // namespace
