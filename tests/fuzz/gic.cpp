// SPDX-License-Identifier: BSD-2-Clause
// A hostile guest and a nervous machine at the virtual GIC: any access, any line, at any time. No
// interrupt that waits in a list register may be overwritten, and the books must balance.
#include "input.hpp"

#include "vmm/gic.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

namespace {

using vmm::VcpuId;

using fuzz::Input;
using fuzz::require;

/// List registers that tell what they hold, or like seL4's do not.
class Machine final : public vmm::GicHost {
public:
    struct Cpu {
        std::array<Held, 64>          held{};
        std::array<std::uint32_t, 64> intid{};
        std::array<bool, 64>          mask{};
        std::optional<unsigned>       message; ///< maintenance on its way
    };

    bool load_list_register(VcpuId vcpu, unsigned index, Entry entry) override
    {
        require(vcpu < gic.config().vcpus && index < gic.config().list_registers);
        require(entry.intid < 1020 && (entry.priority & 7) == 0 && entry.group <= 1);
        auto& cpu = cpus[vcpu];
        if (refuses && cpu.held[index] == Held::active) {
            return false;
        }
        const bool free = cpu.held[index] == Held::empty || cpu.mask[index];
        // Its own again: to hide it, or (only where registers refuse) to find out what it is.
        const bool again = cpu.intid[index] == entry.intid && (refuses || entry.priority == 0xf8);
        require(free || again);
        // To hide it also where it has ended, if nobody could tell us.
        cpu.mask[index]  = cpu.intid[index] == entry.intid && entry.priority == 0xf8;
        cpu.held[index]  = Held::pending;
        cpu.intid[index] = entry.intid;
        return true;
    }
    Held inspect_list_register(VcpuId vcpu, unsigned index) override
    {
        return sees ? cpus[vcpu].held[index] : Held::unknown;
    }
    Held recall_list_register(VcpuId vcpu, unsigned index, Recall recall) override
    {
        const auto held = inspect_list_register(vcpu, index);
        if (held == Held::pending ||
            (held == Held::active && recall == Recall::pending_or_active)) {
            cpus[vcpu].held[index] = Held::empty;
        }
        return held;
    }
    /// Anything may be true, and another thing the next time.
    Line hardware_line(VcpuId, std::uint32_t) override
    {
        return static_cast<Line>(++questions % 3);
    }
    bool masks_interrupts(VcpuId) override { return ++questions % 2 != 0; }

    void wake(VcpuId vcpu) override { require(vcpu < gic.config().vcpus); }
    void end_of_interrupt(VcpuId vcpu, std::uint32_t intid) override
    {
        require(vcpu < gic.config().vcpus && intid >= 16 && intid < 1020);
    }

    void take(VcpuId vcpu, unsigned index)
    {
        auto& held = cpus[vcpu].held[index % gic.config().list_registers];
        held       = held == Held::pending ? Held::active : held;
    }
    void end(VcpuId vcpu, unsigned index)
    {
        index %= gic.config().list_registers;
        if (cpus[vcpu].held[index] == Held::active) {
            cpus[vcpu].held[index] = Held::empty;
            cpus[vcpu].mask[index] = false;
            cpus[vcpu].message     = index;
        }
    }
    void deliver_message(VcpuId vcpu)
    {
        if (const auto index = std::exchange(cpus[vcpu].message, std::nullopt)) {
            gic.maintenance(vcpu, *index);
        }
    }

