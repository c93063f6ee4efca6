// SPDX-License-Identifier: BSD-2-Clause
// Damaged inputs: whatever the bytes are, the tool makes an image or says what is wrong.
#include "kit/elf_builder.hpp"
#include "kit/workspace.hpp"

#include <gtest/gtest.h>
#include <random>

namespace {

using namespace tool::test;
using tool::Bytes;

/// A few bytes changed, and sometimes the end cut off.
Bytes damaged(Bytes bytes, std::mt19937& random)
{
    for (auto count = 1 + random() % 4; count != 0; --count) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    if (random() % 8 == 0) {
        bytes.resize(1 + random() % bytes.size());
    }
    return bytes;
}

void expect_reasonable(const Outcome& outcome)
{
    if (outcome.exit_code == 0) {
        EXPECT_EQ(outcome.err, "");
    } else {
        EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
        EXPECT_NE(outcome.err.find("error: "), std::string::npos) << outcome.err;
        EXPECT_NE(outcome.err.find("    hint: "), std::string::npos) << outcome.err;
    }
}

TEST(robustness, damaged_programs)
{
    const Workspace workspace;
    std::mt19937    random{1};
    const auto      good = pd_program().build();
    workspace.write("a.system", in_system(R"(<memory_region name="m" size="0x1000"/>
<protection_domain name="a"><program_image path="damaged.elf"/>
<map mr="m" vaddr="0x1000000" setvar_vaddr="var_bss"/></protection_domain>)"));
    for (int i = 0; i < 1000; ++i) {
        workspace.write("damaged.elf", damaged(good, random));
        expect_reasonable(workspace.build("a.system"));
    }
}

TEST(robustness, damaged_descriptions)
{
    const Workspace workspace;
    std::mt19937    random{2};
    const auto      good = bytes_of(in_system(
             R"(<memory_region name="m" size="0x4000" prefill_path="data.bin"/>
<domains><domain name="x"/><domain_schedule><schedule_entry domain="x" duration="1 us"/>
</domain_schedule></domains>)" +
             pd("a", R"(<map mr="m" vaddr="0x1000000" setvar_size="var_a"/><irq irq="33" id="1"/>
<virtual_machine name="v"><vcpu id="0"/><map mr="m" vaddr="0x0"/></virtual_machine>)",
                R"(domain="x")") +
             pd("b", R"(<cspace><cap_tcb slot="1" pd="a"/></cspace>)", R"(domain="x")") +
             R"(<channel><end pd="a" id="2"/><end pd="b" id="1"/></channel>)"));
    for (int i = 0; i < 1000; ++i) {
        workspace.write("a.system", damaged(good, random));
        expect_reasonable(workspace.build("a.system"));
    }
}

} // namespace
