// SPDX-License-Identifier: BSD-2-Clause
// Images, booted by a machine that knows nothing of how they were made.
#include "kit/elf_builder.hpp"
#include "kit/machine.hpp"
#include "kit/workspace.hpp"
#include "program/elf_file.hpp"

#include "picokit/abi.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace tool::test;
using picokit::CapType;
using testing::Each;
using testing::HasSubstr;
using tool::Bytes;

constexpr std::uint64_t k_load = 0x7000'0000;

class Image : public testing::Test {
protected:
    Machine boot(std::string_view elements, const std::string& config = "debug")
    {
        workspace.write("test.system", in_system(elements));
        const auto outcome = workspace.build("test.system", config);
        EXPECT_EQ(outcome.err, "");
        EXPECT_EQ(outcome.exit_code, 0);
        return Machine{workspace.read("loader.img"), k_load};
    }
    const Workspace workspace;
};

/// The capability in a slot of a PD.
picokit::CapEntry cap(const Machine& machine, std::size_t pd, std::size_t slot)
{
    return machine.array<picokit::CapEntry>(machine.pds().at(pd).caps).at(slot);
}

bool operator_equal(picokit::CapEntry a, CapType type, unsigned badge, unsigned object)
{
    return a.type == type && a.badge == badge && a.object == object;
}

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

TEST_F(Image, symbols_of_libmicrokit)
{
    const auto machine = boot(
        pd("a_name", "<irq irq=\"40\" id=\"3\"/><irq irq=\"41\" id=\"61\"/>",
           "passive=\"true\" priority=\"1\"") +
        pd("b", "", "priority=\"2\"") +
        R"(<channel><end pd="a_name" id="0" pp="true" notify="false"/><end pd="b" id="5"/></channel>
           <channel><end pd="a_name" id="7"/><end pd="b" id="6" notify="false"/></channel>)");
    const auto entries = machine.pds();
    const auto a       = entries.at(0).thread.stage2_root;
    const auto b       = entries.at(1).thread.stage2_root;
    EXPECT_EQ(machine.view(a, k_data, 6), bytes_of("a_name"));
    EXPECT_EQ(machine.view(a, k_data + 0x40, 1), Bytes{std::byte{1}});
    EXPECT_EQ(machine.view(b, k_data + 0x40, 1), Bytes{std::byte{0}});
    EXPECT_EQ(machine.view_word(a, k_data + 0x48), (1ULL << 3) | (1ULL << 61));
    EXPECT_EQ(machine.view_word(a, k_data + 0x50), 1ULL << 7);
    EXPECT_EQ(machine.view_word(a, k_data + 0x58), 1ULL << 0);
    EXPECT_EQ(machine.view_word(a, k_data + 0x60), 0U);
    EXPECT_EQ(machine.view_word(b, k_data + 0x48), 0U);
    EXPECT_EQ(machine.view_word(b, k_data + 0x50), 1ULL << 5);
    EXPECT_EQ(machine.view_word(b, k_data + 0x58), 0U);
}

TEST_F(Image, names_are_cut_to_64_bytes_and_fill_with_zeros)
{
    const std::string name(70, 'n');
    const auto        machine = boot(pd(name) + pd("b"));
    const auto        long_pd = machine.pds().at(0);
    EXPECT_EQ(std::string(long_pd.thread.name, 64), std::string(64, 'n'));
    EXPECT_EQ(machine.view(long_pd.thread.stage2_root, k_data, 64), bytes_of(std::string(64, 'n')));
    EXPECT_STREQ(machine.pds().at(1).thread.name, "b");
    // The rest of the symbol is zero too, whatever the program had there.
    EXPECT_EQ(machine.view_word(machine.pds().at(1).thread.stage2_root, k_data), 'b');
}

