// SPDX-License-Identifier: BSD-2-Clause
// What an image tells the kernel and libmicrokit: symbols, threads, capabilities, domains.
#include "kit/image_fixture.hpp"

#include "picokit/abi.h"

#include <algorithm>
#include <vector>

namespace tool::test {
namespace {

using picokit::CapType;

/// The capability in a slot of a PD.
picokit::CapEntry cap(const Machine& machine, std::size_t pd, std::size_t slot)
{
    return machine.array<picokit::CapEntry>(machine.pds().at(pd).caps).at(slot);
}

bool operator_equal(picokit::CapEntry a, CapType type, unsigned badge, unsigned object)
{
    return a.type == type && a.badge == badge && a.object == object;
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

} // namespace
} // namespace tool::test
