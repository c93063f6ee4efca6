// SPDX-License-Identifier: BSD-2-Clause
// Threads: what protection domains and virtual CPUs have in common.
#pragma once

#include "kernel/context.hpp"
#include "kernel/fault.hpp"
#include "kernel/queue.hpp"
#include "kernel/refills.hpp"
#include "picokit/system_table.hpp"

#include <string_view>

namespace kernel {

struct Pd;

enum class Kind : std::uint8_t { pd, vcpu };

enum class State : std::uint8_t {
    inactive,  ///< never started, stopped, or given up on; only a supervisor changes that
    ready,     ///< runs, or would with processor time
    receiving, ///< a PD between two events
    calling,   ///< a protected call that `server` has not received yet
    called,    ///< … has received, and not answered
    faulting,  ///< a fault that `server` has not received yet
    faulted,   ///< … has received, and not answered
};

/// FP/SIMD registers: v0 to v31, FPSR, FPCR.
struct alignas(16) FpState {
    std::array<std::uint64_t, 66> words{};
};

struct Thread {
    Context       context{}; ///< must be first: exception.S
    std::uint64_t vttbr = 0;
    std::uint64_t hcr   = 0; ///< HCR_EL2 while it runs
    Link          link{};
    Kind          kind     = Kind::pd;
    State         state    = State::inactive;
    Queued        queued   = Queued::no;
    std::uint8_t  priority = 0;
    std::uint8_t  domain   = 0;
    std::uint8_t  child_id = 0;
    std::uint8_t  channel  = 0; ///< of a call: the callee's number for it

    SchedContext* budget = nullptr; ///< what it runs on; nullptr: passive, or lent away
    SchedContext  own_budget{};
    Thread*       donor = nullptr; ///< whose budget a passive PD runs on until it answers

    Pd*           parent    = nullptr; ///< receives its faults; nullptr: the monitor
    Pd*           server    = nullptr; ///< calling … faulted: who is to answer
    std::uint64_t call_info = 0;       ///< calling: message info of the call
    Fault         fault{};             ///< faulting, faulted: why

    const picokit::ThreadEntry* entry = nullptr;
    FpState                     fp{};

    /// From the system description, at most 64 characters.
    [[nodiscard]] std::string_view name() const;
};

/// A protection domain: notification, endpoint, reply and capabilities of one thread at EL0.
struct Pd : Thread {
    std::uint64_t            pending = 0;              ///< notification word: bit n is channel n
    Thread*                  client  = nullptr;        ///< received and not answered yet
    Ring                     callers{};                ///< calls and faults to receive, by priority
    std::uint64_t*           message        = nullptr; ///< words of its IPC buffer
    const picokit::CapEntry* caps           = nullptr; ///< PICOKIT_CAP_SLOTS of them
    const picokit::CapEntry* user_caps      = nullptr; ///< nullptr, or PICOKIT_CAP_USER_SLOTS
    std::uint64_t            stack_bottom   = 0;
    bool                     may_be_passive = false;
    bool                     passive        = false;
    bool                     fpu            = false;
    bool                     uses_timer     = false; ///< has touched the counter or CNTP_* at EL0
};

} // namespace kernel
