// SPDX-License-Identifier: BSD-2-Clause
// The virtual interrupt controller of one machine: GICv2 (IHI 0048) or GICv3 (IHI 0069).
//
// What the guest finds (reasons in lib/vmm/GIC.md): a GIC with one security state (GICv2 without
// Security Extensions, GICv3 with GICD_CTLR.DS = 1), two interrupt groups, 32 priorities, no LPIs.
// Distributor and redistributors are this class; the CPU interface is the hardware's virtual one,
// fed through list registers that seL4 lets us write and never read. So an interrupt is *in flight*
// (pending or active, we do not know which) from load_list_register() until maintenance().
//
// The machine around it calls
//   configure() once; set_online() when a vCPU starts and when it stops; reset() when the guest
//   resets; read() and write() for accesses to the frames; write_sgi_register() for trapped
//   ICC_SGI*R_EL1; set_line() and pulse() for emulated devices, hardware_interrupt() for physical
//   interrupts; maintenance() for VGICMaintenance faults; may_park() when a vCPU waits for
//   interrupts.
#pragma once

#include "base/address.hpp"
#include "base/result.hpp"
#include "vmm/gic_state.hpp"
#include "vmm/types.hpp"

#include <cstdint>
#include <optional>

namespace vmm {

/// The memory-mapped parts. Offsets into `redistributor` count from the first vCPU's frames,
/// k_gic_redistributor_stride for each vCPU.
enum class GicFrame : std::uint8_t { distributor, redistributor };

/// The system registers that send SGIs (IHI 0069, 12.2); writes to them trap.
enum class SgiRegister : std::uint8_t { sgi0r, sgi1r, asgi1r };

constexpr std::uint64_t k_gicv2_distributor_size   = 0x1000;
constexpr std::uint64_t k_gicv3_distributor_size   = 0x1'0000;
constexpr std::uint64_t k_gic_redistributor_stride = 0x2'0000; ///< RD_base and SGI_base of a vCPU
constexpr std::uint64_t k_gic_maintenance_unknown  = ~std::uint64_t{0};
constexpr unsigned      k_gicv2_max_vcpus          = 8;

/// ICC_SRE_EL1 as the guest reads it: system registers only, bypass disabled; writes are ignored.
constexpr std::uint64_t k_icc_sre_el1 = 0x7;

/// MPIDR_EL1 affinity of a vCPU, Aff3.Aff2.Aff1.Aff0, as GICR_TYPER and GICD_IROUTER know it; vCPUs
/// that differ in the low four bits of Aff0 only are consecutive. The machine gives its vCPUs the
/// same (VMPIDR_EL2, device tree, PSCI).
[[nodiscard]] constexpr std::uint32_t gic_affinity(VcpuId vcpu) { return vcpu; }

/// The vCPU of an affinity; a number that no machine has if there is none.
[[nodiscard]] constexpr VcpuId gic_vcpu(std::uint32_t affinity) { return affinity; }

struct GicRegister; // gic_registers.hpp
struct GicMap;
enum class GicAction : std::uint8_t;

/// What the virtual GIC asks of the machine around it. It must not call back into the Gic from
/// here.
class GicHost {
public:
    /// What goes into a list register.
    struct Entry {
        std::uint32_t intid;
        std::uint8_t  priority; ///< as the guest wrote it: 0 (highest) … 0xf8; seL4 takes it >> 3
        std::uint8_t  group;    ///< 0 or 1
        std::uint8_t  source;   ///< GICv2 SGI: sending vCPU, for GICV_IAR; seL4 cannot pass it on
    };

    /// What a list register holds, as far as the machine can know.
    enum class Held : std::uint8_t { unknown, empty, pending, active };
    enum class Recall : std::uint8_t { pending_only, pending_or_active };

    /// The signal of an interrupt with hardware behind it.
    enum class Line : std::uint8_t { unknown, low, high };

    /// Writes list register `index` with a pending interrupt that asks for maintenance at its end.
    /// False if the kernel refuses since the register holds an active interrupt (seL4:
    /// DeleteFirst; so use the invocation itself, the libmicrokit call would crash the PD).
    [[nodiscard]] virtual bool load_list_register(VcpuId vcpu, unsigned index, Entry entry) = 0;

