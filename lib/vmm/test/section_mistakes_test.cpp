// SPDX-License-Identifier: BSD-2-Clause
// Sections that do not fit one another: what is said, and that nothing is booted.
#include "section_devices_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using machine_test::SectionDevices;
using testing::HasSubstr;
using Kind = vmm::GuestConfig::Kind;

TEST_F(SectionDevices, ASecondSoundCardIsRefused)
{
    add(Kind::sound);
    add(Kind::sound);
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("has a second sound card"));
}

TEST_F(SectionDevices, MoreThanThereIsRoomForIsRefused)
{
    for (std::size_t i = 0; i < vmm::Sections::k_most; ++i) {
        add(Kind::block);
        add_block(i);
    }
    add(Kind::sound);
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("too little room for all devices"));
}

TEST_F(SectionDevices, ASoundClientWithoutADevice)
{
    add_sound();
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
}

TEST_F(SectionDevices, ADamagedSectionOfPassedThroughDevices)
{
    vmm::PassedThrough passed{.magic = vmm::PassedThrough::k_magic, .num_calls = 65};
    from.passed = &passed;
    attach_all();
    EXPECT_FALSE(boots());
}

TEST_F(SectionDevices, NoSectionAtAll)
{
    guest = {};
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("the section .vmm_config was not filled in: write it "
                                             "into the program with objcopy --update-section"));
}

TEST_F(SectionDevices, AListThatIsTooLong)
{
    guest.num_devices = 33;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("longer than it can be"));
}

TEST_F(SectionDevices, VcpusWithAGap)
{
    guest.vcpus[1] = 2;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("do not follow each other"));
}

TEST_F(SectionDevices, ADeviceWithoutAClient)
{
    for (const Kind kind :
         {Kind::console, Kind::block, Kind::network, Kind::entropy, Kind::socket, Kind::sound}) {
        add(kind);
    }
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("has a sound card, but no client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has a console, but no serial client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("more disks or network cards than"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has an entropy device, but no client"));
    EXPECT_THAT(fake.debug_output, HasSubstr("has a socket device, but no links are filled in"));
}

TEST_F(SectionDevices, AClientWithoutADevice)
{
    add_block(0);
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
}

TEST_F(SectionDevices, LinksWithoutADevice)
{
    add_vsock(7);
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("but .vmm_config has no device for it"));
}

TEST_F(SectionDevices, TwoConsolesAndAKindThatNobodyKnows)
{
    add_serial(0);
    add(Kind::console);
    add(Kind::console);
    add(static_cast<Kind>(99));
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("further serial clients are ports of the first"));
    EXPECT_THAT(fake.debug_output, HasSubstr("a kind that is not known here (0x63)"));
}

TEST_F(SectionDevices, AChannelThatTwoDevicesWant)
{
    add(Kind::block);
    add(Kind::block);
    add_block(0);
    add_block(1);
    block[1].virt.id = block[0].virt.id;
    attach_all();
    EXPECT_FALSE(boots());
    EXPECT_THAT(fake.debug_output, HasSubstr("a channel is used twice"));
}

} // namespace
