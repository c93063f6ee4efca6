// SPDX-License-Identifier: BSD-2-Clause
// The last exits of a machine, for the report of how it came to its end. Writing one down is a
// dozen instructions; making words of it waits until somebody wants to read it.
#pragma once

#include "arch/counter.hpp"
#include "base/print.hpp"
#include "base/reg.hpp"
#include "microkit/fault.hpp"
#include "vmm/exit.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm {

/// What an exit was.
struct ExitTag : base::Register<ExitTag, std::uint64_t> {
    using Register::Register;
    using kind     = base::Field<7, 0, std::uint8_t>; ///< position among the alternatives of Exit
    using vcpu     = base::Field<15, 8, std::uint8_t>;
    using syndrome = base::Field<63, 32, std::uint32_t>;
};

/// One exit as it came.
struct ExitRecord {
    std::uint64_t time   = 0; ///< CNTPCT_EL0
    std::uint64_t pc     = 0; ///< where the message has it, else 0
    std::uint64_t detail = 0; ///< address, function or number, as the kind has it
    ExitTag       tag{};
};
static_assert(sizeof(ExitRecord) == 32);

class ExitLog {
public:
    static constexpr unsigned k_size = 64;

    template <class What>
    void add(VcpuId vcpu, const What& what)
    {
        write({.time   = arch::about_physical_count(),
               .pc     = pc_of(what),
               .detail = detail_of(what),
               .tag    = tag(exit_index<What>(), vcpu, syndrome_of(what))});
    }

    /// Forgets all.
    void clear() { bytes_ = 0; }

    /// How many there were since the last clear().
    [[nodiscard]] std::uint64_t count() const { return bytes_ / sizeof(ExitRecord); }
    /// How many are kept.
    [[nodiscard]] unsigned size() const
    {
        return count() < k_size ? static_cast<unsigned>(count()) : k_size;
    }
    /// Number `index` (below size()) of those that are kept; the newest is number 0.
    [[nodiscard]] const ExitRecord& newest(unsigned index) const
    {
        return records_[(count() - 1 - index) % k_size];
    }

private:
    template <class What>
    static std::uint64_t pc_of(const What& what)
    {
        if constexpr (requires { what.pc; }) {
            return what.pc.raw();
        } else {
            return 0;
        }
    }
    template <class What>
    static std::uint32_t syndrome_of(const What& what)
    {
        if constexpr (requires { what.syndrome; }) {
            return static_cast<std::uint32_t>(what.syndrome.raw());
        } else {
            return 0;
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

    static ExitTag tag(std::uint8_t kind, VcpuId vcpu, std::uint32_t syndrome)
    {
        return ExitTag{}
            .with<ExitTag::kind>(kind)
            .with<ExitTag::vcpu>(static_cast<std::uint8_t>(vcpu))
            .with<ExitTag::syndrome>(syndrome);
    }
    void write(const ExitRecord& record)
    {
        records_[bytes_ / sizeof(ExitRecord) % k_size] = record;
        bytes_ += sizeof(ExitRecord);
    }

    std::uint64_t bytes_ = 0; ///< written so far; bytes, since that spares a shift at each exit
    std::array<ExitRecord, k_size> records_{};
};

/// What an exit was, as a clause: "read 4 bytes at 0x08000004".
void print_one(base::Sink sink, const ExitRecord& record);

/// The name of a system register as an assembler takes it: S3_0_C1_C0_1.
void print_sysreg(base::Sink sink, arch::Esr syndrome);

/// All that are kept, oldest first, with the time before `now` (CNTPCT_EL0, `frequency` in Hz);
/// what repeats itself is printed once.
void print_exits(base::Sink sink, const ExitLog& log, std::uint64_t now, std::uint64_t frequency);

/// Counter ticks as "1.234567" seconds.
struct Seconds {
    std::uint64_t ticks;
    std::uint64_t frequency;
};
void print_one(base::Sink sink, Seconds time);

} // namespace vmm