    /// Optional, for kernels that can read list registers: what `index` holds now.
    [[nodiscard]] virtual Held inspect_list_register(VcpuId vcpu, unsigned index);

    /// Optional likewise: empties the register if it holds what `recall` names, in one step that
    /// the vCPU cannot race with. Gives what it held before; `unknown` if nothing was done.
    [[nodiscard]] virtual Held recall_list_register(VcpuId vcpu, unsigned index, Recall recall);

    /// Optional: the signal now, of an interrupt that hardware_interrupt() raised and
    /// end_of_interrupt() has not acknowledged. Asked for where a guest would see the difference.
    [[nodiscard]] virtual Line hardware_line(VcpuId vcpu, std::uint32_t intid);

    /// Optional: whether the vCPU, which stands at the exit that is being handled, has interrupts
    /// masked (PSTATE.I). Asked rarely.
    [[nodiscard]] virtual bool masks_interrupts(VcpuId vcpu);

    /// A list register of this vCPU was loaded: if the vCPU is parked, resume it.
    virtual void wake(VcpuId vcpu) = 0;

    /// The guest has finished (or dropped) an interrupt that hardware_interrupt() raised:
    /// acknowledge the IRQ channel or the VPPI, so that the hardware may interrupt again. For SPIs
    /// `vcpu` is the one that took it.
    virtual void end_of_interrupt(VcpuId vcpu, std::uint32_t intid) = 0;

protected:
    ~GicHost() = default;
};

struct GicConfig {
    GicVersion          version        = GicVersion::v2;
    unsigned            vcpus          = 1;   ///< 1 … 8 (v2), 1 … 16 (v3)
    unsigned            spis           = 128; ///< 0 … 988: INTIDs 32 … 31 + spis
    unsigned            list_registers = 4; ///< what the hardware has, 1 … 64 (v2), 1 … 16 (v3)
    base::GuestPhysical distributor{};
    base::GuestPhysical cpu_interface_or_redistributor{};
};

/// Where an address lies in the frames that this class answers for.
struct GicLocation {
    GicFrame      frame;
    std::uint64_t offset;
};

class Gic {
public:
    constexpr Gic() = default;

    /// Sets the shape and the machine, then resets. Fails on counts out of range.
    [[nodiscard]] base::Result<> configure(const GicConfig& config, GicHost& host);

    /// Reset values in all frames, all lines low, all vCPUs offline, hardware acknowledged. Call it
    /// with all vCPUs stopped. What list registers still hold is emptied as far as possible (see
    /// GIC.md, "Stale list registers").
    void reset();

    /// A vCPU starts (online) or has stopped. Only online vCPUs get interrupts; what was in flight
    /// at one that stops goes back to pending. Call it while the vCPU does not run.
    void set_online(VcpuId vcpu, bool online);

    /// A vCPU was suspended with its thread's fault unanswered: if that was VGICMaintenance, nobody
    /// will hear of it again. Call this before the vCPU runs on. Where the machine cannot tell what
    /// list registers hold, everything in flight is delivered once more.
    void message_lost(VcpuId vcpu);

    /// The frame that holds a guest physical address, if any (GICv2: only the distributor).
    [[nodiscard]] std::optional<GicLocation> locate(base::GuestPhysical address) const;

    /// A guest access of `size` bytes (1, 2, 4, 8) by `vcpu`. What is not a register, or not of
    /// that width, reads as zero, ignores writes, and is counted.
    [[nodiscard]] std::uint64_t read(VcpuId vcpu, GicFrame frame, std::uint64_t offset,
                                     unsigned size);
    void write(VcpuId vcpu, GicFrame frame, std::uint64_t offset, unsigned size,
               std::uint64_t value);

    /// A trapped write of ICC_SGI0R_EL1, ICC_SGI1R_EL1 or ICC_ASGI1R_EL1 by `vcpu` (GICv3).
    void write_sgi_register(VcpuId vcpu, SgiRegister which, std::uint64_t value);

    /// The level of an input: a PPI of `vcpu`, or an SPI (`vcpu` is ignored). For an interrupt that
    /// the guest made edge-triggered the rising edge counts. Others are ignored.
    void set_line(VcpuId vcpu, std::uint32_t intid, bool high);

    /// One rising edge: pending until taken, whatever the guest configured.
    void pulse(VcpuId vcpu, std::uint32_t intid);