TEST_F(Image, setvars_of_every_form)
{
    const auto machine = boot(
        R"(<memory_region name="m" size="0x4000" prefill_path="data.bin"/>)"
        R"(<memory_region name="p" size="0x3000"/>)" +
        pd("a", R"(<map mr="m" vaddr="0x1000000" setvar_vaddr="var_a" setvar_size="var_b"
                        setvar_prefill_size="var_c"/>
                   <map mr="p" vaddr="0x2000000"/>
                   <setvar symbol="var_bss" region_paddr="p"/>)") +
        pd("b", pd("c", "", R"(id="9" setvar_id="var_a")") +
                    R"(<irq irq="40" id="11" setvar_id="var_b"/>
                       <virtual_machine name="v"><vcpu id="13" setvar_id="var_c"/></virtual_machine>)") +
        R"(<channel><end pd="b" id="15" setvar_id="var_bss"/><end pd="a" id="16"/></channel>)");
    const auto a = machine.pds().at(0).thread.stage2_root;
    const auto b = machine.pds().at(1).thread.stage2_root;
    EXPECT_EQ(machine.view_word(a, k_data + 0x80), 0x100'0000U);
    EXPECT_EQ(machine.view_word(a, k_data + 0x88), 0x4000U);
    EXPECT_EQ(machine.view_word(a, k_data + 0x90), 5000U);
    EXPECT_EQ(machine.view_word(a, k_bss + 0x10), machine.stage2(a, 0x200'0000)->physical);
    EXPECT_EQ(machine.stage2(a, 0x200'2000)->physical,
              machine.stage2(a, 0x200'0000)->physical + 0x2000);
    EXPECT_EQ(machine.view_word(b, k_data + 0x80), 9U);
    EXPECT_EQ(machine.view_word(b, k_data + 0x88), 11U);
    EXPECT_EQ(machine.view_word(b, k_data + 0x90), 13U);
    EXPECT_EQ(machine.view_word(b, k_bss + 0x10), 15U);
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

TEST_F(Image, threads)
{
    const auto machine = boot(
        pd("a",
           pd("b", pd("c", "", R"(id="1")"), R"(id="63" priority="7" budget="20" period="30")") +
               R"(<virtual_machine name="v" priority="5" budget="3" period="4"><vcpu id="2"/>
                  <vcpu id="0"/></virtual_machine>)",
           R"(priority="254" passive="true" fpu="false" smc="true")") +
        pd("d", R"(<virtual_machine name="w"><vcpu id="7"/></virtual_machine>)"));
    const auto pds = machine.pds();
    ASSERT_EQ(pds.size(), 4U);
    EXPECT_STREQ(pds[1].thread.name, "b");
    EXPECT_STREQ(pds[2].thread.name, "c");
    EXPECT_EQ(pds[0].thread.parent, picokit::k_no_parent);
    EXPECT_EQ(pds[1].thread.parent, 0);
    EXPECT_EQ(pds[1].thread.child_id, 63);
    EXPECT_EQ(pds[2].thread.parent, 1);
    EXPECT_EQ(pds[0].thread.priority, 254);
    EXPECT_EQ(pds[1].thread.budget_us, 20U);
    EXPECT_EQ(pds[1].thread.period_us, 30U);
    EXPECT_EQ(pds[2].thread.budget_us, 1000U);
    EXPECT_TRUE(pds[0].passive && !pds[0].fpu);
    EXPECT_TRUE(!pds[1].passive && pds[1].fpu);
    const auto vcpus = machine.vcpus();
    ASSERT_EQ(vcpus.size(), 3U);
    EXPECT_STREQ(vcpus[0].thread.name, "v");
    EXPECT_EQ(vcpus[0].thread.child_id, 2);
    EXPECT_EQ(vcpus[1].thread.child_id, 0);
    EXPECT_EQ(vcpus[0].thread.parent, 0);
    EXPECT_EQ(vcpus[2].thread.parent, 3);
    EXPECT_EQ(vcpus[0].thread.priority, 5);
    EXPECT_EQ(vcpus[0].thread.budget_us, 3U);
    EXPECT_EQ(vcpus[0].thread.vmid, vcpus[1].thread.vmid);
    EXPECT_EQ(vcpus[0].thread.stage2_root, vcpus[1].thread.stage2_root);
    std::vector<unsigned> vmids{vcpus[0].thread.vmid, vcpus[2].thread.vmid};
    for (const auto& entry : pds) {
        vmids.push_back(entry.thread.vmid);
    }
    std::ranges::sort(vmids);
    EXPECT_EQ(std::ranges::adjacent_find(vmids), vmids.end());
    EXPECT_GE(vmids.front(), 1U);
    EXPECT_LE(vmids.back(), 255U);
}

TEST_F(Image, capabilities)
{
    const auto machine = boot(
        pd("a",
           pd("c", "", R"(id="4")") + R"(<irq irq="41" id="9" trigger="edge"/><irq irq="40" id="8"/>
              <virtual_machine name="v"><vcpu id="2"/></virtual_machine>
              <cspace><cap_tcb slot="1" pd="a"/><cap_sc slot="63" pd="b"/>
              <cap_vspace slot="127" pd="c"/></cspace>)",
           R"(priority="1" smc="true")") +
        pd("b", R"(<virtual_machine name="w"><vcpu id="7"/></virtual_machine>)",
           R"(priority="2")") +
        R"(<channel><end pd="a" id="5" pp="true"/><end pd="b" id="6" notify="false"/></channel>)");
    // PDs in order: a, c, b. vCPUs: of a, of b.
    EXPECT_TRUE(operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_NOTIFICATION + 5),
                               CapType::notification, 6, 2));
    EXPECT_TRUE(
        operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_ENDPOINT + 5), CapType::endpoint, 6, 2));
    EXPECT_EQ(cap(machine, 2, PICOKIT_CAP_BASE_NOTIFICATION + 6).type, CapType::none);
    EXPECT_EQ(cap(machine, 2, PICOKIT_CAP_BASE_ENDPOINT + 6).type, CapType::none);
    const auto irqs = machine.array<picokit::IrqEntry>(machine.table().irqs);
    ASSERT_EQ(irqs.size(), 2U);
    EXPECT_EQ(irqs[0].intid, 40U);
    EXPECT_EQ(irqs[1].intid, 41U);
    EXPECT_TRUE(irqs[1].edge && !irqs[0].edge);
    EXPECT_EQ(irqs[1].channel, 9);
    EXPECT_TRUE(operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_IRQ + 9), CapType::irq, 0, 1));
    EXPECT_TRUE(operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_TCB + 4), CapType::tcb, 0, 1));
    EXPECT_TRUE(operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_VM_TCB + 2), CapType::tcb, 0, 3));
    EXPECT_TRUE(operator_equal(cap(machine, 0, PICOKIT_CAP_BASE_VCPU + 2), CapType::vcpu, 0, 0));
    EXPECT_TRUE(operator_equal(cap(machine, 2, PICOKIT_CAP_BASE_VM_TCB + 7), CapType::tcb, 0, 4));
    EXPECT_TRUE(operator_equal(cap(machine, 2, PICOKIT_CAP_BASE_VCPU + 7), CapType::vcpu, 0, 1));
    EXPECT_EQ(cap(machine, 0, PICOKIT_CAP_SMC).type, CapType::smc);
    EXPECT_EQ(cap(machine, 2, PICOKIT_CAP_SMC).type, CapType::none);
    EXPECT_EQ(cap(machine, 0, PICOKIT_CAP_TCB).type, CapType::none);
    const auto user = machine.array<picokit::CapEntry>(machine.pds().at(0).user_caps);
    ASSERT_EQ(user.size(), std::size_t{PICOKIT_CAP_USER_SLOTS});
    EXPECT_TRUE(operator_equal(user[1], CapType::tcb, 0, 0));
    EXPECT_TRUE(operator_equal(user[63], CapType::sched_context, 0, 2));
    EXPECT_TRUE(operator_equal(user[127], CapType::vspace, 0, 1));
    EXPECT_EQ(machine.pds().at(2).user_caps.count, 0U);
}

