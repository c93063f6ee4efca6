// SPDX-License-Identifier: BSD-2-Clause
// What the host and the guest program share: a list of operations in the guest's memory, and the
// log that it leaves there. Both sides run with the same memory at the same addresses.
#pragma once

#include <cstdint>

namespace oracle {

inline constexpr std::uint64_t k_ram         = 0x4000'0000; ///< where QEMU's `virt` has it
inline constexpr std::uint64_t k_ram_size    = 0x1000'0000;
inline constexpr std::uint64_t k_program     = 0x4400'0000;
inline constexpr std::uint64_t k_log         = 0x4a00'0000;
inline constexpr std::uint64_t k_log_size    = 0x0500'0000;
inline constexpr unsigned      k_max_cpus    = 4;
inline constexpr std::uint32_t k_magic       = 0x6c63'726f; ///< "orcl"
inline constexpr std::uint32_t k_virtual_ppi = 27;          ///< the virtual timer's interrupt

/// What an operation does. `a`, `b`, `c`, `where`, `form` and `size` mean what the comment says.
enum class Kind : std::uint8_t {
    read,   ///< a load of `size` bytes at `where` in `frame`, by the instruction `form`
    write,  ///< the store likewise, of `a` (and `b`: the second register of a pair)
    mrs,    ///< a system register, number `where` of registers.inc
    msr,    ///< likewise, `a`
    call,   ///< firmware call `where` with x1..x3 = `a`, `b`, `c`; `form`: Conduit
    start,  ///< CPU_ON of CPU `where`, which joins
    stop,   ///< CPU_OFF
    timer,  ///< `form`: TimerForm
    wait,   ///< `form`: WaitForm
    policy, ///< what the CPU does with interrupts from now on; `form`: Policy
    ack, ///< reads the acknowledge register and treats the result like an interrupt; `form`: group
    end, ///< ends the newest interrupt that the CPU holds
    deactivate, ///< likewise the oldest one whose priority was dropped but that is active still
    count_
};

enum class Frame : std::uint8_t { gicd, gicc, gicr, count_ };

/// The instruction of an access to a device.
enum class Form : std::uint8_t {
    plain,      ///< LDR, STR
    post_index, ///< with write-back: no syndrome describes it
    pair,       ///< LDP, STP of two registers of `size`
    zero,       ///< to or from XZR
    sign,       ///< LDRSB, LDRSH, LDRSW: sign-extended to 64 bits
    count_
};

enum class Conduit : std::uint8_t { hvc, smc, count_ };

enum class TimerForm : std::uint8_t {
    control, ///< CNTV_CTL = `a`
    past,    ///< CNTV_CVAL = now - `a`
    future,  ///< CNTV_CVAL = now + `a` seconds
    value,   ///< CNTV_CVAL = `a`
    near,    ///< CNTV_CVAL = now + `a`, then spins until that has passed
    tval,    ///< CNTV_TVAL = `a` (32 bits, signed), far enough from now
    check,   ///< nothing is written
    count_
};

enum class WaitForm : std::uint8_t {
    wfi_pending,     ///< WFI if an interrupt is pending at the CPU
    wfi_timer,       ///< WFI until the timer is due in `a` ticks
    wfi_message,     ///< WFI until CPU 0 sends SGI `a`
    suspend_pending, ///< CPU_SUSPEND (standby) likewise
    suspend_timer,   ///< CPU_SUSPEND until the timer is due in `a` ticks
    wfe,             ///< SEV, WFE
    yield,           ///< YIELD
    count_
};

/// What a CPU does with an interrupt that it has acknowledged.
enum class Policy : std::uint8_t {
    end,  ///< ends it (and deactivates it, with EOImode = 1)
    hold, ///< leaves it active, up to Header::most_held of them
    drop, ///< with EOImode = 1 drops the priority only; else as `end`
    count_
};

struct Operation {
    Kind          kind  = Kind::read;
    std::uint8_t  cpu   = 0;
    std::uint8_t  form  = 0;
    std::uint8_t  size  = 4;
    Frame         frame = Frame::gicd;
    std::uint8_t  unused[3]{};
    std::uint32_t where  = 0;
    std::uint32_t number = 0; ///< its place in the sequence it was generated in
    std::uint64_t a      = 0;
    std::uint64_t b      = 0;
    std::uint64_t c      = 0;

    bool operator==(const Operation&) const = default;
};
static_assert(sizeof(Operation) == 40);

inline constexpr std::uint32_t k_intids = 288; ///< SGIs, PPIs and SPIs of `virt`

struct Header {
    std::uint32_t magic;
    std::uint32_t operations; ///< they follow
    std::uint32_t most_held;
    /// IGROUPR0 of each CPU at the start of a GICv3 (all SPIs are in group 1 then).
    std::uint32_t group_1;
    /// All interrupts' priorities at the start.
    std::uint8_t priorities[k_intids];
};
static_assert(sizeof(Header) == 304);

/// What a record of the log is about; `value` means what the comment says.
enum class What : std::uint8_t {
    value,      ///< what was read; a second one for a pair
    result,     ///< x0 after a call
    exception,  ///< ESR_EL1 of a synchronous exception that the operation caused
    irq,        ///< taken: IAR, in bits 63..32 the running priority
    fiq,        ///< likewise
    polled,     ///< acknowledged by an operation, not by an interrupt
    line,       ///< ISR_EL1 before the CPU opens its interrupts
    skipped,    ///< the operation was not possible here: `value` says why
    entered,    ///< a CPU started: CurrentEL, DAIF, SCTLR_EL1
    flooded,    ///< more interrupts than a CPU takes in one turn
    off_failed, ///< CPU_OFF returned
    count_
};

struct Record {
    std::uint32_t operation; ///< index in the list
    std::uint8_t  cpu;
    What          what;
    std::uint16_t unused;
    std::uint64_t value;

    bool operator==(const Record&) const = default;
};
static_assert(sizeof(Record) == 16);

struct LogHeader {
    std::uint32_t magic;    ///< the guest has begun
    std::uint32_t records;  ///< they follow
    std::uint32_t finished; ///< the last operation is done
    std::uint32_t cpus;
};
static_assert(sizeof(LogHeader) == sizeof(Record));

} // namespace oracle
