// SPDX-License-Identifier: BSD-2-Clause
// A machine over a fake Microkit: accesses that only their instruction describes.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

using Log = std::vector<std::string>;

/// A device at k_device; what nothing answers aborts.
class Emulation : public MachineTest {
protected:
    static constexpr std::uint64_t k_device      = 0x0a00'0000;
    static constexpr std::uint64_t k_kernel_half = 0xffff'ff80'0000'0000; ///< 39 bits

    void SetUp() override
    {
        machine.attach(device, range(k_device, 0x2000));
        on_stray = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::abort; };
        boot();
        vcpu().reg(SystemRegister::vbar_el1)  = 0x4000'0800;
        vcpu().reg(SystemRegister::sctlr_el1) = 1 << 23; // SPAN
    }
    kit::FakeVcpu& vcpu() { return fake.vcpu(0); }

    /// Turns stage 1 on. Code is mapped one to one for EL1 and EL0; pages of the device's region
    /// begin at 0x80000000. `attributes` are those of the page `index`, mapped to `to`.
    void map(unsigned index, std::uint64_t to, std::uint64_t attributes)
    {
        constexpr std::uint64_t k_level1 = k_ram;
        constexpr std::uint64_t k_level2 = k_ram + 0x1000;
        constexpr std::uint64_t k_level3 = k_ram + 0x2000;
        const auto              put      = [&](std::uint64_t at, std::uint64_t value) {
            ASSERT_TRUE(machine.memory().store(GuestPhysical{at}, value));
        };
        put(k_level1 + 8, k_ram | 0x4c1); // 1 GiB: AF, read-only, EL0
        put(k_level1 + 16, k_level2 | 3);
        put(k_level2, k_level3 | 3);
        put(k_level3 + 8 * index, to | 3 | attributes);
        vcpu().reg(SystemRegister::sctlr_el1) = 1 << 23 | 1;
        vcpu().reg(SystemRegister::tcr_el1)   = 32;
        vcpu().reg(SystemRegister::ttbr0_el1) = k_level1;
    }

    void expect_exception(std::uint64_t syndrome, std::optional<std::uint64_t> address)
    {
        EXPECT_EQ(vcpu().reg(SystemRegister::esr_el1), syndrome);
        EXPECT_EQ(vcpu().reg(SystemRegister::elr_el1), k_code);
        if (address) {
            EXPECT_EQ(vcpu().reg(SystemRegister::far_el1), *address);
        }
    }

    static constexpr std::uint64_t k_af  = 1 << 10;
    static constexpr std::uint64_t k_el0 = 1 << 6;

    RecordingDevice device;
};

