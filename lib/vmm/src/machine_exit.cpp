// SPDX-License-Identifier: BSD-2-Clause
// Answers to exits. Each system call here costs more than all the rest (on seL4 about 900
// instructions): registers are read once, in the shortest prefix, and written likewise.
#include "vmm/machine.hpp"

#include "arch/el1.hpp"
#include "arch/spsr.hpp"
#include "vmm/sysreg.hpp"

#include <bit>

namespace vmm {

using base::GuestPhysical;
using base::GuestVirtual;
using microkit::MessageInfo;
using microkit::Registers;

namespace {

/// Bytes of an instruction that was trapped: T32, of 32-bit programs, has short ones.
std::uint64_t length_of(arch::Esr syndrome) { return syndrome.get<arch::Esr::il>() ? 4 : 2; }

bool is_unaligned(GuestPhysical address, AccessSize size)
{
    return (address.raw() & (bytes(size) - 1)) != 0;
}

} // namespace

bool Machine::on_fault(VcpuId id, MessageInfo message, MessageInfo& reply)
{
    reply_             = &reply;
    exit_generation_   = generation_;
    handling_          = id;
    const bool resumes = decode_exit(message, [this, id]<class What>(const What& what) {
        ++exits_[exit_index<What>()];
        exit_log_.add(id, what);
        watch_.quiet[id] = false;
        return on(id, what);
    });
    handling_          = k_nobody;
    if (!resumes || is_obsolete()) [[unlikely]] {
        return false;
    }
    if (state_ != State::running) [[unlikely]] {
        vcpu(id).stop(); // paused while its exit was handled: resume() goes on from here
        return false;
    }
    return true;
}

bool Machine::is_device(GuestPhysical address) const
{
    return address.raw() - distributor_ < distributor_size_ ||
           address.raw() - redistributors_ < redistributors_size_ ||
           find_device(address, AccessSize::byte) != nullptr;
}

const Machine::DeviceWindow* Machine::find_device(GuestPhysical address, AccessSize size) const
{
    for (const DeviceWindow& window : windows_) {
        if (window.range.contains(address, bytes(size))) {
            return &window;
        }
    }
    return nullptr;
}

bool Machine::device_read(VcpuId id, GuestPhysical address, AccessSize size, std::uint64_t& value)
{
    if (const auto offset = address.raw() - distributor_; offset < distributor_size_) {
        value = gic_.read(id, GicFrame::distributor, offset, bytes(size));
        return true;
    }
    if (const auto offset = address.raw() - redistributors_; offset < redistributors_size_) {
        value = gic_.read(id, GicFrame::redistributor, offset, bytes(size));
        return true;
    }
    const DeviceWindow* window = find_device(address, size);
    if (window == nullptr) {
        return false;
    }
    value = window->device == nullptr
                ? 0
                : window->device->read(id, address.minus(window->range.start()), size);
    return true;
}

bool Machine::device_write(VcpuId id, GuestPhysical address, AccessSize size, std::uint64_t value)
{
    if (const auto offset = address.raw() - distributor_; offset < distributor_size_) {
        gic_.write(id, GicFrame::distributor, offset, bytes(size), value);
        return true;
    }
    if (const auto offset = address.raw() - redistributors_; offset < redistributors_size_) {
        gic_.write(id, GicFrame::redistributor, offset, bytes(size), value);
        return true;
    }
    const DeviceWindow* window = find_device(address, size);
    if (window == nullptr) {
        return false;
    }
    if (window->device != nullptr) {
        window->device->write(id, address.minus(window->range.start()), size, value);
    }
    return true;
}

void Machine::skip(VcpuId id, GuestVirtual pc, arch::Esr syndrome) const
{
    Registers registers;
    registers.pc() = pc.raw() + length_of(syndrome);
    vcpu(id).write(registers, Registers::k_prefix_pc);
}

std::uint64_t Machine::in_byte_order(VcpuId id, std::uint64_t value, AccessSize size) const
{
    Registers registers;
    vcpu(id).read(registers, Registers::k_prefix_spsr);
    const auto mode  = arch::Spsr{registers.spsr()}.get<arch::Spsr::mode>();
    const auto sctlr = arch::SctlrEl1{vcpu(id).read(microkit::SystemRegister::sctlr_el1)};
    const bool el1   = mode == arch::Mode::el1h || mode == arch::Mode::el1t;
    const bool big   = el1 ? sctlr.get<arch::SctlrEl1::ee>() : sctlr.get<arch::SctlrEl1::e0e>();
    return big ? std::byteswap(value) >> (64 - 8 * bytes(size)) : value;
}

bool Machine::finish_read(VcpuId id, const MmioRead& access, std::uint64_t value)
{
    const LoadTarget& target = access.target;
    const unsigned    prefix = Registers::prefix_of_x(target.reg);
    if (config_.big_endian_data) [[unlikely]] {
        value = in_byte_order(id, value, target.size);
    }
    Registers registers;
    if (prefix != Registers::k_prefix_pc) {
        vcpu(id).read(registers, prefix);
        registers.set_x(target.reg, target.extend(value));
    }
    registers.pc() = access.pc.raw() + length_of(access.syndrome);
    vcpu(id).write(registers, prefix);
    return true;
}

bool Machine::on(VcpuId id, const MmioRead& access)
{
    if (is_unaligned(access.address, access.target.size)) [[unlikely]] {
        return emulate(id, {access.address, access.pc, access.syndrome, false});
    }
    std::uint64_t value = 0;
    if (!device_read(id, access.address, access.target.size, value)) [[unlikely]] {
        const StrayAccess stray{.kind     = AccessKind::read,
                                .vcpu     = id,
                                .address  = access.address,
                                .size     = access.target.size,
                                .value    = 0,
                                .pc       = access.pc,
                                .syndrome = access.syndrome};
        const auto        policy = decide(stray);
        if (policy != StrayPolicy::ignore) {
            return punish(stray, policy);
        }
    }
    if (is_obsolete()) [[unlikely]] {
        return false;
    }
    return finish_read(id, access, value);
}

bool Machine::on(VcpuId id, const MmioWrite& access)
{
    if (is_unaligned(access.address, access.size)) [[unlikely]] {
        return emulate(id, {access.address, access.pc, access.syndrome, true});
    }
    Registers     registers;
    std::uint64_t value = 0;
    if (access.source != 31) {
        vcpu(id).read(registers, Registers::prefix_of_x(access.source));
        value = registers.x(access.source) & (~std::uint64_t{0} >> (64 - 8 * bytes(access.size)));
        if (config_.big_endian_data) [[unlikely]] {
            value = in_byte_order(id, value, access.size);
        }
    }
    if (!device_write(id, access.address, access.size, value)) [[unlikely]] {
        const StrayAccess stray{.kind     = AccessKind::write,
                                .vcpu     = id,
                                .address  = access.address,
                                .size     = access.size,
                                .value    = value,
                                .pc       = access.pc,
                                .syndrome = access.syndrome};
        const auto        policy = decide(stray);
        if (policy != StrayPolicy::ignore) {
            return punish(stray, policy);
        }
    }
    if (is_obsolete()) [[unlikely]] {
        return false;
    }
    skip(id, access.pc, access.syndrome);
    return true;
}

bool Machine::on(VcpuId id, const UndescribedAccess& access) { return emulate(id, access); }

bool Machine::on(VcpuId id, const CacheMaintenance& access)
{
    skip(id, access.pc, access.syndrome);
    return true;
}

bool Machine::on(VcpuId id, const BrokenAccess& access)
{
    const StrayAccess stray{.kind     = AccessKind::table_or_bus,
                            .vcpu     = id,
                            .address  = access.address,
                            .size     = AccessSize::byte,
                            .value    = access.write,
                            .pc       = access.pc,
                            .syndrome = access.syndrome};
    return answer_stray(stray);
}

bool Machine::on(VcpuId id, const FetchAbort& access)
{
    const StrayAccess stray{.kind     = AccessKind::fetch,
                            .vcpu     = id,
                            .address  = access.address,
                            .size     = AccessSize::word,
                            .value    = 0,
                            .pc       = access.pc,
                            .syndrome = access.syndrome};
    return answer_stray(stray);
}

bool Machine::on(VcpuId id, const WaitForInterrupt&)
{
    // The wait has begun, so an interrupt that ends it is taken behind it (ELR_EL1 is the next
    // instruction): a handler that returns must not find it waiting again.
    const GuestVirtual next{pc_of(id).raw() + k_instruction_size};
    if (park(id, next)) {
        return false;
    }
    Registers registers;
    registers.pc() = next.raw();
    vcpu(id).write(registers, Registers::k_prefix_pc);
    return true;
}

bool Machine::on(VcpuId id, const WaitForEvent&)
{
    // WFE may end without an event, and does so here. What it usually waits for is another vCPU
    // that lets go of a lock: the exit itself has given that one the chance to run.
    Registers registers;
    registers.pc() = pc_of(id).raw() + k_instruction_size;
    vcpu(id).write(registers, Registers::k_prefix_pc);
    return true;
}

bool Machine::on(VcpuId id, const SysregRead& access)
{
    if (has_physical_timer(access.reg)) [[unlikely]] {
        return read_physical_timer(id, access);
    }
    auto value = read_sysreg(access.reg, {.gic = config_.platform.gic, .vcpu = id});
    if (!value) [[unlikely]] {
        if (config_.stray_sysreg != StrayPolicy::ignore) {
            return punish(stray_sysreg(id, AccessKind::sysreg_read, access.syndrome),
                          config_.stray_sysreg);
        }
        value = 0;
    }
    const unsigned prefix = Registers::prefix_of_x(access.target);
    Registers      registers;
    vcpu(id).read(registers, prefix);
    registers.set_x(access.target, *value);
    registers.pc() += k_instruction_size;
    vcpu(id).write(registers, prefix);
    return true;
}

bool Machine::on(VcpuId id, const SysregWrite& access)
{
    namespace sysreg = arch::sysreg;

    if (has_physical_timer(access.reg)) [[unlikely]] {
        return write_physical_timer(id, access);
    }
    const bool v3  = config_.platform.gic == GicVersion::v3;
    const auto sgi = !v3                                      ? std::nullopt
                     : access.reg == sysreg::k_icc_sgi1r_el1  ? std::optional{SgiRegister::sgi1r}
                     : access.reg == sysreg::k_icc_sgi0r_el1  ? std::optional{SgiRegister::sgi0r}
                     : access.reg == sysreg::k_icc_asgi1r_el1 ? std::optional{SgiRegister::asgi1r}
                                                              : std::nullopt;
    if (!sgi && config_.stray_sysreg != StrayPolicy::ignore &&
        !ignores_sysreg_write(access.reg, {.gic = config_.platform.gic, .vcpu = id})) {
        return punish(stray_sysreg(id, AccessKind::sysreg_write, access.syndrome),
                      config_.stray_sysreg);
    }
    Registers registers;
    vcpu(id).read(registers, Registers::prefix_of_x(access.source));
    if (sgi) {
        gic_.write_sgi_register(id, *sgi, registers.x(access.source));
    }
    registers.pc() += k_instruction_size;
    vcpu(id).write(registers, Registers::k_prefix_pc);
    return true;
}

StrayAccess Machine::stray_sysreg(VcpuId id, AccessKind kind, arch::Esr syndrome) const
{
    return {.kind     = kind,
            .vcpu     = id,
            .address  = {},
            .size     = AccessSize::double_word,
            .value    = 0,
            .pc       = pc_of(id),
            .syndrome = syndrome};
}

bool Machine::on(VcpuId id, const PrivateInterrupt& interrupt)
{
    if (interrupt.intid == config_.platform.timer.virtual_timer) {
        records_[id].timer_owed = true;
    }
    gic_.hardware_interrupt(id, interrupt.intid);
    if (const auto now = exit_log_.newest(0).pc; now >= watch_.look_at) [[unlikely]] {
        look(now);
    }
    return true;
}

bool Machine::on(VcpuId id, const EndOfInterrupt& interrupt)
{
    gic_.maintenance(id, interrupt.list_register);
    return true;
}

bool Machine::on(VcpuId id, const UndefinedInstruction&)
{
    take_exception(vcpu(id), GuestException::undefined());
    return true;
}

bool Machine::on(VcpuId id, const UnknownExit& exit)
{
    const StrayAccess stray{.kind     = AccessKind::exception,
                            .vcpu     = id,
                            .address  = {},
                            .size     = AccessSize::byte,
                            .value    = 0,
                            .pc       = pc_of(id),
                            .syndrome = exit.syndrome};
    return answer_stray(stray);
}

GuestVirtual Machine::pc_of(VcpuId id) const
{
    Registers registers;
    vcpu(id).read(registers, Registers::k_prefix_pc);
    return GuestVirtual{registers.pc()};
}

} // namespace vmm