TEST_F(Image, benchmark_configuration_gives_each_domain_its_own_thread)
{
    const auto machine = boot(pd("a") + pd("b"), "benchmark");
    EXPECT_TRUE(operator_equal(cap(machine, 1, PICOKIT_CAP_TCB), CapType::tcb, 0, 1));
}

TEST_F(Image, domain_schedule_is_what_runs_from_the_start_index_to_the_next_marker)
{
    const auto machine = boot(
        R"(<domains><domain name="x" id="2"/><domain name="y"/><domain name="z"/>
             <domain_schedule start_index="2" index_shift="7">
               <schedule_entry domain="y" duration="5 ticks"/><schedule_end_marker/>
               <schedule_entry domain="x" duration="10 us"/>
               <schedule_entry domain="z" duration="7 ticks"/><schedule_end_marker/>
             </domain_schedule></domains>)" +
        pd("a", R"(<virtual_machine name="v"><vcpu id="0"/></virtual_machine>)", R"(domain="x")") +
        pd("b", "", R"(domain="z")"));
    const auto schedule = machine.array<picokit::DomainEntry>(machine.table().domains);
    ASSERT_EQ(schedule.size(), 2U);
    EXPECT_EQ(machine.table().domain_start, 0U);
    EXPECT_EQ(schedule[0].domain, 2);
    EXPECT_EQ(schedule[0].duration, 10U);
    EXPECT_FALSE(schedule[0].ticks);
    EXPECT_EQ(schedule[1].domain, 1); // y has 0, the smallest unused
    EXPECT_TRUE(schedule[1].ticks);
    EXPECT_EQ(machine.pds().at(0).thread.domain, 2);
    EXPECT_EQ(machine.vcpus().at(0).thread.domain, 2);
    EXPECT_EQ(machine.pds().at(1).thread.domain, 1);
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
