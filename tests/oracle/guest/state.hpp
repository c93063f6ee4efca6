// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the guest program share: the CPUs' state, the log, the turn.
//
// One CPU acts at a time. CPU 0 goes through the list of operations and hands each to its CPU;
// after each, every CPU in turn opens its interrupts. The others spin.
#pragma once

#include "oracle/program.hpp"

#include "guest/cpu.hpp"
#include "guest/platform.hpp"

#include <array>
#include <cstdint>

namespace oracle {

/// An interrupt that was acknowledged and not yet ended.
struct Held {
    std::uint32_t iar;
    std::uint8_t  group;
};

struct Cpu {
    volatile bool        online   = false;
    volatile bool        off_fail = false;
    bool                 was_on   = false;
    volatile bool        waiting  = false; ///< in WaitForm::wfi_message
    Policy               policy   = Policy::end;
    unsigned             held     = 0;
    unsigned             dropped  = 0;
    unsigned             taken    = 0; ///< in this turn
    std::array<Held, 16> stack{};
    std::array<Held, 16> active{};
};

/// What the CPU whose turn it is shall do.
enum class Task : std::uint8_t { perform, window };

struct State {
    const guest::Platform* platform = nullptr;
    const Header*          header   = nullptr;
    const Operation*       current  = nullptr;
    std::uint32_t          index    = 0; ///< of the current operation
    std::uint64_t          gicr     = 0;
    volatile unsigned      turn     = 0;
    volatile Task          task     = Task::perform;
    unsigned               cpus     = 1;
    bool                   v3       = false;
    bool                   excepted = false; ///< the instruction under test was skipped

    std::array<Cpu, k_max_cpus> cpu{};
};

extern State state;

/// The number of the calling CPU.
inline unsigned self() { return static_cast<unsigned>(guest::own_mpidr() & 0xff); }
inline Cpu&     self_state() { return state.cpu[self()]; }

/// Appends to the log, for the calling CPU and the current operation.
void log(What what, std::uint64_t value);

/// Lets another CPU run: QEMU's one thread goes on to the next CPU at a YIELD. A virtual CPU runs
/// until its slice is over, and would only be slower with more YIELDs.
inline void pass()
{
    asm volatile("yield" ::: "memory");
    for (unsigned i = 0; i < 256; ++i) {
        asm volatile("" ::: "memory");
    }
}

// operations.cpp
void perform(const Operation& operation);

// wait.cpp
void perform_timer(const Operation& operation);
void perform_wait(const Operation& operation);
/// CPU 0's part of WaitForm::wfi_message.
void answer_wait();

// interrupts.cpp
/// Once: priorities and groups of SPIs.
void set_up_distributor();
/// Once on each CPU: those of its own interrupts.
void set_up_private();
/// After each start of a CPU.
void         set_up_interrupts();
void         open_window();
void         acknowledge(unsigned group, What what);
void         end_newest();
void         deactivate_oldest();
std::int64_t firmware(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                      std::uint64_t x3 = 0);

} // namespace oracle
