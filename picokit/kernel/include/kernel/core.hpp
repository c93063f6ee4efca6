// SPDX-License-Identifier: BSD-2-Clause
// Everything that exists once a core. exception.S reaches it through TPIDR_EL2, and the core's
// stack ends where it begins.
#pragma once

#include "kernel/gic.hpp"
#include "kernel/queue.hpp"
#include "kernel/refills.hpp"
#include "kernel/thread.hpp"
#include "kernel/vcpu.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace kernel {

/// All zeros at first, so that it takes no room in the image; scheduler and boot set the rest.
struct alignas(64) Core {
    /// The thread whose registers are in the hardware. It runs unless `next` is another.
    Thread* current = nullptr;
    /// Who runs when the kernel is left; nullptr: nobody yet. Between kernel entries this is
    /// `current`; while the core idles it is nullptr.
    Thread* next = nullptr;

    // Processor time.
    SchedContext* charged = nullptr; ///< the context that `current` runs on
    bool          metered = false;   ///< its time counts, since `started`
    bool          timed   = false;   ///< the timer is set, and has to be looked after
    Ticks         started = 0;
    Ticks         armed   = 0;      ///< what CNTHP_CVAL_EL2 was set to
    Ring          releases{};       ///< ready threads without budget, by release time
    std::uint8_t  domain       = 0; ///< only its threads run
    std::uint32_t domain_entry = 0; ///< index into the schedule
    std::span<const picokit::DomainEntry> schedule{};
    Ticks domain_end = 0; ///< of the present entry; k_never without a schedule

    // State of threads that stays in the hardware until somebody else needs the place.
    Vcpu*         loaded         = nullptr; ///< whose EL1 registers and virtual interface these are
    Thread*       fp_owner       = nullptr;
    std::uint64_t cptr           = 0;     ///< as written to CPTR_EL2
    std::uint64_t guest_cnthctl  = 0;     ///< CNTHCTL_EL2 while a guest runs
    unsigned      list_registers = 0;     ///< that the virtual interface has
    std::uint8_t  borrowed       = 0;     ///< what `loaded` has to get back: Borrowed
    bool          vtimer_enabled = false; ///< the virtual timer's PPI, in the GIC

    Gic gic{};

    ReadyQueue*                                    ready_now = nullptr; ///< that of `domain`
    std::array<ReadyQueue, picokit::k_max_domains> ready{};

    /// Whether the interrupted code is that of `current`: the core did not idle.
    [[nodiscard]] bool running() const { return next == current && current != nullptr; }
};

} // namespace kernel
