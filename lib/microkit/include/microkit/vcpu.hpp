// SPDX-License-Identifier: BSD-2-Clause
// A virtual CPU of this PD's virtual machine, as the kernel offers it.
#pragma once

#include "base/address.hpp"
#include "microkit/message.hpp"
#include "microkit/registers.hpp"
#include "microkit/seam.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace microkit {

/// Why the kernel refused to write a list register.
enum class InjectError : std::uint8_t {
    none,
    out_of_range, ///< a number that does not exist, as an index beyond the last list register
    active,       ///< the list register holds an interrupt that the guest is handling
};

/// One virtual interrupt in a list register.
struct VirtualInterrupt {
    std::uint16_t intid;    ///< 0..1023
    std::uint8_t  priority; ///< 0 (highest) .. 31
    std::uint8_t  group;    ///< 0, 1
};

/// What a list register holds, where the kernel lets us look.
enum class ListRegister : std::uint8_t { empty, pending, active, both };
/// A vector register's 128 bits, the lower half first.
using VectorRegister = std::array<std::uint64_t, 2>;

/// A <vcpu> of the system description. A kernel error where none is said to be possible means a
/// wrong id: the PD crashes, and its report names the error.
class Vcpu {
public:
    constexpr explicit Vcpu(unsigned id)
        : id_{id}
    {
    }

    [[nodiscard]] constexpr unsigned id() const { return id_; }

    /// Starts or restarts at `entry`: nothing but pc changes. Needs SPSR written once before the
    /// very first start. An unanswered fault is cancelled.
    void start(base::GuestVirtual entry) const { seam_vcpu_restart(id_, entry.raw()); }

    /// Suspends; an unanswered fault is cancelled, and a later reply to it has no effect.
    void stop() const { seam_vcpu_stop(id_); }

    /// Leaves a vCPU stopped whose fault will not be answered (entry point `fault` gives false), so
    /// that resume() or start() may let it run again. Cheaper than stop() where the kernel is
    /// quiet.
    void park() const { seam_vcpu_park(id_); }

    /// Continues after stop() at the pc of then.
    void resume() const { seam_vcpu_resume(id_); }

    /// Reads the first `count` words (1..Registers::k_count) of the kernel's order; the others hold
    /// anything. The vCPU must be stopped or waiting for the reply to a fault.
    void read(Registers& registers, unsigned count) const
    {
        seam_vcpu_read_registers(id_, count, registers.words().data());
    }

    /// Writes the first `count` words; does not start the vCPU.
    void write(const Registers& registers, unsigned count) const
    {
        seam_vcpu_write_registers(id_, count, registers.words().data());
    }

    /// V0..V31 of a vCPU that is stopped or waits for the reply to a fault. False: this kernel
    /// keeps them to itself (seL4 and picokit do).
    [[nodiscard]] bool read_vector(unsigned number, VectorRegister& value) const
    {
        return seam_vcpu_read_vector(id_, number, value.data());
    }
    [[nodiscard]] bool write_vector(unsigned number, const VectorRegister& value) const
    {
        return seam_vcpu_write_vector(id_, number, value.data());
    }

    [[nodiscard]] std::uint64_t read(SystemRegister reg) const
    {
        return seam_vcpu_read_system(id_, static_cast<unsigned>(reg));
    }
    void write(SystemRegister reg, std::uint64_t value) const
    {
        seam_vcpu_write_system(id_, static_cast<unsigned>(reg), value);
    }

    /// Makes list register `index` hold a pending interrupt; what was pending there is lost. Does
    /// not wake a vCPU whose fault is unanswered.
    [[nodiscard]] InjectError inject(VirtualInterrupt interrupt, unsigned index) const;

    /// The same for a GICv2's SGI with its sender, which the guest reads in GICC_IAR. A kernel that
    /// cannot pass it on makes it 0.
    [[nodiscard]] InjectError inject_from(unsigned sender, VirtualInterrupt interrupt,
                                          unsigned index) const;

    /// What a list register holds; nothing from a kernel that does not tell (seL4).
    [[nodiscard]] std::optional<ListRegister> inspect(unsigned index) const
    {
        return take(index, 0);
    }
    /// The same, and empties the register if that is one of `these`, in one step.
    [[nodiscard]] std::optional<ListRegister>
    recall(unsigned index, std::initializer_list<ListRegister> these) const;

    /// Puts a stopped vCPU's system registers (VMPIDR_EL2 and CNTVOFF_EL2 too), FP registers and
    /// timer into the state before its first start. False if the kernel cannot (seL4).
    [[nodiscard]] bool reset_processor() const { return seam_vcpu_reset(id_, 1); }

    /// The same for its virtual CPU interface: list registers, active priorities, and what the
    /// guest has set there.
    [[nodiscard]] bool reset_interface() const { return seam_vcpu_reset(id_, 2); }

    /// Another priority, up to that of the system description. False: the kernel refuses.
    [[nodiscard]] bool set_priority(unsigned priority) const
    {
        return seam_vcpu_set_priority(id_, priority) == 0;
    }

    /// Whether the system description has this <vcpu>. Everything else takes that for granted.
    [[nodiscard]] bool exists() const
    {
        return seam_vcpu_inject(id_, 0, 0, 0, k_no_index) != k_error_invalid_capability;
    }

    /// How many list registers the hardware has.
    [[nodiscard]] unsigned list_registers() const;

    /// Unmasks a private interrupt that arrived as PpiEvent, from the next entry of the guest on.
    void acknowledge_ppi(std::uint32_t intid) const { seam_vcpu_ack_vppi(id_, intid); }

private:
    static constexpr unsigned     k_error_invalid_capability = 2;
    static constexpr unsigned     k_error_delete_first       = 8;
    static constexpr std::uint8_t k_no_index                 = 0xff; ///< no hardware has so many

    [[nodiscard]] static InjectError inject_error(SeamError error)
    {
        if (error == 0) [[likely]] {
            return InjectError::none;
        }
        return error == k_error_delete_first ? InjectError::active : InjectError::out_of_range;
    }
    [[nodiscard]] std::optional<ListRegister> take(unsigned index, unsigned states) const
    {
        const int state = seam_vcpu_list_register(id_, index, states);
        return state < 0 ? std::nullopt : std::optional{static_cast<ListRegister>(state)};
    }

    unsigned id_;
};

inline InjectError Vcpu::inject(VirtualInterrupt interrupt, unsigned index) const
{
    return inject_error(seam_vcpu_inject(id_, interrupt.intid, interrupt.priority, interrupt.group,
                                         static_cast<std::uint8_t>(index)));
}

[[gnu::noinline]] inline InjectError Vcpu::inject_from(unsigned sender, VirtualInterrupt interrupt,
                                                       unsigned index) const
{
    SeamError error = 0;
    if (seam_vcpu_inject_from(id_, interrupt.intid, interrupt.priority, interrupt.group,
                              static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(sender),
                              &error)) {
        return inject_error(error);
    }
    return inject(interrupt, index);
}

inline std::optional<ListRegister> Vcpu::recall(unsigned                            index,
                                                std::initializer_list<ListRegister> these) const
{
    unsigned states = 0;
    for (const ListRegister state : these) {
        states |= 1U << static_cast<unsigned>(state);
    }
    return take(index, states);
}

inline unsigned Vcpu::list_registers() const
{
    // An index that no hardware has is refused, and the refusal says how large it may be.
    (void)seam_vcpu_inject(id_, 0, 0, 0, k_no_index);
    return static_cast<unsigned>(message_word(1)) + 1;
}

} // namespace microkit
