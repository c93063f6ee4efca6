// SPDX-License-Identifier: BSD-2-Clause
// The parts of a black-box report: vCPUs that stand still, the guest's kernel as its memory shows
// it, the words for what went wrong.
#pragma once

#include "arch/spsr.hpp"
#include "base/print.hpp"
#include "microkit/registers.hpp"
#include "microkit/vcpu.hpp"
#include "vmm/early_log.hpp"
#include "vmm/gic.hpp"
#include "vmm/kallsyms.hpp"
#include "vmm/kernel_log.hpp"
#include "vmm/kernel_notes.hpp"
#include "vmm/report.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// The newest messages of a log, among which a panic's are.
inline constexpr std::uint64_t k_panic_messages = 128;

/// A vCPU that does not run now.
struct StoppedCpu {
    explicit StoppedCpu(microkit::Vcpu vcpu);

    /// At EL1, in either of its modes.
    [[nodiscard]] bool          is_privileged() const;
    [[nodiscard]] std::uint64_t stack() const;

    microkit::Registers general;
    arch::Spsr          state;
    std::uint64_t       sp_el1 = 0;
    std::uint64_t       vbar   = 0;
    std::uint64_t       esr    = 0;
    std::uint64_t       far    = 0;
    std::uint64_t       elr    = 0;
};

/// The registers that rule a vCPU's translation. It may run.
[[nodiscard]] Stage1Registers stage1_of(microkit::Vcpu vcpu);

/// A Linux kernel in a guest's memory.
class KernelView {
public:
    KernelView(GuestMemory& memory, const Stage1Registers& registers)
        : space_{memory, registers}
        , tables_{registers.ttbr1.raw()}
    {
    }

    /// Takes the notes of a page; false if they lead nowhere.
    bool open(base::GuestPhysical notes);
    /// Takes a log that was found without notes. `log` stays.
    void use(const EarlyLog& log) { early_ = &log; }
    /// Names for addresses, after open(). Takes a while.
    void read_symbols();

    [[nodiscard]] GuestSpace&        space() { return space_; }
    [[nodiscard]] const GuestMemory& memory() const { return space_.memory(); }
    [[nodiscard]] const KernelNotes* notes() const { return notes_ ? &*notes_ : nullptr; }
    [[nodiscard]] const KernelLog*   log() const { return log_ ? &*log_ : nullptr; }
    [[nodiscard]] const EarlyLog*    early() const { return early_; }

    /// An address and, where it is known, what is there: "0xffff… panic+0x184/0x364".
    void print_place(base::Sink sink, std::uint64_t address) const;

    /// The text of the last panic among the newest `count` messages; empty: there is none.
    [[nodiscard]] std::string_view find_panic(std::uint64_t count, std::span<char> room) const;
    /// The first of some texts that one of the newest messages contains: its index.
    [[nodiscard]] std::optional<std::size_t>
    find_text(std::span<const std::string_view> texts) const;

private:
    GuestSpace                 space_;
    base::GuestPhysical        tables_; ///< of the vCPU
    std::optional<KernelNotes> notes_{};
    std::optional<KernelLog>   log_{};
    std::optional<Kallsyms>    symbols_{};
    const EarlyLog*            early_ = nullptr;
};

/// The instruction, the general registers, where the program is.
void print_cpu(base::Sink sink, const StoppedCpu& cpu, KernelView& kernel);
/// Who called whom, by frame pointers.
void print_calls(base::Sink sink, const StoppedCpu& cpu, KernelView& kernel);
/// The end of dmesg, if it was found.
void print_log(base::Sink sink, const KernelView& kernel);
/// Interrupts that are on their way: pending, or with the guest.
void print_interrupts(base::Sink sink, const Gic& gic);

/// What the likely cause is found from.
struct Evidence {
    Trouble            trouble;
    const StoppedCpu*  cpu;
    const StrayAccess* access;
    std::string_view   node;
    std::string_view   message; ///< of a panic
    std::string_view   bootargs;
    bool               in_ram;    ///< the access
    bool               after_ram; ///< shortly behind a region
    bool               timer_on;  ///< the culprit's virtual timer may interrupt
};
[[nodiscard]] std::string_view likely_cause(const Evidence& evidence, const KernelView& kernel);

} // namespace vmm
