// SPDX-License-Identifier: BSD-2-Clause
// A virtual machine: its parts, its life, and the answers to its guest's exits.
#pragma once

#include "arch/device.hpp"
#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "microkit/channel.hpp"
#include "microkit/debug.hpp"
#include "microkit/message.hpp"
#include "microkit/vcpu.hpp"
#include "vmm/config.hpp"
#include "vmm/device_tree.hpp"
#include "vmm/exit.hpp"
#include "vmm/exit_log.hpp"
#include "vmm/gic.hpp"
#include "vmm/guest_config.hpp"
#include "vmm/guest_exception.hpp"
#include "vmm/instruction.hpp"
#include "vmm/loader.hpp"
#include "vmm/memory.hpp"
#include "vmm/passed_through.hpp"
#include "vmm/physical_timer.hpp"
#include "vmm/power.hpp"
#include "vmm/psci.hpp"
#include "vmm/report.hpp"
#include "vmm/stage1_walk.hpp"
#include "vmm/watch.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <span>

namespace vmm {

class Dispatcher;
class GuestCpu;
class KernelView;

/// How often guests stopped, by kind of exit in the order of the variant Exit.
using ExitCounters = std::array<std::uint64_t, std::variant_size_v<Exit>>;

/// One virtual machine. Describe it first (passthrough(), attach(), …), then boot() it; from then
/// on the library's `fault` and `notified` keep it going. A protection domain may hold any number:
/// each has its own part of the <vcpu> numbers, and all share the one address space that Microkit
/// gives a <virtual_machine>, so they trust each other with it.
///
/// Nothing that a guest does stops the VMM. What its owner got wrong is printed, and boot() fails.
class Machine final : private GicHost, private PowerHost {
public:
    enum class State : std::uint8_t {
        off, ///< not booted, stopped, powered off by the guest, or about to start: waiting for
             ///< reset_interval_ms, or for a device
        running,
        paused,
    };

    static constexpr std::size_t k_max_devices = 24;

    constexpr explicit Machine(const MachineConfig& config)
        : config_{config}
    {
    }
    Machine(const Machine&)            = delete;
    Machine& operator=(const Machine&) = delete;

    // What it contains. All before boot().

    /// Takes RAM, vCPUs and passed-through interrupts from the section `.vmm_config`, instead of
    /// from the configuration. The last `kept` bytes of the RAM are not given to the guest (whole
    /// pages). The section must stay. vmm::SectionDevices does this and gives the machine the
    /// devices that the sections name.
    void adopt(const GuestConfig& section, std::uint64_t kept = 0);

    /// Gives the guest what `.vmm_passthrough` describes, after the other adopt(): all interrupts
    /// of
    /// `.vmm_config`, the nodes in the generated device tree, calls of the firmware. The section
    /// must stay. vmm::SectionDevices does this.
    void adopt(const PassedThrough& section);

    /// Gives the guest a device of the board: its first interrupt, from the channel that the
    /// description's <irq> has, and a node in the generated device tree. The registers are the
    /// description's business: <map> them into the virtual machine.
    void passthrough(const arch::Device& device, microkit::Channel interrupt);

    /// The same for a device with several interrupts (in the order of its node) or with none. After
    /// adopt(), without channels: those that the section has for the device's interrupts.
    void passthrough(const arch::Device&                device,
                     std::span<const microkit::Channel> interrupts = {});

    /// Puts an emulated device behind a range of guest addresses.
    void attach(MmioDevice& device, base::GuestRange range);

    /// Adds a node to the generated device tree.
    void describe(const GuestDevice& device);

    /// Makes a range of addresses read as zero and ignore writes.
    void ignore(base::GuestRange range);

    /// Names the channel to an sDDF timer driver. It wakes vCPUs that wait for an interrupt when
    /// their virtual timers are due; without it such a vCPU burns its core. One for all machines.
    void wake_by(microkit::Channel timer);

    /// Takes seeds for the guest and the answers to its TRNG calls from there, unless the
    /// configuration has a source (smccc.entropy). `source` must stay.
    void seed_from(RandomSource& source);

    /// Something is wrong with what the machine is made of: says so, and boot() will fail. For who
    /// builds devices.
    void reject(const base::Error& error);

    // Its life.

    /// Loads the images and starts vCPU 0, as soon as no device has a reason to wait any more: a
    /// disk that is not there yet, a request of the last life. False: something is wrong with the
    /// configuration, and a message says what.
    bool boot(const Linux& guest);
    bool boot(const Image& guest);

