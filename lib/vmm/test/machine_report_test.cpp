// SPDX-License-Identifier: BSD-2-Clause
// When a machine reports, and what its owner hears of it.
#include "machine_fixture.hpp"

#include "kit/linux_memory.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using kit::LinuxMemory;
using microkit::FaultLabel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t k_second = 62'500'000; ///< of the fixture's counter

class MachineReport : public MachineTest {
protected:
    MachineReport()
    {
        self = this;
        reports.clear();
        watched.wake_by(microkit::Channel{5});
    }

    /// A kernel with names and a log, after boot.
    void boot_linux()
    {
        ASSERT_TRUE(watched.boot(vmm::Linux{
            .kernel = kernel_bytes(), .initrd = {}, .dtb = {}, .cmdline = "root=/dev/vda"}));
        kernel.write_notes();
        kernel.write_symbols(
            {{0, "T_text"}, {0x100, "Tpanic"}, {0x200, "Tmount_root"}, {0x300, "Tend"}});
        kernel.write_log();
        kernel.say("Linux is here", 1'500'000'000);
    }
    /// Its timer fires, `seconds` later.
    bool timer(unsigned seconds)
    {
        counter.now += seconds * k_second;
        return fault(FaultLabel::ppi, {27});
    }

    struct Heard {
        vmm::Trouble trouble;
        unsigned     vcpu;
        std::string  message;
        std::string  cause;
    };
    static inline std::vector<Heard> reports;
    static inline MachineReport*     self = nullptr;

    vmm::Machine watched{vmm::MachineConfig{.name     = "linux",
                                            .ram      = {vmm::ram(&ram_address, k_ram, &ram_size)},
                                            .vcpus    = 2,
                                            .platform = k_platform,
                                            .on_event =
                                                [](vmm::Machine& m, vmm::Event event) {
                                                    self->events.push_back(event);
                                                    if (self->on_event) {
                                                        self->on_event(m, event);
                                                    }
                                                },
                                            .hang_ms = 2000,
                                            .on_report =
                                                [](vmm::Machine&, const vmm::Report& report) {
                                                    reports.push_back({report.trouble, report.vcpu,
                                                                       std::string{report.message},
                                                                       std::string{report.cause}});
                                                }}};
    LinuxMemory  kernel{watched.memory()};
};

TEST_F(MachineReport, APanicIsFoundInTheLog)
{
    boot_linux();
    EXPECT_TRUE(timer(2));
    EXPECT_TRUE(reports.empty());
    EXPECT_THAT(fake.debug_output, Not(HasSubstr("black box")));

    // Frames of panic, called by mount_root.
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = kernel.base + 0x110;
    vcpu.set_x(29, 0x4050'0000);
    vcpu.set_x(30, kernel.base + 0x120);
    kernel.put(0x4050'0000, std::uint64_t{0x4050'0040});
    kernel.put(0x4050'0008, kernel.base + 0x204);
    kernel.put(0x4050'0040, std::uint64_t{0});
    kernel.put(0x4050'0048, kernel.base + 0x280);
    kernel.put(vcpu.pc(), std::uint32_t{0xb940'0020});
    kernel.say("Kernel panic - not syncing: of a program, in /dev/kmsg", 0, 1);
    EXPECT_TRUE(timer(2));
    EXPECT_TRUE(reports.empty());

    kernel.say("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)");
    kernel.say("---[ end Kernel panic ]---");
    EXPECT_TRUE(timer(0)); // not before its time
    EXPECT_TRUE(reports.empty());
    EXPECT_TRUE(timer(2));
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].trouble, vmm::Trouble::panic);
    EXPECT_THAT(reports[0].message, HasSubstr("Unable to mount root fs"));
    EXPECT_THAT(reports[0].cause, HasSubstr("the kernel found no root file system"));
    EXPECT_THAT(events, ElementsAre(vmm::Event::panicked));
    const auto& text = fake.debug_output;
    EXPECT_THAT(text, HasSubstr("vmm: black box of guest \"linux\": its kernel panicked\n"));
    EXPECT_THAT(text, HasSubstr("kernel: Linux 6.1.0-test\n"));
    EXPECT_THAT(text, HasSubstr("pc 0x40400110 panic+0x10/0x100:  ldr w0, [x1]\n"));
    EXPECT_THAT(text, HasSubstr("    0x40400200 mount_root+0x0/0x100\n    0x4040027c mount_root"));
    EXPECT_THAT(text, HasSubstr("[1.500000] Linux is here\n"));
    EXPECT_THAT(text, HasSubstr("its private interrupt 27\n"));
    EXPECT_THAT(text, HasSubstr("GICv2, both groups off"));
    EXPECT_THAT(text, HasSubstr("vmm: end of the black box"));
    // It goes on, and is not reported again.
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    kernel.say("Kernel panic - not syncing: again");
    EXPECT_TRUE(timer(2));
    EXPECT_EQ(reports.size(), 1u);
}

TEST_F(MachineReport, APanicThatResetsAtOnce)
{
    boot_linux();
    kernel.say("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100");
    EXPECT_FALSE(hypercall(0x8400'0009).resumed); // SYSTEM_RESET
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_THAT(reports[0].cause, HasSubstr("the first program (PID 1) ended"));
    EXPECT_THAT(events, ElementsAre(vmm::Event::panicked, vmm::Event::reset_requested));
    EXPECT_EQ(watched.restarts(), 1u);
    // A reset without a panic is none.
    EXPECT_FALSE(hypercall(0x8400'0009).resumed);
    EXPECT_EQ(reports.size(), 1u);
}

TEST_F(MachineReport, AFirstProgramThatHadNoConsole)
{
    boot_linux();
    kernel.say("Warning: unable to open an initial console.");
    kernel.say("Run /init as init process");
    kernel.say("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100");
    EXPECT_FALSE(hypercall(0x8400'0009).resumed); // SYSTEM_RESET
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_THAT(reports[0].cause, HasSubstr("because it had no console: console= names"));
}

TEST_F(MachineReport, TheOwnerMayRestartWhatPanicked)
{
    boot_linux();
    on_event = [](vmm::Machine& m, vmm::Event event) {
        if (event == vmm::Event::panicked) {
            EXPECT_TRUE(m.restart());
        }
    };
    kernel.say("Kernel panic - not syncing: sysrq triggered crash");
    EXPECT_FALSE(timer(2)); // that vCPU's exit is nobody's business any more
    EXPECT_EQ(watched.restarts(), 1u);
    EXPECT_EQ(watched.state(), vmm::Machine::State::running);
    EXPECT_THAT(reports[0].cause, HasSubstr("SysRq"));
}

TEST_F(MachineReport, AVcpuThatNeverExitsHangs)
{
    boot_linux();
    fake.vcpu(0).spsr() = 0x3c5; // interrupts masked
    counter.now += k_second;
    notify(5);
    EXPECT_TRUE(reports.empty()); // it may take that long
    EXPECT_FALSE(wfi());
    counter.now += 3 * k_second;
    notify(5);
    EXPECT_TRUE(reports.empty()); // who waits does not hang

    EXPECT_TRUE(watched.restart());
    counter.now += 2 * k_second + 1;
    notify(5);
    counter.now += 2 * k_second + 1;
    notify(5);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].trouble, vmm::Trouble::hang);
    EXPECT_THAT(reports[0].cause, HasSubstr("in a loop with its interrupts masked"));
    EXPECT_EQ(events.back(), vmm::Event::hung);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running); // it goes on
}

TEST_F(MachineReport, AStrayAccessHasItsBlackBox)
{
    boot_linux();
    fake.vcpu(0).pc()   = k_pc;
    fake.vcpu(0).spsr() = 5;
    EXPECT_FALSE(data_abort(0x4080'0000, load(2, 0)));
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].trouble, vmm::Trouble::stray_access);
    EXPECT_THAT(reports[0].cause, HasSubstr("more RAM than it has"));
    EXPECT_THAT(fake.debug_output, HasSubstr("stopped: vCPU 0 read 4 bytes at 0x40800000"));
    EXPECT_THAT(fake.debug_output, HasSubstr("x29 leads to no frame"));
    EXPECT_THAT(events, ElementsAre(vmm::Event::stopped));
    EXPECT_EQ(watched.state(), vmm::Machine::State::off);
}

TEST_F(MachineReport, NamesThatTheGuestWroteIntoItsTreeArePrintable)
{
    boot_linux();
    // It has its copy of the tree to itself: the console of a virtIO device, of all names.
    const auto at = fake.vcpu(0).x(0);
    const auto size =
        __builtin_bswap32(*watched.memory().load<std::uint32_t>(GuestPhysical{at + 4}));
    const std::string_view name = "memory@40000000";
    for (std::uint64_t i = at; i < at + size; ++i) {
        std::array<char, 15> here{};
        (void)watched.memory().copy_out(std::as_writable_bytes(std::span{here}), GuestPhysical{i});
        if (std::string_view{here.data(), here.size()} == name) {
            (void)watched.memory().store(GuestPhysical{i}, '\x1b');
            // Its size, so that it covers what is behind the RAM.
            for (std::uint64_t word = i; word < i + 64; word += 1) {
                if (watched.memory().load<std::uint32_t>(GuestPhysical{word}) ==
                    __builtin_bswap32(k_ram_size)) {
                    (void)watched.memory().store(GuestPhysical{word},
                                                 __builtin_bswap32(2 * k_ram_size));
                }
            }
        }
    }
    EXPECT_FALSE(data_abort(k_ram + k_ram_size, load(2, 0)));
    EXPECT_THAT(fake.debug_output, HasSubstr("device tree: /?emory@40000000\n"));
    EXPECT_THAT(fake.debug_output, Not(HasSubstr("\x1b")));
}

TEST_F(MachineReport, PagesFullOfNotesDoNotKeepItBusy)
{
    boot_linux();
    // All of RAM looks like notes, and none of it is.
    for (std::uint64_t page = k_ram; page < k_ram + k_ram_size; page += 4096) {
        const std::string text = "OSRELEASE=6.1\nSYMBOL(swapper_pg_dir)=1\n";
        (void)watched.memory().copy_in(GuestPhysical{page}, std::as_bytes(std::span{text}));
    }
    kernel.notes = k_ram + 100 * 4096;
    kernel.write_notes();
    kernel.write_log();
    // The seventh search comes to where the real ones are.
    for (unsigned searches = 1; searches < 7; ++searches) {
        watched.report();
        EXPECT_THAT(fake.debug_output, Not(HasSubstr("kernel: Linux"))) << searches;
    }
    watched.report();
    EXPECT_THAT(fake.debug_output, HasSubstr("kernel: Linux 6.1.0-test\n"));
}

TEST_F(MachineReport, CanBeAskedForAndEndsWhateverTheGuestHas)
{
    boot_linux();
    // A frame that is its own caller, and names that are all one token.
    fake.vcpu(0).set_x(29, 0x4050'0000);
    kernel.put(0x4050'0000, std::uint64_t{0x4050'0000});
    kernel.put(0x4050'0008, kernel.base + 0x204);
    kernel.put(kernel.num_syms, std::uint32_t{1 << 20});
    watched.report();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].trouble, vmm::Trouble::asked);
    EXPECT_EQ(watched.state(), vmm::Machine::State::running);
    watched.stop();
    watched.report(); // RAM and registers are still there
    EXPECT_EQ(reports.size(), 2u);
    EXPECT_EQ(watched.state(), vmm::Machine::State::off);
}

} // namespace
