// SPDX-License-Identifier: BSD-2-Clause
// A VMM must be able to run while its vCPUs do not wait.
//
// Guests with several vCPUs spin: one waits, in a loop, for what another is about to do. If that
// other stands at an exit, the VMM has to answer it first; and if the system description gives the
// VMM the lower priority, the one that spins does not let it. Nothing moves any more. So vCPUs that
// a VMM finds above itself it puts below. The kernel tells nobody's priority, but a vCPU that is
// started and has run before the call returns is above.
#include "vmm/machine.hpp"

#include "arch/spsr.hpp"

#include <algorithm>
#include <array>

namespace vmm {

namespace {

using microkit::Registers;

constexpr unsigned k_highest_priority = 254;

/// mov x0, #1; hvc #0 — with x7 = 0, which is no system call of any kernel.
constexpr std::array<std::uint32_t, 2> k_stub = {0xd280'0020, 0xd400'0002};

/// Whether a vCPU that is started with k_stub at `entry` runs at once. Stopped before and after.
bool runs_at_once(microkit::Vcpu vcpu, base::GuestPhysical entry)
{
    Registers registers;
    std::ranges::fill(registers.words(), 0);
    registers.spsr() = arch::Spsr{}
                           .with<arch::Spsr::mode>(arch::Mode::el1h)
                           .with<arch::Spsr::d>(true)
                           .with<arch::Spsr::a>(true)
                           .with<arch::Spsr::i>(true)
                           .with<arch::Spsr::f>(true)
                           .raw();
    vcpu.write(registers, Registers::k_count);
    vcpu.start(base::GuestVirtual{entry.raw()});
    vcpu.read(registers, Registers::prefix_of_x(0));
    vcpu.stop();
    return registers.x(0) != 0;
}

/// Twice, for once may be by chance: the VMM's time slice ended just then.
bool preempts_us(microkit::Vcpu vcpu, base::GuestPhysical entry)
{
    return runs_at_once(vcpu, entry) && runs_at_once(vcpu, entry);
}

/// The highest priority that the vCPU can be given and that `suits`, or nothing. It has that then.
template <class Suits>
std::optional<unsigned> highest(microkit::Vcpu vcpu, Suits suits)
{
    std::optional<unsigned> found;
    unsigned                low  = 0;
    unsigned                high = k_highest_priority;
    while (low <= high) {
        const unsigned middle = low + (high - low) / 2;
        if (vcpu.set_priority(middle) && suits()) {
            found = middle;
            low   = middle + 1;
        } else if (middle == 0) {
            break;
        } else {
            high = middle - 1;
        }
    }
    return found && vcpu.set_priority(*found) ? found : std::nullopt;
}

} // namespace

void Machine::put_vcpus_below_us()
{
    if (vcpus_ == 1) {
        return; // it never waits for another
    }
    const auto entry  = memory_.regions().front().guest.start();
    const auto before = memory_.load<std::uint64_t>(entry);
    if (!before || !memory_.store(entry, k_stub)) {
        return;
    }
    memory_.clean(entry, sizeof(k_stub));

    std::optional<unsigned> lowered;
    for (VcpuId id = 0; id < vcpus_; ++id) {
        const auto face = vcpu(id);
        if (!preempts_us(face, entry)) {
            continue;
        }
        // Where it does not preempt us it has our priority; below is better: equals take turns.
        const auto ours = highest(face, [&] { return !preempts_us(face, entry); });
        if (ours && (*ours == 0 || face.set_priority(*ours - 1))) {
            lowered = *ours == 0 ? 0 : *ours - 1;
            continue;
        }
        // Whatever its priority, it runs at the same time: on another core.
        if (!highest(face, [] { return true; })) {
            base::print(sink(), "vmm: guest \"", name(), "\": vCPU ", id,
                        " has a higher priority than the VMM, and the kernel lets us give it no "
                        "other; several such vCPUs will hang: give the VMM the higher one\n");
        }
    }
    if (lowered) {
        base::print(sink(), "vmm: guest \"", name(),
                    "\": its vCPUs had a higher priority than the VMM that they wait for; now it "
                    "is ",
                    *lowered, "\n");
    }
    (void)memory_.store(entry, *before);
    memory_.clean(entry, sizeof(k_stub));
}

} // namespace vmm