    /// Stops all vCPUs where they are. The guest's clock stands still.
    void pause();
    /// Continues after pause().
    void resume();
    /// Switches the machine off. Its devices forget what they were asked for.
    void stop();
    /// Prints the black-box report of a guest as it is now; it goes on afterwards. It takes a
    /// moment: the guest's RAM is searched for what its kernel tells of itself.
    void report();
    /// Starts again with fresh images, from any state after a first boot(). False: as boot().
    bool restart();

    [[nodiscard]] State            state() const { return state_; }
    [[nodiscard]] std::string_view name() const
    {
        return config_.name.empty() ? microkit::name() : config_.name;
    }
    [[nodiscard]] unsigned            vcpus() const { return vcpus_; }
    [[nodiscard]] unsigned            restarts() const { return restarts_; }
    [[nodiscard]] GuestMemory&        memory() { return memory_; }
    [[nodiscard]] const ExitCounters& exits() const { return exits_; }
    [[nodiscard]] const Gic&          gic() const { return gic_; }

    /// The level of an emulated device's interrupt line (INTID 32 and up).
    void set_interrupt(std::uint32_t intid, bool high) { gic_.set_line(0, intid, high); }

    /// Whether the guest's GIC has this shared interrupt.
    [[nodiscard]] bool has_interrupt(std::uint32_t intid) const
    {
        return intid >= k_gic_private && intid < k_gic_private + config_.spis;
    }

    /// A device is quiet now, or lacks less: a start that waits for that may go on.
    void look_again();

private:
    friend class Dispatcher;

    /// Where a vCPU is.
    enum class Run : std::uint8_t {
        off,
        running, ///< or its exit is being handled
        waiting, ///< parked in WFI or CPU_SUSPEND
        asleep,  ///< parked in SYSTEM_SUSPEND: it wakes to its entry point
    };

    struct VcpuRecord {
        Run                 run        = Run::off;
        bool                used       = false; ///< has run, so its registers hold something
        bool                standby    = false; ///< the call being answered is CPU_SUSPEND
        bool                timer_owed = false; ///< its timer fired and the guest has not ended it
        base::GuestPhysical entry{};            ///< for Run::asleep
        std::uint64_t       context = 0;
        base::GuestVirtual  next{}; ///< for Run::waiting: behind the instruction that waits
        std::optional<std::uint64_t> deadline{};  ///< of the alarm, while paused
        base::GuestVirtual           suspect{};   ///< pc whose instruction did not fit the fault
        unsigned                     retries = 0; ///< how often
        PhysicalTimer                physical{};
    };

    struct DeviceWindow {
        MmioDevice*      device = nullptr; ///< nothing: reads zero, ignores writes
        base::GuestRange range{};
    };

    /// An image that lies in guest RAM, and its copy.
    struct SavedImage {
        const std::byte*           original = nullptr;
        std::span<const std::byte> copy{};
    };

    struct InterruptLine {
        std::uint32_t     intid = 0;
        microkit::Channel channel{};
        arch::Trigger     trigger{};
        bool              early = false; ///< it came while the machine was off
    };

    /// An HVC or SMC being answered.
    struct Call {
        CallWords          words;
        base::GuestVirtual next{}; ///< where the guest goes on
        std::uint64_t      sp_el0;
        std::uint64_t      spsr;
    };

    // Events, from the dispatcher.
    bool on_fault(VcpuId vcpu, microkit::MessageInfo message, microkit::MessageInfo& reply);
    void on_interrupt(std::uint32_t intid);
    void on_deadline(VcpuId vcpu);

    // machine_exit.cpp, machine_call.cpp: one handler for each exit. True: the vCPU resumes with
    // the reply.
    bool on(VcpuId vcpu, const MmioRead& access);
    bool on(VcpuId vcpu, const MmioWrite& access);
    bool on(VcpuId vcpu, const UndescribedAccess& access);
    bool on(VcpuId vcpu, const CacheMaintenance& access);
    bool on(VcpuId vcpu, const BrokenAccess& access);
    bool on(VcpuId vcpu, const FetchAbort& access);
    bool on(VcpuId vcpu, const Hypercall& call);
    bool on(VcpuId vcpu, const HypercallWithoutWords& call);
    bool on(VcpuId vcpu, const SecureCall& call);
    bool on(VcpuId vcpu, const WaitForInterrupt& wait);
    bool on(VcpuId vcpu, const WaitForEvent& wait);
    bool on(VcpuId vcpu, const SysregRead& access);
    bool on(VcpuId vcpu, const SysregWrite& access);
    bool on(VcpuId vcpu, const PrivateInterrupt& interrupt);
    bool on(VcpuId vcpu, const EndOfInterrupt& interrupt);
    bool on(VcpuId vcpu, const UndefinedInstruction& instruction);
    bool on(VcpuId vcpu, const UnknownExit& exit);