TEST_F(Emulation, Pairs)
{
    device.value = 0x55;
    vcpu().set_x(2, k_device + 0x40);
    EXPECT_TRUE(undescribed(0x28c1'0444, k_device + 0x40, false)); // ldp w4, w1, [x2], #8
    EXPECT_EQ(vcpu().x(4), 0x55u);
    EXPECT_EQ(vcpu().x(1), 0x55u);
    EXPECT_EQ(vcpu().x(2), k_device + 0x48);
    EXPECT_EQ(vcpu().pc(), k_code + 4);
    EXPECT_EQ(device.log, (Log{"read 4 at 64", "read 4 at 68"}));
}

TEST_F(Emulation, TheHardwareMayNameAnyByteOfTheAccess)
{
    vcpu().set_x(2, k_device + 0x40);
    EXPECT_TRUE(undescribed(0x2940'0444, k_device + 0x44, false)); // ldp w4, w1, [x2]
    EXPECT_EQ(device.log, (Log{"read 4 at 64", "read 4 at 68"}));
    vcpu().set_x(3, k_device + 0x77);
    EXPECT_TRUE(undescribed(0xd50b'7423, k_device + 0x77, true)); // dc zva, x3
    EXPECT_EQ(device.log.size(), 2u + 8u);
}

TEST_F(Emulation, ThroughTheStackPointer)
{
    vcpu().reg(SystemRegister::sp_el1) = k_device + 0x110;
    vcpu().set_x(29, 0xaa);
    vcpu().set_x(30, 0xbb);
    EXPECT_TRUE(undescribed(0xa9bf'7bfd, k_device + 0x100, true)); // stp x29, x30, [sp, #-16]!
    EXPECT_EQ(device.log, (Log{"write 8 at 256: aa", "write 8 at 264: bb"}));
    EXPECT_EQ(vcpu().reg(SystemRegister::sp_el1), k_device + 0x100);
    // At EL0, and at EL1 with SPSel 0, it is SP_EL0.
    vcpu().spsr()       = 4;
    vcpu().registers[1] = k_device + 0x210;
    EXPECT_TRUE(undescribed(0xa9bf'7bfd, k_device + 0x200, true));
    EXPECT_EQ(vcpu().registers[1], k_device + 0x200);
}

TEST_F(Emulation, ZeroRegistersAndBlocks)
{
    vcpu().set_x(2, k_device);
    EXPECT_TRUE(undescribed(0xa900'7c5f, k_device, true)); // stp xzr, xzr, [x2]
    EXPECT_EQ(device.log, (Log{"write 8 at 0: 0", "write 8 at 8: 0"}));
    device.log.clear();
    vcpu().set_x(3, k_device + 0x77);
    EXPECT_TRUE(undescribed(0xd50b'7423, k_device + 0x77, true)); // dc zva, x3
    ASSERT_EQ(device.log.size(), 8u);
    EXPECT_EQ(device.log.front(), "write 8 at 64: 0");
    EXPECT_EQ(device.log.back(), "write 8 at 120: 0");
}

TEST_F(Emulation, VectorRegistersOfEveryWidth)
{
    vcpu().vectors[0] = {0x1122'3344'5566'7788, 0x99aa'bbcc'ddee'ff00};
    vcpu().set_x(1, k_device + 0x20);
    EXPECT_TRUE(undescribed(0x3d80'0020, k_device + 0x20, true)); // str q0, [x1]
    EXPECT_TRUE(undescribed(0xfd00'0020, k_device + 0x20, true)); // str d0, [x1]
    EXPECT_TRUE(undescribed(0xbd00'0020, k_device + 0x20, true)); // str s0, [x1]
    EXPECT_TRUE(undescribed(0x7d00'0020, k_device + 0x20, true)); // str h0, [x1]
    EXPECT_TRUE(undescribed(0x3d00'0020, k_device + 0x20, true)); // str b0, [x1]
    EXPECT_EQ(device.log, (Log{"write 8 at 32: 1122334455667788", "write 8 at 40: 99aabbccddeeff00",
                               "write 8 at 32: 1122334455667788", "write 4 at 32: 55667788",
                               "write 2 at 32: 7788", "write 1 at 32: 88"}));
    device.value      = 0x8899'aabb'ccdd'eeff;
    vcpu().vectors[1] = {1, 2};
    EXPECT_TRUE(undescribed(0x3cc1'0421, k_device + 0x20, false)); // ldr q1, [x1], #16
    EXPECT_EQ(vcpu().vectors[1],
              (microkit::VectorRegister{0x8899'aabb'ccdd'eeff, 0x8899'aabb'ccdd'eeff}));
    EXPECT_EQ(vcpu().x(1), k_device + 0x30);
    EXPECT_TRUE(undescribed(0xbd40'0021, k_device + 0x30, false)); // ldr s1, [x1]
    EXPECT_EQ(vcpu().vectors[1], (microkit::VectorRegister{0xccdd'eeff, 0}));
    device.log.clear();
    EXPECT_TRUE(undescribed(0xad40'0420, k_device + 0x30, false)); // ldp q0, q1, [x1]
    EXPECT_EQ(device.log.size(), 4u);
}

TEST_F(Emulation, AKernelThatKeepsVectorRegistersMakesThemAbort)
{
    fake.gives_vectors = false;
    vcpu().set_x(1, k_device + 0x20);
    EXPECT_TRUE(undescribed(0x3d80'0020, k_device + 0x20, true)); // str q0, [x1]
    expect_exception(0x9600'0050, k_device + 0x20);
    EXPECT_TRUE(device.log.empty());
}

TEST_F(Emulation, BigEndianData)
{
    vcpu().reg(SystemRegister::sctlr_el1) = 1 << 25 | 1 << 23;
    vcpu().set_x(1, k_device);
    vcpu().set_x(0, 0x1122'3344);
    vcpu().set_x(3, 0x5566'7788);
    EXPECT_TRUE(undescribed(0x2900'0c20, k_device, true)); // stp w0, w3, [x1]
    EXPECT_EQ(device.log, (Log{"write 4 at 0: 44332211", "write 4 at 4: 88776655"}));
    device.log.clear();
    vcpu().vectors[0] = {0x1122'3344'5566'7788, 0x99aa'bbcc'ddee'ff00};
    EXPECT_TRUE(undescribed(0x3d80'0020, k_device, true)); // str q0, [x1]
    EXPECT_EQ(device.log, (Log{"write 8 at 0: ffeeddccbbaa99", "write 8 at 8: 8877665544332211"}));
}

TEST_F(Emulation, OnlyMemoryCanBeExclusive)
{
    vcpu().set_x(1, k_device);
    EXPECT_TRUE(undescribed(0x885f'7c20, k_device, false)); // ldxr w0, [x1]
    expect_exception(0x9600'0035, k_device);                // unsupported exclusive or atomic
    EXPECT_TRUE(undescribed(0xb822'0020, k_device, true));  // ldadd w2, w0, [x1]
    expect_exception(0x9600'0075, k_device);
    EXPECT_TRUE(device.log.empty());
}

TEST_F(Emulation, APairMayBeginInMemoryIfItLoads)
{
    machine.stop();
    RecordingDevice behind;
    machine.attach(behind, range(k_ram + k_ram_size, 0x1000));
    boot();
    behind.value = 7;
    ASSERT_TRUE(machine.memory().store<std::uint64_t>(GuestPhysical{k_ram + k_ram_size - 8}, 5));
    vcpu().set_x(2, k_ram + k_ram_size - 8);
    EXPECT_TRUE(undescribed(0xa940'0440, k_ram + k_ram_size, false)); // ldp x0, x1, [x2]
    EXPECT_EQ(vcpu().x(0), 5u);
    EXPECT_EQ(vcpu().x(1), 7u);
    // What the guest may not write by itself we do not write for it.
    vcpu().set_x(2, k_ram + k_ram_size - 8);
    EXPECT_TRUE(undescribed(0xa900'0440, k_ram + k_ram_size, true)); // stp x0, x1, [x2]
    expect_exception(0x9600'0050, k_ram + k_ram_size - 8);
    EXPECT_EQ(machine.memory().load<std::uint64_t>(GuestPhysical{k_ram + k_ram_size - 8}), 5u);
    // Nor is RAM that faults for us to touch.
    vcpu().set_x(2, k_ram + 0x1000);
    EXPECT_TRUE(undescribed(0xa940'0440, k_ram + 0x1000, false));
    expect_exception(0x9600'0010, k_ram + 0x1000);
}

TEST_F(Emulation, UnalignedAccessesAreAlignmentFaults)
{
    vcpu().set_x(1, k_device + 2);
    EXPECT_TRUE(undescribed(0xb840'4420, k_device + 2, false)); // ldr w0, [x1], #4
    expect_exception(0x9600'0021, k_device + 2);
    EXPECT_TRUE(device.log.empty());
    EXPECT_EQ(vcpu().x(1), k_device + 2);
}

TEST_F(Emulation, ALoadMayCrossPagesThatAreApart)
{
    // The last 3 bytes of one page and the first of another, then the device.
    map(0, k_ram + 0x10'0000, k_af);
    map(1, k_ram + 0x20'0000, k_af);
    map(2, k_device, k_af);
    ASSERT_TRUE(machine.memory().store<std::uint8_t>(GuestPhysical{k_ram + 0x10'0fff}, 0x11));
    ASSERT_TRUE(machine.memory().store<std::uint64_t>(GuestPhysical{k_ram + 0x20'0000}, 0x22));
    vcpu().set_x(1, 0x8000'0fff);
    // Such a load never faults here; its neighbour in the pair does.
    EXPECT_TRUE(undescribed(0xa940'0c20, k_ram + 0x20'0000, false)); // ldp x0, x3, [x1]
    expect_exception(0x9600'0010, 0x8000'1000);                      // RAM is not ours to read then
    vcpu().set_x(1, 0x8000'1ff8);
    device.value = 9;
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device, false));
    EXPECT_EQ(vcpu().x(3), 9u);
}

TEST_F(Emulation, TheGuestsOwnTablesRule)
{
    map(0, k_device, k_af | k_el0);
    map(1, k_device + 0x1000, 0); // no access flag
    vcpu().set_x(1, 0x8000'0ff8);
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device + 0xff8, false)); // ldp x0, x3, [x1]
    expect_exception(0x9600'000b, 0x8000'1000);
    EXPECT_TRUE(device.log.empty()) << "no half of an instruction";
    map(1, k_device + 0x1000, k_af); // of EL1 alone
    vcpu().spsr() = 0;               // EL0
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device + 0xff8, false));
    expect_exception(0x9200'000f, 0x8000'1000);
    vcpu().spsr() = 0x3c5;
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device + 0xff8, false));
    EXPECT_EQ(device.log, (Log{"read 8 at 4088", "read 8 at 4096"}));
}

TEST_F(Emulation, UnprivilegedLoadsHaveTheRightsOfEl0)
{
    map(0, k_device, k_af); // of EL1 alone: LDTR cannot have caused a fault of stage 2 there
    vcpu().set_x(1, 0x8000'0000);
    EXPECT_TRUE(undescribed(0xb840'0820, k_device, false)); // ldtr w0, [x1]
    EXPECT_EQ(vcpu().pc(), k_code) << "runs again";
    EXPECT_TRUE(device.log.empty());
    vcpu().spsr() |= 1 << 23; // UAO: as any other load
    EXPECT_TRUE(undescribed(0xb840'0820, k_device, false));
    EXPECT_EQ(device.log, Log{"read 4 at 0"});
}

TEST_F(Emulation, AnInstructionThatDoesNotFitTheFaultRunsAgain)
{
    vcpu().set_x(1, k_device);
    vcpu().set_x(2, k_ram);
    const auto untouched = vcpu().registers;
    EXPECT_TRUE(undescribed(0xa900'0c20, k_device, false)); // a store, but the fault was a load
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device, true));  // the other way round
    EXPECT_TRUE(undescribed(0xa940'0c40, k_device, false)); // from x2, which is elsewhere
    EXPECT_TRUE(undescribed(0xa940'0c20, k_device + 16, false)); // one byte behind its last
    EXPECT_TRUE(undescribed(0xf980'0020, k_device, false));      // a prefetch faults never
    EXPECT_TRUE(device.log.empty());
    for (unsigned i = 1; i < untouched.size(); ++i) {
        EXPECT_EQ(vcpu().registers[i], untouched[i]);
    }
    EXPECT_EQ(vcpu().pc(), k_code);
}

TEST_F(Emulation, ButNotForEver)
{
    vcpu().set_x(1, k_device);
    unsigned tries = 0;
    while (vcpu().reg(SystemRegister::esr_el1) == 0 && tries < 100) {
        EXPECT_TRUE(undescribed(0xa900'0c20, k_device, false));
        ++tries;
    }
    EXPECT_EQ(tries, 9u);
    expect_exception(0x9600'0410, std::nullopt); // nobody knows the address
}

TEST_F(Emulation, InstructionsOf32BitProgramsAreNotTakenForOthers)
{
    vcpu().spsr() = 0x10; // AArch32 User mode
    on_stray      = nullptr;
    EXPECT_FALSE(undescribed(0xa940'0440, k_device, false));
    EXPECT_THAT(fake.debug_output, HasSubstr("an instruction that cannot be emulated"));
}

TEST_F(Emulation, WhatCannotBeEmulatedIsReported)
{
    on_stray = nullptr;
    EXPECT_FALSE(undescribed(0x4c40'7820, k_device, false)); // ld1 {v0.4s}, [x1]
    EXPECT_THAT(fake.debug_output, HasSubstr("an instruction that cannot be emulated"));
}

TEST_F(Emulation, ADeviceMayRestartTheMachineInTheMiddle)
{
    class Restarter final : public vmm::MmioDevice {
    public:
        explicit Restarter(vmm::Machine& m)
            : machine{m}
        {
        }
        std::uint64_t read(vmm::VcpuId, std::uint64_t, vmm::AccessSize) override
        {
            EXPECT_TRUE(machine.restart());
            return 1;
        }
        void write(vmm::VcpuId, std::uint64_t, vmm::AccessSize, std::uint64_t) override
        {
            EXPECT_TRUE(machine.restart());
        }
        vmm::Machine& machine;
    } restarter{machine};
    machine.stop();
    machine.attach(restarter, range(0x0b00'0000, 0x1000));
    boot();
    const auto expect_fresh = [&] {
        EXPECT_EQ(vcpu().pc(), k_code);
        EXPECT_EQ(vcpu().x(3), 0u);
        EXPECT_EQ(vcpu().run, kit::FakeVcpu::Run::running);
    };
    vcpu().set_x(1, 0x0b00'0000);
    EXPECT_FALSE(undescribed(0xa940'0c20, 0x0b00'0000, false)); // ldp x0, x3, [x1]
    expect_fresh();
    vcpu().set_x(1, 0x0b00'0000);
    EXPECT_FALSE(data_abort(0x0b00'0000, load(2, 3)));
    expect_fresh();
    EXPECT_FALSE(data_abort(0x0b00'0000, store(2, 3)));
    expect_fresh();
    EXPECT_EQ(machine.restarts(), 3u);
}

} // namespace
