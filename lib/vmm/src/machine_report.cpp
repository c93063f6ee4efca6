// SPDX-License-Identifier: BSD-2-Clause
// The black-box report of a machine: puts its parts together.
#include "vmm/machine.hpp"

#include "black_box.hpp"

#include "arch/counter.hpp"
#include "arch/el1.hpp"

#include <algorithm>
#include <numeric>

namespace vmm {

using base::GuestPhysical;
using base::print;
using microkit::SystemRegister;

namespace {

constexpr std::uint64_t k_page = 4096;
/// Pages that begin like notes and are read as such, of one search. A guest may have any number.
constexpr unsigned k_most_notes = 16;
/// What "shortly behind the RAM" is.
constexpr std::uint64_t k_beyond = std::uint64_t{1} << 30;

std::string_view headline(Trouble trouble)
{
    switch (trouble) {
    case Trouble::stray_access:
        return "it touched what it does not have";
    case Trouble::panic:
        return "its kernel panicked";
    case Trouble::hang:
        return "a vCPU hangs";
    case Trouble::asked:
        break;
    }
    return "as it is now";
}

bool ends_shortly_before(const GuestMemory& memory, GuestPhysical address)
{
    return std::ranges::any_of(memory.regions(), [&](const MemoryRegion& region) {
        return address.minus(region.guest.start()) - region.guest.size() < k_beyond;
    });
}

} // namespace

bool Machine::find_notes(KernelView& kernel, std::uint64_t pages)
{
    if (watch_.notes && kernel.open(*watch_.notes)) {
        return true;
    }
    watch_.notes.reset();
    for (unsigned tries = 0; tries < k_most_notes; ++tries) {
        const auto found = watch_.search.next(memory_, pages);
        if (!found) {
            break;
        }
        if (kernel.open(*found)) {
            watch_.notes = found;
            return true;
        }
    }
    return false;
}

void Machine::report()
{
    const bool running = state_ == State::running;
    pause();
    black_box(Trouble::asked, 0, nullptr, {});
    if (running) {
        resume();
    }
}

void Machine::black_box(Trouble trouble, VcpuId id, const StrayAccess* access,
                        std::string_view node)
{
    const StoppedCpu      cpu{vcpu(id)};
    const auto            control = arch::CntvCtl{vcpu(id).read(SystemRegister::cntv_ctl_el0)};
    KernelView            kernel{memory_, stage1_of(vcpu(id))};
    std::array<char, 160> text{};
    Report                report{.trouble = trouble, .vcpu = id, .access = access, .node = node};

    if (find_notes(kernel, memory_.size() / k_page)) {
        kernel.read_symbols();
    } else if (watch_.early.find(memory_, memory_.size())) {
        (void)watch_.early.follow(memory_);
        kernel.use(watch_.early);
    }
    if (trouble == Trouble::panic) {
        report.message = kernel.find_panic(k_panic_messages, text);
    }
    report.cause = likely_cause(
        {.trouble   = trouble,
         .cpu       = &cpu,
         .access    = access,
         .node      = node,
         .message   = report.message,
         .bootargs  = images_.cmdline,
         .in_ram    = access != nullptr && memory_.contains(access->address, 1),
         .after_ram = access != nullptr && ends_shortly_before(memory_, access->address),
         .timer_on  = control.get<arch::CntvCtl::enable>() && !control.get<arch::CntvCtl::imask>()},
        kernel);

    print(sink(), "vmm: black box of guest \"", name(), "\": ", headline(trouble), '\n');
    if (!report.message.empty()) {
        print(sink(), "  message: ", report.message, '\n');
    }
    print(sink(), "  likely cause: ", report.cause, '\n');
    if (kernel.notes() != nullptr) {
        print(sink(), "  kernel: Linux ", kernel.notes()->name(), '\n');
    }
    print(sink(), "  vCPU ", id, ":\n");
    print_cpu(sink(), cpu, kernel);
    print(sink(), "  called from:\n");
    print_calls(sink(), cpu, kernel);
    print_log(sink(), kernel);
    print_machine(id, kernel);
    print(sink(), "vmm: end of the black box of guest \"", name(), "\"\n");
    if (config_.on_report != nullptr) {
        config_.on_report(*this, report);
    }
}

/// What the machine itself knows: the other vCPUs, exits, timers, interrupts, devices.
void Machine::print_machine(VcpuId culprit, const KernelView& kernel)
{
    const auto now       = arch::physical_count();
    const auto frequency = arch::counter_frequency();
    for (VcpuId id = 0; id < vcpus_; ++id) {
        if (id != culprit && records_[id].run != Run::off) {
            microkit::Registers registers;
            vcpu(id).read(registers, microkit::Registers::k_prefix_pc);
            print(sink(), "  vCPU ", id, " at ");
            kernel.print_place(sink(), registers.pc());
            print(sink(), records_[id].run == Run::running ? ", runs\n" : ", waits\n");
        }
    }
    const auto exits = std::accumulate(exits_.begin(), exits_.end(), std::uint64_t{0});
    print(sink(), "  the last ", exit_log_.size(), " of ", exits - watch_.exits_before,
          " exits; the timer's say how long ago:\n");
    print_exits(sink(), exit_log_, now, frequency);
    print(sink(), "  timers:\n");
    for (VcpuId id = 0; id < vcpus_; ++id) {
        if (records_[id].run != Run::off) {
            print_timer(id, now, frequency);
        }
    }
    print(sink(), "  interrupts:\n");
    print_interrupts(sink(), gic_);
    print(sink(), windows_.empty() ? "  devices: none that are emulated\n" : "  devices:\n");
    for (const DeviceWindow& window : windows_) {
        if (window.device != nullptr) {
            window.device->print_state(sink());
        }
    }
}

void Machine::print_timer(VcpuId id, std::uint64_t now, std::uint64_t frequency) const
{
    const auto face    = vcpu(id);
    const auto control = arch::CntvCtl{face.read(SystemRegister::cntv_ctl_el0)};
    const auto count   = now - counter_offset_;
    const auto due     = face.read(SystemRegister::cntv_cval_el0);
    print(sink(), "    vCPU ", id, ": virtual timer ");
    if (!control.get<arch::CntvCtl::enable>()) {
        print(sink(), "off");
    } else {
        print(sink(), control.get<arch::CntvCtl::imask>() ? "masked, " : "on, ",
              due > count ? "due in " : "due since ",
              Seconds{due > count ? due - count : count - due, frequency}, " s");
    }
    print(sink(), records_[id].timer_owed ? "; the guest has not ended its interrupt\n" : "\n");
}

} // namespace vmm