    /// One aligned access to what is not RAM; false if nothing is there.
    bool device_read(VcpuId vcpu, base::GuestPhysical address, AccessSize size,
                     std::uint64_t& value);
    bool device_write(VcpuId vcpu, base::GuestPhysical address, AccessSize size,
                      std::uint64_t value);
    [[nodiscard]] const DeviceWindow* find_device(base::GuestPhysical address,
                                                  AccessSize          size) const;
    bool                      finish_read(VcpuId vcpu, const MmioRead& access, std::uint64_t value);
    [[nodiscard]] StrayAccess stray_sysreg(VcpuId vcpu, AccessKind kind, arch::Esr syndrome) const;
    void                      skip(VcpuId vcpu, base::GuestVirtual pc, arch::Esr syndrome) const;
    /// A value of a data access in the guest's byte order, where that may not be ours.
    [[nodiscard]] std::uint64_t in_byte_order(VcpuId vcpu, std::uint64_t value,
                                              AccessSize size) const;
    [[nodiscard]] bool          is_device(base::GuestPhysical address) const;
    bool finish_call_by_registers(VcpuId vcpu, Call& call, CallResult result);
    bool call_through_registers(VcpuId vcpu);
    bool refuse_call(VcpuId vcpu, std::uint64_t function);

    // machine_timer.cpp: the physical timer, where it traps
    [[nodiscard]] static bool has_physical_timer(arch::SysregId reg);
    bool                      read_physical_timer(VcpuId vcpu, const SysregRead& access);
    bool                      write_physical_timer(VcpuId vcpu, const SysregWrite& access);
    void                      follow_physical_timer(VcpuId vcpu);
    void                      arm_physical_timer(VcpuId vcpu, std::uint64_t now);
    void                      reset_physical_timer(VcpuId vcpu);

    // emulation.cpp: accesses that only the instruction describes
    bool emulate(VcpuId vcpu, const UndescribedAccess& access);
    bool may_retry(VcpuId vcpu, base::GuestVirtual pc);
    bool refuse_exclusive(const StrayAccess& access);
    bool carry_out(StrayAccess& access, GuestCpu& cpu, const MemoryInstruction& instruction);
    enum class Step : std::uint8_t { done, stray, unaligned };
    struct PiecePlace {
        base::GuestPhysical start{};
        base::GuestPhysical rest{}; ///< of what is on the next page
        unsigned            size_at_start = 0;
    };
    [[nodiscard]] std::expected<PiecePlace, Stage1Fault>
         place_of(const GuestCpu& cpu, const MemoryInstruction& instruction,
                  base::GuestVirtual address) const;
    Step piece(VcpuId vcpu, const PiecePlace& place, AccessSize size, bool write,
               std::uint64_t& value);

    /// Whether the exit being handled is no longer the vCPU's business: a callback stopped or
    /// restarted the machine.
    [[nodiscard]] bool is_obsolete() const { return generation_ != exit_generation_; }

    // machine_stray.cpp
    [[nodiscard]] StrayPolicy decide(const StrayAccess& access);
    /// Does what the policy says about an access that cannot be ignored; true: the vCPU resumes.
    bool punish(const StrayAccess& access, StrayPolicy policy);
    bool answer_stray(const StrayAccess& access) { return punish(access, decide(access)); }
    [[nodiscard]] GuestException     exception_for(const StrayAccess& access) const;
    void                             report_and_stop(const StrayAccess& access);
    [[nodiscard]] std::string_view   node_at(base::GuestPhysical address, std::span<char> text);
    [[nodiscard]] base::GuestVirtual pc_of(VcpuId vcpu) const;

    // machine_report.cpp
    void black_box(Trouble trouble, VcpuId vcpu, const StrayAccess* access, std::string_view node);
    void print_machine(VcpuId culprit, const KernelView& kernel);
    void print_timer(VcpuId vcpu, std::uint64_t now, std::uint64_t frequency) const;
    bool find_notes(KernelView& kernel, std::uint64_t pages);

    // machine_watch.cpp
    void begin_watch(std::uint64_t now);
    void watch_again(std::uint64_t now, std::uint64_t delay);
    void look(std::uint64_t now);
    void look_without_timer(std::uint64_t now);
    void look_before_reset();
    void on_watch(std::uint64_t now);
    bool wants_watch() const;
    void report_trouble(Trouble trouble, VcpuId vcpu);
    bool has_panicked(std::uint64_t pages, std::uint64_t bytes);

    // machine_boot.cpp, machine_restart.cpp
    base::Result<>                 configure();
    base::Result<>                 load();
    base::Result<std::size_t>      write_tree(const LoadPlan& plan);
    base::Result<>                 check_tree(const DeviceTreeInputs& inputs);
    bool                           start(std::string_view what);
    bool                           go();
    [[nodiscard]] std::string_view obstacle();
    bool                           wait_for_devices();
    [[nodiscard]] bool             is_quiet() const;
    base::Result<>                 secure_images();
    void                           clear_ram();
    void                           catch_up_with_interrupts();
    void                           fail(const base::Error& error);
    void                           note(base::Result<> result);
    void add_line(std::uint32_t intid, microkit::Channel channel, arch::Trigger trigger);