    /// The physical interrupt behind a PPI or SPI fired, and the kernel holds it back until we
    /// acknowledge: an edge, or a line that is taken for high until end_of_interrupt() when the
    /// guest has finished with it. If it is high then, it interrupts again.
    void hardware_interrupt(VcpuId vcpu, std::uint32_t intid);

    /// The hardware behind a vCPU's private interrupts may have gone quiet, as its timer does in a
    /// reset: looks at the lines that are held high, where the machine can tell.
    void sample(VcpuId vcpu);

    /// VGICMaintenance word 0: list register `index` became empty. All ones means unknown; that and
    /// an index not in use are counted and ignored.
    void maintenance(VcpuId vcpu, std::uint64_t index);

    /// Whether something was loaded that the guest may not have seen yet.
    [[nodiscard]] bool has_deliverable(VcpuId vcpu) const;

    /// Ask at a WFI exit. False: an interrupt may have come after the instruction trapped, so
    /// resume. If the vCPU comes back with WFI and nothing new was loaded, the answer is true:
    /// hardware has shown that it cannot take what it has. wake() ends the wait.
    [[nodiscard]] bool may_park(VcpuId vcpu);

    [[nodiscard]] const GicConfig&   config() const { return config_; }
    [[nodiscard]] const GicCounters& counters() const { return counters_; }

    /// All that a guest can see or cause. Together with the configuration it can be put back into
    /// an equally configured object whose list registers are empty: what was in flight is pending
    /// again.
    [[nodiscard]] const GicState& state() const { return state_; }
    void                          restore(const GicState& state);

private:
    enum class PutBack : bool { no, yes };

    struct Resolved {
        VcpuId        owner  = 0;
        const GicMap* map    = nullptr;
        std::uint64_t offset = 0;
    };

    // gic.cpp
    [[nodiscard]] const GicRegister* find(const GicMap& map, std::uint64_t offset, unsigned size);
    [[nodiscard]] Resolved           resolve(VcpuId vcpu, GicFrame frame, std::uint64_t offset);
    void                             clear_state();
    void                             empty_list_registers(VcpuId vcpu);
    void                             evacuate(VcpuId vcpu);
    void                             release(VcpuId owner, unsigned word, std::uint32_t bits);
    void                             release_all();

    // gic_registers.cpp. `owner` is whose private interrupts are meant, `writer` who accesses,
    // `at` the byte in the register or array.
    [[nodiscard]] std::uint64_t read_register(const GicRegister& reg, VcpuId owner,
                                              std::uint32_t at, unsigned size);
    [[nodiscard]] std::uint64_t read_bytes(GicAction action, VcpuId owner, std::uint32_t index,
                                           unsigned size);
    [[nodiscard]] std::uint64_t pending(VcpuId owner, unsigned word);
    [[nodiscard]] std::uint64_t active(VcpuId owner, unsigned word);
    [[nodiscard]] std::uint32_t read_priorities(VcpuId owner, std::uint32_t intid, unsigned size);
    [[nodiscard]] std::uint8_t  read_byte(GicAction action, VcpuId owner, std::uint32_t index);
    void write_register(const GicRegister& reg, VcpuId writer, VcpuId owner, std::uint32_t at,
                        unsigned size, std::uint64_t value);
    void write_word(GicAction action, VcpuId writer, VcpuId owner, unsigned word,
                    std::uint32_t value);
    void write_byte(GicAction action, VcpuId owner, std::uint32_t index, std::uint8_t value);
    void write_configuration(VcpuId owner, std::uint32_t index, std::uint32_t value);
    void write_priority(VcpuId owner, std::uint32_t intid, std::uint8_t priority);
    void write_router(std::uint32_t intid, std::uint32_t at, unsigned size, std::uint64_t value);
    void write_waker(VcpuId owner, std::uint32_t value);
    void write_ctlr(std::uint32_t value);
    void retarget(std::uint32_t intid, std::uint64_t route);

    // gic_lines.cpp
    void lower(VcpuId owner, unsigned word, std::uint32_t bit);
    void write_spi_message(std::uint32_t value, bool high);

