// SPDX-License-Identifier: BSD-2-Clause
// The memory that an image makes, booted by a machine that knows nothing of how the image was made.
#include "kit/image_fixture.hpp"
#include "program/elf_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tool::test {
namespace {

using testing::Each;

TEST_F(Image, starts_with_the_kernel_and_tells_it_where_the_table_is)
{
    const auto machine = boot(pd("a"));
    EXPECT_EQ(machine.table().image_start, k_load);
    EXPECT_EQ(machine.table().image_size, workspace.read("loader.img").size());
    EXPECT_EQ(machine.table().image_size % 4096, 0U);
    Bytes text(11);
    machine.read(k_load, text.data(), text.size());
    EXPECT_EQ(text, bytes_of("kernel text"));
}

TEST_F(Image, program_is_mapped_as_its_segments_say)
{
    const auto machine = boot(pd("a", "", "stack_size=\"0x4000\""));
    const auto entry   = machine.pds().at(0);
    const auto root    = entry.thread.stage2_root;
    EXPECT_EQ(entry.entry, k_text);
    EXPECT_EQ(machine.view(root, k_text, 4), bytes_of("code"));
    const auto text = machine.stage2(root, k_text);
    ASSERT_TRUE(text);
    EXPECT_TRUE(text->readable() && !text->writable() && text->executable() && text->accessed());
    EXPECT_EQ(text->stage2_memory(), 15U);
    EXPECT_EQ(text->shareability(), 3U);
    const auto data = machine.stage2(root, k_data);
    ASSERT_TRUE(data);
    EXPECT_TRUE(data->readable() && data->writable() && !data->executable());
    // .bss reads as zero to the end of its last page, and no further.
    EXPECT_THAT(machine.view(root, k_data + 0x100, 0x2f00), Each(std::byte{0}));
    EXPECT_FALSE(machine.stage2(root, k_data + 0x3000));
    EXPECT_FALSE(machine.stage2(root, 0));
}

TEST_F(Image, stack_and_ipc_buffer_are_at_the_top_with_a_guard_page_between)
{
    const auto machine = boot(pd("a", "", "stack_size=\"0x4000\""));
    const auto entry   = machine.pds().at(0);
    const auto root    = entry.thread.stage2_root;
    EXPECT_EQ(entry.stack_top, 0xff'ffff'e000U);
    EXPECT_EQ(entry.stack_bottom, 0xff'ffff'a000U);
    EXPECT_THAT(machine.view(root, entry.stack_bottom, 0x4000), Each(std::byte{0}));
    EXPECT_THAT(machine.view(root, 0xff'ffff'f000, 0x1000), Each(std::byte{0}));
    EXPECT_FALSE(machine.stage2(root, 0xff'ffff'e000));
    EXPECT_FALSE(machine.stage2(root, entry.stack_bottom - 1));
    EXPECT_EQ(machine.stage2(root, 0xff'ffff'f000)->physical, entry.ipc_buffer);
    EXPECT_TRUE(machine.stage2(root, entry.stack_bottom)->writable());
    EXPECT_FALSE(machine.stage2(root, entry.stack_bottom)->executable());
}

TEST_F(Image, kernel_sees_itself_the_table_ipc_buffers_and_devices_and_nothing_else)
{
    const auto machine = boot(pd("a") + pd("b"));
    const auto same    = [&](std::uint64_t address) {
        const auto found = machine.stage1(address);
        return found && found->physical == address && found->accessed() &&
               found->shareability() == 3;
    };
    const auto text = machine.stage1(k_load);
    ASSERT_TRUE(same(k_load) && same(k_load + 0x1000) && same(k_load + 0x4fff));
    EXPECT_TRUE(text->stage1_read_only() && text->executable());
    const auto rodata = machine.stage1(k_load + 0x1000);
    EXPECT_TRUE(rodata->stage1_read_only() && !rodata->executable());
    const auto data = machine.stage1(k_load + 0x2000);
    EXPECT_TRUE(!data->stage1_read_only() && !data->executable());
    EXPECT_EQ(data->stage1_memory(), 0U);

    const auto table = machine.table().pds.address;
    ASSERT_TRUE(same(table));
    EXPECT_TRUE(machine.stage1(table)->stage1_read_only());
    for (const auto& entry : machine.pds()) {
        ASSERT_TRUE(same(entry.ipc_buffer));
        EXPECT_FALSE(machine.stage1(entry.ipc_buffer)->stage1_read_only());
        // A PD's own memory is not the kernel's to see.
        const auto program = machine.stage2(entry.thread.stage2_root, k_data)->physical;
        EXPECT_FALSE(machine.stage1(program));
    }
    for (const std::uint64_t device :
         {0x800'0000U, 0x800'f000U, 0x801'0000U, 0x803'0000U, 0x900'0000U}) {
        ASSERT_TRUE(same(device)) << device;
        const auto found = machine.stage1(device);
        EXPECT_EQ(found->stage1_memory(), 1U);
        EXPECT_FALSE(found->executable() || found->stage1_read_only());
    }
    EXPECT_FALSE(machine.stage1(0x804'0000)); // the interface of guests
    EXPECT_FALSE(machine.stage1(0));
    EXPECT_FALSE(machine.stage1(0x4000'0000));
}

TEST_F(Image, maps_of_a_region_are_one_memory_with_the_attributes_of_each_map)
{
    const auto machine = boot(R"(<memory_region name="m" size="0x3000"/>)" +
                              pd("a", R"(<map mr="m" vaddr="0x1000000"/>
                   <map mr="m" vaddr="0x2000000" perms="r" cached="false"/>
                   <map mr="m" vaddr="0x3000000" perms="rx"/>)") +
                              pd("b", R"(<virtual_machine name="v"><vcpu id="0"/>
                     <map mr="m" vaddr="0x8000000000" perms="rwx"/></virtual_machine>)"));
    const auto root    = machine.pds().at(0).thread.stage2_root;
    const auto guest   = machine.vcpus().at(0).thread.stage2_root;
    for (std::uint64_t at = 0; at < 0x3000; at += 0x1000) {
        const auto first  = machine.stage2(root, 0x100'0000 + at);
        const auto second = machine.stage2(root, 0x200'0000 + at);
        const auto third  = machine.stage2(root, 0x300'0000 + at);
        const auto fourth = machine.stage2(guest, 0x80'0000'0000 + at); // the second root table
        ASSERT_TRUE(first && second && third && fourth);
        EXPECT_EQ(first->physical, second->physical);
        EXPECT_EQ(first->physical, third->physical);
        EXPECT_EQ(first->physical, fourth->physical);
        EXPECT_TRUE(first->writable() && !first->executable());
        EXPECT_TRUE(!second->writable() && second->readable());
        EXPECT_EQ(second->stage2_memory(), 0U);
        EXPECT_TRUE(third->executable() && !third->writable());
        EXPECT_TRUE(fourth->executable() && fourth->writable());
    }
    EXPECT_FALSE(machine.stage2(guest, 0x100'0000));
    EXPECT_FALSE(machine.stage2(guest, k_text));
    EXPECT_THAT(machine.view(root, 0x100'0000, 0x3000), Each(std::byte{0}));
}

TEST_F(Image, prefilled_regions_hold_their_file_and_then_zeros)
{
    const auto machine = boot(
        R"(<memory_region name="m" prefill_path="data.bin"/>
           <memory_region name="larger" size="0x400000" prefill_path="data.bin"/>
           <memory_region name="fixed" size="0x4000" phys_addr="0x60000000" prefill_path="data.bin"/>
           <memory_region name="hidden" size="0x4000" phys_addr="0x40000000" prefill_path="data.bin"/>
           <memory_region name="dma" size="0x8000" prefill_path="data.bin"/>)" +
        pd("a", R"(<map mr="m" vaddr="0x1000000"/><map mr="larger" vaddr="0x2000000"/>
                   <map mr="fixed" vaddr="0x3000000"/><map mr="hidden" vaddr="0x4000000"/>
                   <map mr="dma" vaddr="0x5000000"/><setvar symbol="var_a" region_paddr="dma"/>)"));
    const auto root = machine.pds().at(0).thread.stage2_root;
    for (const auto& [address, size] : {std::pair{0x100'0000U, 0x2000U},
                                        {0x200'0000U, 0x40'0000U},
                                        {0x300'0000U, 0x4000U},
                                        {0x400'0000U, 0x4000U},
                                        {0x500'0000U, 0x8000U}}) {
        EXPECT_THAT(machine.view(root, address, 5000), Each(std::byte{0x5a})) << address;
        EXPECT_THAT(machine.view(root, address + 5000, size - 5000), Each(std::byte{0})) << address;
    }
    EXPECT_EQ(machine.stage2(root, 0x300'0000)->physical, 0x6000'0000U);
    EXPECT_EQ(machine.stage2(root, 0x400'0000)->physical, 0x4000'0000U);
    EXPECT_EQ(machine.stage2(root, 0x200'0000)->level, 2U);
    EXPECT_EQ(machine.view_word(root, k_data + 0x80), machine.stage2(root, 0x500'0000)->physical);
    // Data that may be anywhere is used where it is in the image: only the other three are copied.
    EXPECT_EQ(machine.table().copies.count, 3U);
}

TEST_F(Image, memory_outside_ram_is_left_alone)
{
    const auto machine = boot(R"(<memory_region name="m" size="0x2000" phys_addr="0x5ffff000"/>)" +
                              pd("a", R"(<map mr="m" vaddr="0x1000000"/>)"));
    const auto root    = machine.pds().at(0).thread.stage2_root;
    EXPECT_THAT(machine.view(root, 0x100'0000, 0x1000), Each(std::byte{0xcc}));
    EXPECT_THAT(machine.view(root, 0x100'1000, 0x1000), Each(std::byte{0}));
}

TEST_F(Image, goes_around_fixed_regions)
{
    for (const auto* prefill : {"", R"(prefill_path="data.bin")"}) {
        const auto machine =
            boot(fmt::format(R"(<memory_region name="m" size="0x4000" phys_addr="0x70008000" {}/>)",
                             prefill) +
                 pd("a", R"(<map mr="m" vaddr="0x1000000"/>)") + pd("b"));
        const auto a = machine.pds().at(0).thread.stage2_root;
        const auto b = machine.pds().at(1).thread.stage2_root;
        EXPECT_EQ(machine.stage2(a, 0x100'0000)->physical, 0x7000'8000U);
        const auto fill = *prefill == '\0' ? std::byte{0} : std::byte{0x5a};
        EXPECT_THAT(machine.view(a, 0x100'0000, 5000), Each(fill));
        EXPECT_EQ(machine.view(a, k_text, 4), bytes_of("code"));
        EXPECT_EQ(machine.view(b, k_text, 4), bytes_of("code"));
    }
}

TEST_F(Image, two_programs_do_not_share_memory)
{
    const auto machine = boot(pd("a") + pd("b"));
    const auto a       = machine.pds().at(0).thread.stage2_root;
    const auto b       = machine.pds().at(1).thread.stage2_root;
    EXPECT_NE(machine.stage2(a, k_data)->physical, machine.stage2(b, k_data)->physical);
    EXPECT_EQ(machine.view_word(a, k_data), 'a');
    EXPECT_EQ(machine.view_word(b, k_data), 'b');
}

TEST_F(Image, same_inputs_give_the_same_bytes_wherever_they_are)
{
    const auto description = in_system(
        R"(<memory_region name="m" size="0x400000"/>
                     <memory_region name="n" prefill_path="data.bin"/>)" +
        pd("a", R"(<map mr="m" vaddr="0x1000000"/><map mr="n" vaddr="0x2000000"/>)") + pd("b"));
    std::vector<Bytes> images, reports;
    for (int i = 0; i < 2; ++i) {
        const Workspace other;
        EXPECT_EQ(other.build_text(description).exit_code, 0);
        images.push_back(other.read("loader.img"));
        reports.push_back(other.read("report.txt"));
    }
    EXPECT_EQ(images[0], images[1]);
    EXPECT_EQ(reports[0], reports[1]);
}

TEST_F(Image, elf_type_wraps_the_same_bytes)
{
    static_cast<void>(boot(pd("a")));
    const auto flat = workspace.read("loader.img");
    EXPECT_EQ(workspace
                  .run({"test.system", "--board", "qemu_virt_aarch64", "--config", "debug",
                        "--image-type", "elf", "-o", "image.elf"})
                  .exit_code,
              0);
    const auto elf = tool::read_elf(workspace.path() / "image.elf", {});
    ASSERT_TRUE(elf);
    EXPECT_EQ(elf->entry, k_load);
    ASSERT_EQ(elf->segments.size(), 1U);
    EXPECT_EQ(elf->segments[0].vaddr, k_load);
    EXPECT_EQ(elf->segments[0].data, flat);
}

} // namespace
} // namespace tool::test