    // machine_priority.cpp
    void put_vcpus_below_us();

    // machine_power.cpp
    void start_vcpu(VcpuId vcpu, base::GuestPhysical entry, std::uint64_t context);
    void stop_vcpus();
    /// Parks a vCPU that waits for an interrupt, to go on at `next`; false if it must go on at
    /// once.
    bool park(VcpuId vcpu, base::GuestVirtual next);
    bool arrange_wake_up(VcpuId vcpu);
    void unpark(VcpuId vcpu);
    void tell(Event event);

    void power_on(VcpuId vcpu, base::GuestPhysical entry, std::uint64_t context) override;
    void power_off(VcpuId vcpu) override;
    void standby(VcpuId vcpu) override;
    void suspend_system(VcpuId vcpu, base::GuestPhysical entry, std::uint64_t context) override;
    void system_off() override;
    void system_reset(ResetKind kind) override;
    void firmware_unreachable() override;
    bool is_ram(base::GuestPhysical address) const override;
    bool load_list_register(VcpuId vcpu, unsigned index, Entry entry) override;
    Held inspect_list_register(VcpuId vcpu, unsigned index) override;
    Held recall_list_register(VcpuId vcpu, unsigned index, Recall recall) override;
    Line hardware_line(VcpuId vcpu, std::uint32_t intid) override;
    bool masks_interrupts(VcpuId vcpu) override;
    void wake(VcpuId vcpu) override;
    void end_of_interrupt(VcpuId vcpu, std::uint32_t intid) override;

    [[nodiscard]] microkit::Vcpu vcpu(VcpuId id) const
    {
        return microkit::Vcpu{config_.first_vcpu + id};
    }
    [[nodiscard]] base::Sink sink() const;

    static constexpr VcpuId k_nobody = k_max_vcpus;

    MachineConfig config_;

    State            state_         = State::off;
    bool             configured_    = false;
    bool             rejected_      = false; ///< the configuration has an error that was printed
    bool             loaded_        = false; ///< once at least: RAM holds a former life
    bool             resting_       = false; ///< a reset waits for reset_interval_ms
    std::string_view starting_      = {};    ///< what a start that waits will be called
    std::uint64_t    waits_since_   = 0;     ///< counter value, while it waits
    bool             said_wait_     = false; ///< what for
    bool             said_busy_     = false; ///< that there is no timer channel
    bool             said_firmware_ = false; ///< that the firmware cannot be called
    unsigned         vcpus_         = 0;
    unsigned         restarts_      = 0;
    unsigned         generation_    = 0; ///< counts stops and starts, so that a handler notices one
    unsigned         exit_generation_ = 0;        ///< generation when the exit being handled came
    VcpuId           handling_        = k_nobody; ///< whose exit is being handled
    std::uint64_t    counter_offset_  = 0;        ///< CNTVOFF_EL2 of all vCPUs
    std::uint64_t    started_at_      = 0;        ///< counter value of the last start
    std::uint64_t    paused_at_       = 0;        ///< counter value, while paused

    // What an exit looks at first, side by side.
    std::uint64_t distributor_         = 0;
    std::uint64_t distributor_size_    = 0;
    std::uint64_t redistributors_      = 0;
    std::uint64_t redistributors_size_ = 0;

    std::array<VcpuRecord, k_max_vcpus> records_{};
    microkit::MessageInfo*              reply_ = nullptr; ///< of the exit being handled
    Psci                                psci_{};
    ExitCounters                        exits_{};
    Watch                               watch_{};
    ExitLog                             exit_log_{};

    const GuestConfig*                             section_ = nullptr; ///< of adopt()
    const PassedThrough*                           passed_  = nullptr; ///< likewise
    base::FixedVector<SavedImage, 3>               saved_images_{};
    std::uint64_t                                  spare_used_ = 0; ///< bytes of config_.spare
    base::FixedVector<InterruptLine, 32>           lines_{};
    base::FixedVector<DeviceWindow, k_max_devices> windows_{};
    base::FixedVector<GuestDevice, k_max_devices>  devices_{};

    Linux               images_{};
    base::GuestRange    linux_{}; ///< where a kernel of that format was put; else empty
    base::GuestRange    tree_{};  ///< where the guest's device tree was put
    base::GuestPhysical entry_{};
    GuestMemory         memory_{};
    Gic                 gic_{};
};

} // namespace vmm