    // gic_sgi.cpp
    void send_sgi(VcpuId target, VcpuId source, unsigned intid);
    void write_sgir(VcpuId sender, std::uint32_t value);
    void set_sgi_pending(VcpuId owner, unsigned intid, std::uint8_t sources);
    void clear_sgi_pending(VcpuId owner, unsigned intid, std::uint8_t sources);
    [[nodiscard]] std::uint8_t sgi_pending(VcpuId owner, unsigned intid);

    // gic_flight.cpp: interrupts in list registers
    [[nodiscard]] unsigned      find_in_flight(VcpuId vcpu, std::uint32_t intid) const;
    [[nodiscard]] GicHost::Held inspect(VcpuId owner, std::uint32_t intid);
    [[nodiscard]] std::uint64_t pending_in_flight(VcpuId owner, unsigned word,
                                                  std::uint32_t result);
    [[nodiscard]] std::uint64_t active_in_flight(VcpuId owner, unsigned word);
    [[nodiscard]] std::uint32_t merge_in_flight(VcpuId owner, unsigned word, std::uint32_t set);
    void                        make_pending(VcpuId owner, unsigned word, std::uint32_t bits);
    void                        settle(VcpuId owner, unsigned word, std::uint32_t bits);
    void                        drop_pending(VcpuId writer, VcpuId owner, std::uint32_t intid);
    void               deactivate(VcpuId writer, VcpuId owner, std::uint32_t intid, bool alone);
    void               unload(VcpuId vcpu, unsigned index, PutBack put_back);
    [[nodiscard]] bool mask(VcpuId vcpu, unsigned index);

    // gic_delivery.cpp: from pending into list registers
    [[nodiscard]] GicBank&      bank(VcpuId owner, unsigned word);
    [[nodiscard]] bool          exists(VcpuId vcpu, std::uint32_t intid);
    [[nodiscard]] VcpuId        holder(VcpuId owner, std::uint32_t intid) const;
    [[nodiscard]] std::uint8_t& priority_of(VcpuId owner, std::uint32_t intid);
    [[nodiscard]] std::uint32_t eligible(const GicBank& bank) const;
    [[nodiscard]] std::uint32_t targets_of(std::uint32_t intid) const;
    [[nodiscard]] VcpuId        choose(std::uint32_t targets) const;
    void                        assign(VcpuId owner, unsigned word);
    void                        assign_all();
    void                        unassign(GicBank& bank, unsigned word, std::uint32_t bit);
    void                        deliver(std::uint32_t served = 0);
    void                        deliver_touched(std::uint32_t served);
    void                        place(VcpuId vcpu);
    [[nodiscard]] bool          place_one(VcpuId vcpu, std::uint32_t intid);
    [[nodiscard]] std::uint32_t best_waiting(VcpuId vcpu);
    [[nodiscard]] unsigned      find_slot(VcpuId vcpu, std::uint32_t intid, std::uint64_t refused);
    [[nodiscard]] unsigned      take_turn(VcpuId vcpu, std::uint8_t priority, std::uint64_t empty);
    void                        overtake(GicVcpu& vcpu, unsigned index);
    void                        give_up(GicVcpu& vcpu, unsigned index);
    void                        raise(VcpuId owner, std::uint32_t intid);
    [[nodiscard]] unsigned      displace(VcpuId vcpu, std::uint8_t priority);
    [[nodiscard]] bool          load(VcpuId vcpu, unsigned index, std::uint32_t intid);
    [[nodiscard]] std::uint32_t finish(GicBank& bank, std::uint32_t bit);
    void                        follow_up(VcpuId vcpu, std::uint32_t intid, bool latched);
    void                        finish_stale(VcpuId vcpu, unsigned index);

    // What every access needs comes first, within reach of short offsets.
    GicHost*      host_          = nullptr;
    const GicMap* distributor_   = nullptr;
    const GicMap* redistributor_ = nullptr;
    std::uint32_t touched_       = 0;     ///< vCPUs that deliver() has to look at
    std::uint32_t draining_      = 0;     ///< those of them where something ended
    std::uint32_t served_        = 0;     ///< see deliver()
    bool          sees_          = false; ///< the machine can read list registers
    bool          idle_          = false; ///< placing for a vCPU that waits: use every register
    std::uint32_t typer_         = 0;     ///< GICD_TYPER
    GicConfig     config_{.vcpus = 0, .spis = 0, .list_registers = 0};
    GicCounters   counters_{};
    GicState      state_{};
};

} // namespace vmm
