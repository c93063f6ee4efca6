// SPDX-License-Identifier: BSD-2-Clause
// Memory accesses of a guest that no memory answers: emulated devices, and what happens without
// one.
#pragma once

#include "arch/esr.hpp"
#include "base/address.hpp"
#include "base/print.hpp"
#include "vmm/types.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace vmm {

/// An emulated device behind a range of guest addresses. Accesses are naturally aligned and inside
/// the range; offsets count from its start.
class MmioDevice {
public:
    [[nodiscard]] virtual std::uint64_t read(VcpuId vcpu, std::uint64_t offset,
                                             AccessSize size)                                   = 0;
    virtual void write(VcpuId vcpu, std::uint64_t offset, AccessSize size, std::uint64_t value) = 0;

    /// The machine starts, for the first time or again: back to the state after power-on, with the
    /// interrupt line low.
    virtual void reset() {}

    /// The machine was switched off: leave its memory alone.
    virtual void stop() {}

    /// After reset(): whether nobody writes to the guest's memory any more on the device's behalf.
    /// False holds up the start of the machine until Machine::look_again().
    [[nodiscard]] virtual bool is_quiet() const { return true; }

    /// After reset(): what the device still lacks for a guest to find it whole ("its disk").
    /// The machine's start waits for that, too, and asks again now and then; empty: nothing.
    [[nodiscard]] virtual std::string_view missing() { return {}; }

    /// For a report: what the device is and where it stands, in lines that begin with four spaces.
    /// It changes nothing.
    virtual void print_state(base::Sink /*sink*/) {}

protected:
    ~MmioDevice() = default;
};

enum class AccessKind : std::uint8_t {
    read,
    write,
    fetch,        ///< of an instruction
    table_or_bus, ///< a walk of the guest's own tables, or an error on the bus
    undecodable,  ///< by an instruction that cannot be emulated
    exception,    ///< a debug event, or an exit that nobody knows
    sysreg_read,  ///< of a system register that the machine does not have
    sysreg_write,
    call, ///< HVC or SMC with a function that nobody offers
};

/// An access that nothing answers, and everything known of it.
struct StrayAccess {
    AccessKind          kind;
    VcpuId              vcpu;
    base::GuestPhysical address;
    AccessSize          size;
    std::uint64_t       value; ///< of a write; of a call: the function
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
    /// What the instruction named, where that was looked up already.
    std::optional<base::GuestVirtual> virtual_address{};
};

/// What to do about it.
enum class StrayPolicy : std::uint8_t {
    ignore, ///< reads give zero, writes are dropped (RAZ/WI)
    abort,  ///< the guest gets the exception that a machine without it would cause
    stop,   ///< the guest stops, with a report
};

/// Prints what happened, which device-tree node it may have to do with (empty: none), and the ways
/// out.
void print_report(base::Sink sink, std::string_view machine, const StrayAccess& access,
                  std::string_view node);

} // namespace vmm
