// SPDX-License-Identifier: BSD-2-Clause
// Why a vCPU stopped, decoded once: handlers see these and never a syndrome.
#pragma once

#include "arch/esr.hpp"
#include "arch/sysreg_id.hpp"
#include "base/address.hpp"
#include "microkit/fault.hpp"
#include "vmm/types.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <variant>

namespace vmm {

/// Number of a general register as an instruction names it: 31 is XZR.
using RegisterNumber = std::uint8_t;

/// How a value that was read arrives in its register.
struct LoadTarget {
    RegisterNumber reg;
    AccessSize     size;
    bool           sign_extend;
    bool           wide; ///< the sign goes up to bit 63, else to bit 31

    /// The register's new value, from `value` of which only the lowest `size` bytes count.
    [[nodiscard]] constexpr std::uint64_t extend(std::uint64_t value) const
    {
        const unsigned unused = 64 - 8 * bytes(size);
        if (!sign_extend) {
            return value << unused >> unused;
        }
        const auto extended =
            static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
        return wide ? extended : static_cast<std::uint32_t>(extended);
    }
};

// Exits with a program counter in their message carry it; for the others it is one register read.
// Syndromes stand here for reports only.

/// A load from an address without memory.
struct MmioRead {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
    LoadTarget          target;
};

/// A store to an address without memory, or that may not be written.
struct MmioWrite {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
    AccessSize          size;
    RegisterNumber      source;
};

/// An access that the hardware does not describe (LDP, post-index, DC ZVA, …): the instruction
/// does.
struct UndescribedAccess {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
    bool                write;
};

/// Cache maintenance of an address without memory: there is nothing to maintain.
struct CacheMaintenance {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
};

/// The guest's own translation tables lie where there is no memory, or a bus answered with an
/// error. `address` may mean nothing.
struct BrokenAccess {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
    bool                write;
};

/// An instruction fetch from where there is no memory that may be executed.
struct FetchAbort {
    base::GuestPhysical address;
    base::GuestVirtual  pc;
    arch::Esr           syndrome;
};

/// HVC; its x0..x7 are words 0..7 of the message.
struct Hypercall {};

/// HVC whose x7 looked like a number of one of the kernel's own calls; the registers must be read.
struct HypercallWithoutWords {};

/// SMC.
struct SecureCall {};

struct WaitForInterrupt {};
struct WaitForEvent {};

struct SysregRead {
    arch::SysregId reg;
    RegisterNumber target;
    arch::Esr      syndrome;
};
struct SysregWrite {
    arch::SysregId reg;
    RegisterNumber source;
    arch::Esr      syndrome;
};

/// The vCPU's virtual timer fired.
struct PrivateInterrupt {
    std::uint32_t intid;
};

/// The guest ended the interrupt of a list register.
struct EndOfInterrupt {
    std::uint64_t list_register; ///< all ones: unknown which
};

/// An instruction that the CPU does not have, or that is not allowed, taken to EL2.
struct UndefinedInstruction {
    base::GuestVirtual pc;
};

/// Anything else.
struct UnknownExit {
    microkit::FaultLabel label;
    arch::Esr            syndrome;
};

using Exit = std::variant<MmioRead, MmioWrite, UndescribedAccess, CacheMaintenance, BrokenAccess,
                          FetchAbort, Hypercall, HypercallWithoutWords, SecureCall,
                          WaitForInterrupt, WaitForEvent, SysregRead, SysregWrite, PrivateInterrupt,
                          EndOfInterrupt, UndefinedInstruction, UnknownExit>;

/// Decodes a VMFault with data or instruction abort; `syndrome` is that of the abort. As the other
/// decoders it gives its alternative to the handler at once and returns what that returns: nothing
/// is stored in between and looked at a second time.
template <class Handler>
auto decode_abort(base::GuestPhysical address, base::GuestVirtual pc, arch::Esr syndrome,
                  Handler&& handler);

/// Decodes a VCPUFault.
template <class Handler>
auto decode_trap(arch::Esr syndrome, Handler&& handler);

/// Decodes the fault message that was just received.
template <class Handler>
auto decode_exit(microkit::MessageInfo message, Handler&& handler);

/// What a handler can be to have the exit as a value.
struct AsVariant {
    template <class T>
    Exit operator()(const T& exit) const
    {
        return exit;
    }
};

/// Position of T among the alternatives of Exit.
template <class T, std::size_t Index = 0>
consteval std::size_t exit_index()
{
    if constexpr (std::is_same_v<T, std::variant_alternative_t<Index, Exit>>) {
        return Index;
    } else {
        return exit_index<T, Index + 1>();
    }
}

} // namespace vmm

#include "vmm/exit_decode.hpp"
