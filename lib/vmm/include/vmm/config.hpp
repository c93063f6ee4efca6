// SPDX-License-Identifier: BSD-2-Clause
// What a machine is made of, as its owner writes it down.
#pragma once

#include "arch/platform.hpp"
#include "base/address.hpp"
#include "base/fixed_vector.hpp"
#include "base/print.hpp"
#include "vmm/access.hpp"
#include "vmm/memory.hpp"
#include "vmm/report.hpp"
#include "vmm/smccc.hpp"
#include "vmm/types.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vmm {

class Machine;

/// A number that is known now, or one that the image tool writes into a variable (setvar_vaddr,
/// setvar_size, …) and that can only be read at run time: then give the variable's address.
class Setting {
public:
    template <std::integral T>
    constexpr Setting(T value) // NOLINT(google-explicit-constructor): a number is one
        : value_{static_cast<std::uint64_t>(value)}
    {
    }
    constexpr Setting(const std::uint64_t* variable) // NOLINT(google-explicit-constructor)
        : variable_{variable}
    {
    }

    [[nodiscard]] std::uint64_t get() const { return variable_ != nullptr ? *variable_ : value_; }

private:
    const std::uint64_t* variable_ = nullptr;
    std::uint64_t        value_    = 0;
};

/// A region of guest RAM: where this PD has it, where the guest has it, and its size in bytes.
struct RamConfig {
    Setting mapping = 0;
    Setting guest   = 0;
    Setting size    = 0;
};

[[nodiscard]] constexpr RamConfig ram(Setting mapping, Setting guest, Setting size)
{
    return {.mapping = mapping, .guest = guest, .size = size};
}

/// The parts of a board that every guest sees, at the board's own addresses.
struct Platform {
    GicVersion            gic = GicVersion::v2;
    base::HostRange       distributor;
    base::HostRange       cpu_interface_or_redistributors;
    arch::TimerInterrupts timer{};
    std::string_view      cpu; ///< "cortex-a53"
};

/// platform(board::gic, board::timer, board::cpu)
[[nodiscard]] constexpr Platform platform(const arch::GicV2Frames&     gic,
                                          const arch::TimerInterrupts& timer, std::string_view cpu)
{
    return {.gic                             = GicVersion::v2,
            .distributor                     = gic.distributor,
            .cpu_interface_or_redistributors = gic.cpu_interface,
            .timer                           = timer,
            .cpu                             = cpu};
}
[[nodiscard]] constexpr Platform platform(const arch::GicV3Frames&     gic,
                                          const arch::TimerInterrupts& timer, std::string_view cpu)
{
    return {.gic                             = GicVersion::v3,
            .distributor                     = gic.distributor,
            .cpu_interface_or_redistributors = gic.redistributors,
            .timer                           = timer,
            .cpu                             = cpu};
}

/// What a machine tells its owner.
enum class Event : std::uint8_t {
    powered_off,     ///< the guest switched itself off
    reset_requested, ///< the guest wants a restart, which follows unless the machine is stopped now
    stopped,         ///< the guest did what StrayPolicy::stop forbids
    panicked,        ///< its kernel did; the report has been printed, and it goes on as it can
    hung,            ///< a vCPU has been running for hang_ms without one exit; reported likewise
};

/// Which of the kernel's calls a machine uses.
enum class KernelCalls : std::uint8_t {
    all,      ///< what this kernel has, besides seL4's: picokit shows list registers
    portable, ///< seL4's only, so that a guest finds on any kernel what it finds on seL4
};

enum class RamAtRestart : std::uint8_t {
    zeroed, ///< nothing of the last life
    kept,   ///< everything that no image covers: a crash log (ramoops), a dump
};

/// A mapping of this PD that belongs to nobody else.
struct SpareMemory {
    Setting mapping = 0;
    Setting size    = 0;
};

struct MachineConfig {
    /// How messages name the guest; empty: as the protection domain.
    std::string_view                                         name{};
    base::FixedVector<RamConfig, GuestMemory::k_max_regions> ram{};
    Setting                                                  vcpus = 1;
    Platform                                                 platform{};

    /// `id` of vCPU 0 in the system description; the others follow.
    unsigned first_vcpu = 0;

    /// Shared interrupts (INTID 32 and up) that the guest's GIC has.
    unsigned spis = 128;

    SmcccConfig smccc{};

    KernelCalls kernel_calls = KernelCalls::all;

    /// What an access to nothing does. on_stray, if set, decides each time instead.
    StrayPolicy stray                                             = StrayPolicy::stop;
    StrayPolicy (*on_stray)(Machine& machine, const StrayAccess&) = nullptr;

    /// What a system register does that traps and that the machine does not have. `abort` is the
    /// architecture's answer: the instruction is undefined.
    StrayPolicy stray_sysreg = StrayPolicy::abort;

    /// What an HVC or SMC does whose function nobody offers. `ignore` is SMCCC's answer,
    /// NOT_SUPPORTED; `abort` makes the instruction undefined, as on a machine without EL2 and EL3.
    StrayPolicy stray_call = StrayPolicy::ignore;

    /// The guest may make its data big-endian (SCTLR_EL1.EE, E0E): each access to a device asks,
    /// for a system call more. Without it only accesses that need their instruction decoded ask.
    bool big_endian_data = false;

    void (*on_event)(Machine& machine, Event event) = nullptr;

    /// What a restart finds in RAM besides the images.
    RamAtRestart ram_at_restart = RamAtRestart::zeroed;

    /// A parent may restart this domain: its vCPUs are stopped and reset at the first start, too,
    /// since they may run the guest of an earlier life. init() must make all objects anew.
    bool may_be_restarted = false;

    /// Memory of this PD for copies of images that lie in guest RAM (the image tool put them
    /// there): the guest writes over them, and a restart needs them as they were. Without it such a
    /// machine does not restart.
    SpareMemory spare{};

    /// Milliseconds between two starts at least, if it is the guest that asks for a reset. Zero: no
    /// limit. A guest that resets itself in a loop uses time of the VMM's priority, for which a
    /// budget is the other remedy. Needs a timer (wake_by).
    unsigned reset_interval_ms = 0;

    /// How many milliseconds pass at least from one look at the guest's kernel, whether it has
    /// panicked, to the next. Looks are taken when a timer interrupts the guest, and cost
    /// some thousand instructions; at a Linux that no timer interrupts, 2, 4, … 64 seconds after
    /// its start (with wake_by). Zero: never.
    unsigned watch_ms = 1000;

    /// A vCPU that runs for so many milliseconds without a single exit, not even of its timer,
    /// hangs, and is reported. Zero: nobody looks, since a bare-metal guest may do just that.
    /// Needs a timer (wake_by).
    unsigned hang_ms = 0;

    /// Hears of each black-box report, after it was printed.
    void (*on_report)(Machine& machine, const Report& report) = nullptr;

    /// Where messages go; by default the kernel's debug console.
    base::Sink log = nullptr;
};

/// Images of a guest. They are read again at each restart, so they must stay as they are. The
/// kernel may be an arm64 Image (also in gzip), an ELF or a flat binary.
struct Linux {
    std::span<const std::byte> kernel;
    std::span<const std::byte> initrd{}; ///< may be empty
    std::span<const std::byte> dtb{};    ///< empty: made from what the machine contains
    std::string_view           cmdline{};
};

/// A guest that is no Linux: one image, entered at its start with x0 = device tree.
struct Image {
    std::span<const std::byte> bytes;
    std::span<const std::byte> dtb{};       ///< empty: made from what the machine contains
    std::string_view           arguments{}; ///< /chosen/bootargs
};

} // namespace vmm
