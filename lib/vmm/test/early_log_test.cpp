// SPDX-License-Identifier: BSD-2-Clause
// The log of a kernel without notes: found, followed around its ring, whatever the guest has made
// of it; and a guest that dies so early.
#include "machine_fixture.hpp"

#include "kit/early_kernel.hpp"
#include "vmm/early_log.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::EarlyKernel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class EarlyLogInRam : public testing::Test {
protected:
    static constexpr std::uint64_t k_size  = 2 << 20;
    static constexpr std::uint64_t k_image = k_ram + 0x10'0000;

    EarlyLogInRam()
        : bytes_(k_size + 4096)
    {
        const auto at = (reinterpret_cast<std::uint64_t>(bytes_.data()) + 4095) & ~4095ULL;
        EXPECT_TRUE(memory.add(GuestPhysical{k_ram}, base::PdVirtual{at}, k_size));
    }

    std::vector<std::string> newest(std::size_t count)
    {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < std::min(count, log.size()); ++i) {
            std::array<char, 80> room{};
            texts.emplace_back(log.text(memory, i, room));
        }
        return texts;
    }

    vmm::GuestMemory memory;
    EarlyKernel      kernel{memory, k_image + 0x5678};
    vmm::EarlyLog    log{range(k_image, 0x1'0000)};

private:
    std::vector<std::byte> bytes_;
};

TEST_F(EarlyLogInRam, IsFoundByItsFirstMessageOnly)
{
    // The format in the kernel's data, a copy without a number, one with a number that is not one.
    const std::string text{EarlyKernel::k_first};
    for (const auto at : {k_image + 0x108, k_image + 0x8001}) {
        (void)memory.copy_in(GuestPhysical{at}, std::as_bytes(std::span{text}));
    }
    EarlyKernel other{memory, k_image + 0x9000};
    other.head += 1;
    other.say(EarlyKernel::k_first);
    EXPECT_FALSE(log.find(memory, ~std::uint64_t{0}));
    EXPECT_EQ(log.follow(memory), 0u);
    EXPECT_EQ(log.size(), 0u);

    kernel.say(EarlyKernel::k_first);
    log = vmm::EarlyLog{range(k_image, 0x1'0000)};
    EXPECT_FALSE(log.find(memory, 0x8000)); // from the end downwards, so far and no further
    EXPECT_TRUE(log.find(memory, 0x8000));
    EXPECT_EQ(log.follow(memory), 1u);
    EXPECT_THAT(newest(9), ElementsAre(EarlyKernel::k_first));
}

TEST_F(EarlyLogInRam, GivesTheTextsWhateverPrintkLeavesBehindThem)
{
    for (const auto leaves : {kit::Leftover::moved_twice, kit::Leftover::none}) {
        EarlyKernel one{memory, k_image + 0x5678};
        one.leaves = leaves;
        log        = vmm::EarlyLog{range(k_image, 0x1'0000)};
        one.say(EarlyKernel::k_first);
        one.say("1234567890123456"); // fills its words
        one.say("");
        one.say("a\x1b[2J\xff");
        ASSERT_TRUE(log.find(memory, 0x1'0000));
        EXPECT_EQ(log.follow(memory), 3u);
        EXPECT_THAT(newest(9), ElementsAre("a?[2J?", "1234567890123456", EarlyKernel::k_first));
        EXPECT_EQ(log.follow(memory), 0u);
        one.say("more");
        EXPECT_EQ(log.follow(memory), 1u);
        EXPECT_THAT(newest(1), ElementsAre("more"));
        (void)memory.fill(GuestPhysical{k_image}, 0x1'0000, std::byte{0});
    }
}

TEST_F(EarlyLogInRam, IsFollowedAroundItsRing)
{
    kernel.say(EarlyKernel::k_first);
    ASSERT_TRUE(log.find(memory, 0x1'0000));
    EXPECT_EQ(log.follow(memory), 1u);
    for (unsigned i = 0; i < 5000; ++i) { // numbers need more than 32 bits on the way
        kernel.say("message " + std::to_string(i) + std::string(i % 50, '.') + "!");
        ASSERT_EQ(log.follow(memory), 1u) << i;
    }
    EXPECT_EQ(log.size(), vmm::EarlyLog::k_tail);
    EXPECT_THAT(newest(2), ElementsAre(testing::StartsWith("message 4999.."),
                                       testing::StartsWith("message 4998..")));
}

TEST_F(EarlyLogInRam, EndsWhateverTheGuestHasMadeOfIt)
{
    // Every word of the image is the number of the next message.
    kernel.say(EarlyKernel::k_first);
    ASSERT_TRUE(log.find(memory, 0x1'0000));
    auto id = kernel.head;
    for (std::uint64_t at = k_image; at < k_image + 0x1'0000; at += 16, ++id) {
        (void)memory.store(GuestPhysical{at + 8}, id);
        (void)memory.store(GuestPhysical{at}, std::uint64_t{0x4141'4141'4141'4141});
    }
    EXPECT_LE(log.follow(memory), vmm::EarlyLog::k_tail);
    for (std::size_t i = 0; i < log.size(); ++i) {
        std::array<char, 8> room{};
        EXPECT_LE(log.text(memory, i, room).size(), room.size());
    }
    // An image that is no RAM at all, and one that is cut off by the end of RAM.
    vmm::EarlyLog nowhere{range(0x1000, 0x1'0000)};
    EXPECT_FALSE(nowhere.find(memory, ~std::uint64_t{0}));
    EarlyKernel last{memory, k_ram + k_size - 72};
    last.say(EarlyKernel::k_first);
    vmm::EarlyLog at_end{range(k_ram + k_size - 0x1000, 0x1000)};
    EXPECT_TRUE(at_end.find(memory, 0x1000));
    EXPECT_EQ(at_end.follow(memory), 1u);
    std::array<char, 80> room{};
    EXPECT_THAT(std::string{at_end.text(memory, 0, room)}, HasSubstr("Booting Linux on physical"));
}

/// A machine whose guest is an Image of 2 MiB at the start of RAM.
class EarlyDeath : public MachineTest {
protected:
    static constexpr std::uint64_t k_image_size = 0x20'0000;
    static constexpr std::uint64_t k_second     = 62'500'000;

    void boot_linux()
    {
        self = this;
        reports.clear();
        watched.wake_by(microkit::Channel{5});
        ASSERT_TRUE(
            watched.boot(vmm::Linux{.kernel = image, .initrd = {}, .dtb = {}, .cmdline = {}}));
        kernel.say(EarlyKernel::k_first);
        kernel.say("Linux version 6.1.0-56-arm64");
    }
    void die() { kernel.say("Kernel panic - not syncing: stack-protector: corrupted"); }
    void later(unsigned seconds)
    {
        counter.now += seconds * k_second;
        notify(5);
    }

    static inline EarlyDeath*                  self = nullptr;
    static inline std::vector<vmm::Trouble>    reports;
    static inline const std::vector<std::byte> image = EarlyKernel::image(k_image_size);

    vmm::Machine watched{
        vmm::MachineConfig{.name      = "linux",
                           .ram       = {vmm::ram(&ram_address, k_ram, &ram_size)},
                           .vcpus     = 1,
                           .platform  = k_platform,
                           .on_report = [](vmm::Machine&, const vmm::Report& report) {
                               reports.push_back(report.trouble);
                           }}};
    EarlyKernel kernel{watched.memory(), k_ram + k_image_size - 0x8000};
};

TEST_F(EarlyDeath, IsReportedBeforeTheReset)
{
    boot_linux();
    die();
    kernel.say("---[ end Kernel panic ]---");
    EXPECT_FALSE(hypercall(0x8400'0009).resumed); // SYSTEM_RESET
    EXPECT_THAT(reports, ElementsAre(vmm::Trouble::panic));
    const auto& text = fake.debug_output;
    EXPECT_THAT(text, HasSubstr("message: Kernel panic - not syncing: stack-protector: corrupted\n"
                                "  likely cause: a function of the guest's kernel wrote over its "
                                "own stack\n  vCPU 0:\n"));
    EXPECT_THAT(text, HasSubstr("  the end of its dmesg, without times:\n"
                                "    Booting Linux on physical CPU 0x0000000000 [0x410fd034]\n"
                                "    Linux version 6.1.0-56-arm64\n"
                                "    Kernel panic - not syncing: stack-protector: corrupted\n"
                                "    ---[ end Kernel panic ]---\n  the last 1 of 1 exits"));
}

TEST_F(EarlyDeath, IsSeenWithoutATimerOfTheGuest)
{
    boot_linux();
    later(1);
    later(2);
    EXPECT_THAT(reports, IsEmpty());
    die();
    later(2); // at 4 s, then at 8 s
    EXPECT_THAT(reports, ElementsAre(vmm::Trouble::panic));
    later(100);
    EXPECT_EQ(reports.size(), 1u);
}

TEST_F(EarlyDeath, IsNotLookedForAgainWhereATimerRuns)
{
    boot_linux();
    counter.now += k_second + 1;
    EXPECT_TRUE(fault(microkit::FaultLabel::ppi, {27}));
    die();
    for (unsigned i = 0; i < 8; ++i) {
        later(2);
    }
    EXPECT_THAT(reports, IsEmpty());
    EXPECT_TRUE(fault(microkit::FaultLabel::ppi, {27}));
    EXPECT_THAT(reports, ElementsAre(vmm::Trouble::panic));
}

TEST_F(EarlyDeath, NobodyIsWokenToLookWhereATimerRuns)
{
    boot_linux();
    counter.now += k_second / 1000;
    EXPECT_TRUE(fault(microkit::FaultLabel::ppi, {27}));
    EXPECT_EQ(vmm::dispatcher.alarm_clock().deadline(vmm::AlarmClock::k_watch), std::nullopt);
    const auto asked = timeouts.size();
    die();
    later(2);
    EXPECT_THAT(reports, IsEmpty());
    EXPECT_EQ(timeouts.size(), asked);
    EXPECT_TRUE(fault(microkit::FaultLabel::ppi, {27}));
    EXPECT_THAT(reports, ElementsAre(vmm::Trouble::panic));
}

TEST_F(EarlyDeath, ALinuxThatSaysNothingIsLeftAloneAfterAWhile)
{
    boot_linux();
    for (unsigned i = 0; i < 30; ++i) {
        later(10);
    }
    EXPECT_THAT(reports, IsEmpty());
    EXPECT_THAT(fake.debug_output, Not(HasSubstr("black box")));
    const auto asked = timeouts.size();
    later(1000);
    EXPECT_EQ(timeouts.size(), asked); // nobody waits for anything
}

} // namespace
