// SPDX-License-Identifier: BSD-2-Clause
// HVC and SMC: how a guest's call reaches the code that answers it, and how the answer gets back.
#include "vmm/machine.hpp"

namespace vmm {

using base::GuestVirtual;
using microkit::MessageInfo;
using microkit::Registers;
using microkit::UnknownSyscall;

namespace {

/// Copies x0..x7. Written out: eight words are one too many for the compiler to do it in line, and
/// a call costs more than the copy.
void copy_eight(std::uint64_t* to, const std::uint64_t* from)
{
    const auto a = from[0];
    const auto b = from[1];
    const auto c = from[2];
    const auto d = from[3];
    const auto e = from[4];
    const auto f = from[5];
    const auto g = from[6];
    const auto h = from[7];
    to[0]        = a;
    to[1]        = b;
    to[2]        = c;
    to[3]        = d;
    to[4]        = e;
    to[5]        = f;
    to[6]        = g;
    to[7]        = h;
}

/// pc, sp, spsr, x0..x3 and x0..x7.
constexpr unsigned k_prefix_x0 = Registers::prefix_of_x(0);
constexpr unsigned k_prefix_x3 = Registers::prefix_of_x(3);
constexpr unsigned k_prefix_x7 = Registers::prefix_of_x(7);

/// The words of a hypercall's reply: x0..x7 and the address to go on at.
constexpr unsigned k_reply_words = UnknownSyscall::k_word_ip + 1;

} // namespace

bool Machine::on(VcpuId id, const Hypercall&)
{
    // Two kernel entries in all: the registers came with the message and go back with the reply.
    std::uint64_t* const message = microkit::message_words();
    Call                 call;
    copy_eight(call.words.data(), message);
    call.next   = GuestVirtual{message[UnknownSyscall::k_word_ip] + k_instruction_size};
    call.sp_el0 = message[UnknownSyscall::k_word_sp];
    call.spsr   = message[UnknownSyscall::k_word_spsr];

    const auto function = call.words[0];
    const auto result   = answer_call(id, call.words, config_.smccc, psci_, *this);
    if (result.unknown && config_.stray_call != StrayPolicy::ignore) [[unlikely]] {
        return refuse_call(id, function);
    }
    if (!result.resumes || state_ != State::running) [[unlikely]] {
        return finish_call_by_registers(id, call, result);
    }
    copy_eight(message, call.words.data());
    message[UnknownSyscall::k_word_ip] = call.next.raw();
    *reply_                            = MessageInfo::create(0, k_reply_words);
    return true;
}

bool Machine::on(VcpuId id, const HypercallWithoutWords&) { return call_through_registers(id); }

bool Machine::on(VcpuId id, const SecureCall&) { return call_through_registers(id); }

bool Machine::call_through_registers(VcpuId id)
{
    // Only the firmware's calls have arguments beyond x3. x0..x7 follow each other in the prefix.
    constexpr unsigned k_x0 = Registers::prefix_of_x(0) - 1;
    Registers          registers;
    vcpu(id).read(registers, config_.smccc.forwards() ? k_prefix_x7 : k_prefix_x3);
    Call call;
    if (!config_.smccc.forwards()) {
        call.words = {registers.x(0), registers.x(1), registers.x(2), registers.x(3)};
    } else {
        copy_eight(call.words.data(), registers.words().data() + k_x0);
    }
    call.next           = GuestVirtual{registers.pc() + k_instruction_size};
    call.sp_el0         = registers.sp_el0();
    call.spsr           = registers.spsr();
    const auto function = call.words[0];
    const auto result   = answer_call(id, call.words, config_.smccc, psci_, *this);
    if (result.unknown && config_.stray_call != StrayPolicy::ignore) {
        return refuse_call(id, function);
    }
    return finish_call_by_registers(id, call, result);
}

bool Machine::refuse_call(VcpuId id, std::uint64_t function)
{
    return punish({.kind     = AccessKind::call,
                   .vcpu     = id,
                   .address  = {},
                   .size     = AccessSize::word,
                   .value    = function & 0xffff'ffff,
                   .pc       = pc_of(id),
                   .syndrome = {}},
                  config_.stray_call);
}

bool Machine::finish_call_by_registers(VcpuId id, Call& call, CallResult result)
{
    const auto& record = records_[id];
    if (is_obsolete() || (!result.resumes && !record.standby)) {
        return false; // off, asleep, or started anew
    }
    unsigned words = result.words;
    if (record.standby) {
        call.words[0] = static_cast<std::uint64_t>(arch::psci::k_success);
        words         = 1;
    }
    Registers registers;
    registers.pc()     = call.next.raw();
    registers.sp_el0() = call.sp_el0;
    registers.spsr()   = call.spsr;
    for (unsigned i = 0; i < words; ++i) {
        registers.set_x(i, call.words[i]);
    }
    vcpu(id).write(registers, k_prefix_x0 + words - 1);
    if (record.standby) {
        records_[id].standby = false;
        return !park(id, call.next);
    }
    return true;
}

} // namespace vmm
