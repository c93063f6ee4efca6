// SPDX-License-Identifier: BSD-2-Clause
// The last exits of a machine, for the report of how it came to its end. Writing one down is some
// ten instructions: words as they came; making sense of them waits until somebody wants to read it.
#pragma once

#include "arch/counter.hpp"
#include "base/print.hpp"
#include "microkit/fault.hpp"
#include "vmm/exit.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace vmm {

/// One exit as it came. Only a private interrupt, the timer's, says when: to read the counter at
/// every exit would have the kernel exchange CNTKCTL_EL1 at every one.
struct alignas(32) ExitRecord {
    std::uint64_t detail = 0; ///< address, function or number, as the kind has it
    std::uint64_t pc     = 0; ///< where the message has it; CNTPCT_EL0 for a private interrupt
    std::uint32_t tag    = 0; ///< the syndrome where the message has it, else its label; 0: none
    std::uint32_t vcpu   = 0;

    /// The counter's value, if it is known.
    [[nodiscard]] std::optional<std::uint64_t> time() const;
    /// The exit, decoded anew.
    [[nodiscard]] Exit exit() const;
};

class ExitLog {
public:
    static constexpr unsigned k_size = 64;

    template <class What>
    void add(VcpuId vcpu, const What& what)
    {
        ExitRecord* const record = next_; // field by field: the rest of it is not written
        record->detail           = detail_of(what);
        record->pc               = pc_of(what);
        record->tag              = static_cast<std::uint32_t>(tag_of(what));
        record->vcpu             = vcpu;
        next_                    = step(record, sizeof(ExitRecord));
    }

    /// Forgets all.
    void clear()
    {
        records_ = {};
        next_    = records_.data();
    }

    /// How many are kept.
    [[nodiscard]] unsigned size() const;
    /// Number `index` (below size()) of those that are kept; the newest is number 0.
    [[nodiscard]] const ExitRecord& newest(unsigned index) const
    {
        return *step(next_, k_bytes - (index + 1) * sizeof(ExitRecord));
    }

private:
    static constexpr std::uintptr_t k_bytes = k_size * sizeof(ExitRecord);

    /// `bytes` (up to k_bytes) on, around the end: the ring is aligned to its size, so that this
    /// is an addition and one insertion of bits.
    static ExitRecord* step(ExitRecord* record, std::uintptr_t bytes)
    {
        const auto at = reinterpret_cast<std::uintptr_t>(record);
        return reinterpret_cast<ExitRecord*>((at & ~(k_bytes - 1)) |
                                             ((at + bytes) & (k_bytes - 1)));
    }

    template <class What>
    static std::uint64_t pc_of(const What& what)
    {
        if constexpr (std::is_same_v<What, PrivateInterrupt>) {
            return arch::about_physical_count();
        } else if constexpr (requires { what.pc; }) {
            return what.pc.raw();
        } else {
            return 0;
        }
    }
    template <class What>
    static std::uint64_t tag_of(const What& what)
    {
        using microkit::FaultLabel;

        if constexpr (std::is_same_v<What, UnknownExit>) {
            return what.syndrome.raw() != 0 ? what.syndrome.raw()
                                            : static_cast<std::uint64_t>(what.label);
        } else if constexpr (requires { what.syndrome; }) {
            return what.syndrome.raw();
        } else if constexpr (std::is_same_v<What, SecureCall>) {
            return arch::Esr{}.with<arch::Esr::ec>(arch::Ec::smc64).raw();
        } else if constexpr (std::is_same_v<What, WaitForInterrupt>) {
            return arch::Esr{}.with<arch::Esr::ec>(arch::Ec::wf).raw();
        } else if constexpr (std::is_same_v<What, WaitForEvent>) {
            return arch::Esr{}.with<arch::Esr::ec>(arch::Ec::wf).raw() | 1; // TI
        } else {
            return static_cast<std::uint64_t>(
                std::is_same_v<What, Hypercall>               ? FaultLabel::unknown_syscall
                : std::is_same_v<What, HypercallWithoutWords> ? FaultLabel::capability
                : std::is_same_v<What, PrivateInterrupt>      ? FaultLabel::ppi
                : std::is_same_v<What, EndOfInterrupt>        ? FaultLabel::gic_maintenance
                                                              : FaultLabel::user_exception);
        }
    }
    template <class What>
    static std::uint64_t detail_of(const What& what)
    {
        if constexpr (requires { what.address; }) {
            return what.address.raw();
        } else if constexpr (requires { what.intid; }) {
            return what.intid;
        } else if constexpr (requires { what.list_register; }) {
            return what.list_register;
        } else if constexpr (std::is_same_v<What, Hypercall>) {
            return microkit::message_word(0);
        } else {
            return 0;
        }
    }

    alignas(k_bytes) std::array<ExitRecord, k_size> records_{};
    ExitRecord* next_ = records_.data();
};

/// What an exit was, as a clause: "read 4 bytes at 0x08000004".
void print_one(base::Sink sink, const ExitRecord& record);

/// The name of a system register as an assembler takes it: S3_0_C1_C0_1.
void print_sysreg(base::Sink sink, arch::Esr syndrome);

/// All that are kept, oldest first, with the time before `now` (CNTPCT_EL0, `frequency` in Hz)
/// where it is known; what repeats itself is printed once.
void print_exits(base::Sink sink, const ExitLog& log, std::uint64_t now, std::uint64_t frequency);

/// Counter ticks as "1.234567" seconds.
struct Seconds {
    std::uint64_t ticks;
    std::uint64_t frequency;
};
void print_one(base::Sink sink, Seconds time);

} // namespace vmm