    vmm::Gic                              gic;
    std::array<Cpu, vmm::k_gic_max_vcpus> cpus{};
    bool                                  sees      = false;
    bool                                  refuses   = false;
    unsigned                              questions = 0;
};

/// Every interrupt is where the books say, and nowhere twice.
void check_books(const vmm::Gic& gic)
{
    const auto&                                     state = gic.state();
    std::array<std::uint32_t, vmm::k_gic_max_words> shared_in_flight{};
    std::array<std::uint32_t, vmm::k_gic_max_words> shared_waiting{};
    for (VcpuId id = 0; id < gic.config().vcpus; ++id) {
        const auto&   vcpu      = state.vcpus[id];
        std::uint32_t in_flight = 0;
        require((vcpu.in_flight & (vcpu.masked | vcpu.stale)) == 0);
        require((vcpu.masked & vcpu.stale) == 0 && (vcpu.fresh & ~vcpu.in_flight) == 0);
        for (unsigned i = 0; i < vmm::k_gic_max_list_registers; ++i) {
            if ((vcpu.in_flight >> i & 1) != 0) {
                const unsigned intid = vcpu.list[i].intid;
                auto&          word  = intid < 32 ? in_flight : shared_in_flight[intid / 32];
                require((word >> (intid % 32) & 1) == 0);
                word |= 1U << (intid % 32);
            }
        }
        require(in_flight == vcpu.bank.in_flight && vcpu.waiting[0] == vcpu.bank.waiting);
        for (unsigned word = 0; word < vmm::k_gic_max_words; ++word) {
            require((vcpu.waiting[word] != 0) == ((vcpu.waiting_words >> word & 1) != 0));
            if (word != 0) {
                require((shared_waiting[word] & vcpu.waiting[word]) == 0);
                shared_waiting[word] |= vcpu.waiting[word];
            }
        }
        for (unsigned intid = 0; intid < 16 && gic.config().version == vmm::GicVersion::v2;
             ++intid) {
            require(((vcpu.bank.latch >> intid & 1) != 0) == (vcpu.sgi_sources[intid] != 0));
        }
    }
    for (unsigned word = 1; word < vmm::k_gic_max_words; ++word) {
        require(shared_in_flight[word] == state.shared[word - 1].in_flight);
        require(shared_waiting[word] == state.shared[word - 1].waiting);
        require((state.shared[word - 1].waiting & state.shared[word - 1].in_flight) == 0);
    }
}

/// What a guest does first, so that not every input has to find it out: all on, and for everybody.
void start(vmm::Gic& gic)
{
    constexpr auto k_distributor = vmm::GicFrame::distributor;
    gic.write(0, k_distributor, 0, 4, 3);
    for (std::uint64_t at = 0; at < 0x80; at += 4) {
        gic.write(0, k_distributor, 0x100 + at, 4, 0xffff'ffff);
    }
    for (std::uint64_t intid = 32; intid < 1020; intid += 4) {
        gic.write(0, k_distributor, 0x400 + intid, 4, 0xa0a0'80a0);
        gic.write(0, k_distributor, 0x800 + intid, 4, 0xff01'ff02);
    }
    for (VcpuId vcpu = 0; vcpu < gic.config().vcpus; ++vcpu) {
        gic.write(vcpu, k_distributor, 0x100, 4, 0xffff'ffff);
        gic.write(vcpu, vmm::GicFrame::redistributor,
                  vcpu * vmm::k_gic_redistributor_stride + 0x1'0100, 4, 0xffff'ffff);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Machine machine; // large, and reset() is a subject too
    Input          input{data, size};
    const auto     shape   = static_cast<unsigned>(input.take(1));
    const bool     v2      = (shape & 1) != 0;
    const auto     vcpus   = 1 + (shape >> 3) % (v2 ? 8U : 16U);
    const auto     version = v2 ? vmm::GicVersion::v2 : vmm::GicVersion::v3;
    for (auto& cpu : machine.cpus) {
        cpu = {};
        cpu.held.fill(vmm::GicHost::Held::empty);
    }
    machine.sees      = (shape & 2) != 0;
    machine.questions = 0;
    machine.refuses   = !machine.sees && (shape & 4) != 0;
    require(machine.gic
                .configure({.version        = version,
                            .vcpus          = vcpus,
                            .spis           = static_cast<unsigned>(input.take(2) % 989),
                            .list_registers = 1 + static_cast<unsigned>(input.take(1) % 16)},
                           machine)
                .has_value());
    for (VcpuId vcpu = 0; vcpu < vcpus; ++vcpu) {
        machine.gic.set_online(vcpu, true);
    }
    if (input.take(1) % 4 != 0) {
        start(machine.gic);
    }
    while (!input.ended()) {
        const auto operation = static_cast<unsigned>(input.take(1));
        const auto vcpu      = (operation >> 4) % vcpus;
        const auto frame =
            (operation & 8) != 0 ? vmm::GicFrame::redistributor : vmm::GicFrame::distributor;
        machine.deliver_message(vcpu); // stopped by it, and runs again
        switch (operation % 13) {
        case 0:
        case 1:
        case 2:
        case 3: {
            const auto offset = input.take(3);
            const auto width  = static_cast<unsigned>(input.take(1));
            machine.gic.write(vcpu, frame, offset, (width & 0x80) != 0 ? width : 1U << (width % 4),
                              input.take(4) | input.take(1) << 32);
            break;
        }
        case 4: {
            const auto offset = input.take(3);
            (void)machine.gic.read(vcpu, frame, offset, 1U << (input.take(1) % 4));
            break;
        }
        case 5:
            machine.gic.write_sgi_register(vcpu, static_cast<vmm::SgiRegister>(input.take(1) % 3),
                                           input.take(7));
            break;
        case 6: {
            const auto intid = static_cast<std::uint32_t>(input.take(2));
            machine.gic.set_line(vcpu, intid, (intid & 0x8000) != 0);
            machine.gic.set_line(vcpu, intid & 0x3ff, (intid & 0x8000) != 0);
            break;
        }
        case 7: {
            const auto intid = static_cast<std::uint32_t>(input.take(2));
            (intid & 0x8000) != 0 ? machine.gic.pulse(vcpu, intid & 0x3ff)
                                  : machine.gic.hardware_interrupt(vcpu, intid & 0x3ff);
            break;
        }
        case 8:
            machine.take(vcpu, static_cast<unsigned>(input.take(1)));
            break;
        case 9:
            machine.end(vcpu, static_cast<unsigned>(input.take(1)));
            break;
        case 10:
            (void)machine.gic.may_park(vcpu);
            break;
        case 11: {
            // Stopped by somebody else; a message that was under way is lost with its thread.
            const auto other            = static_cast<VcpuId>(input.take(1)) % vcpus;
            machine.cpus[other].message = std::nullopt;
            machine.gic.set_online(other, (machine.gic.state().online >> other & 1) == 0);
            break;
        }
        default:
            if (input.take(1) == 0) {
                for (auto& cpu : machine.cpus) {
                    cpu.message = std::nullopt;
                }
                machine.gic.reset();
                machine.gic.set_online(vcpu, true);
            } else {
                machine.gic.maintenance(vcpu, vmm::k_gic_maintenance_unknown);
            }
        }
        check_books(machine.gic);
    }
    return 0;
}
