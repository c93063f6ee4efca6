// SPDX-License-Identifier: BSD-2-Clause
// What an operation does, but for the timer and waiting.
#include "state.hpp"

#include "oracle/registers.hpp"

#include "guest/psci.hpp"

extern "C" {
void guest_secondary_start();
/// access.S: one instruction each; results in result[0] and, of a pair, result[1].
using Access = void (*)(std::uint64_t address, std::uint64_t* values);
extern const Access oracle_loads[], oracle_stores[];
}

namespace oracle {
namespace {

struct SystemRegister {
    std::uint64_t (*read)();
    void (*write)(std::uint64_t value);
};

constinit const SystemRegister registers[] = {
#define ORACLE_REGISTER(name, encoding)                                                            \
    {[]() -> std::uint64_t {                                                                       \
         std::uint64_t value_ = 0;                                                                 \
         asm volatile("mrs %0, " #encoding : "+r"(value_)::"memory");                              \
         return value_;                                                                            \
     },                                                                                            \
     [](std::uint64_t value) { asm volatile("msr " #encoding ", %0" ::"r"(value)                   \
                                            : "memory"); }},
#include "oracle/registers.inc"
#undef ORACLE_REGISTER
};

std::uint64_t base_of(Frame frame)
{
    switch (frame) {
    case Frame::gicd:
        return state.platform->distributor;
    default:
        return state.platform->cpu_interface;
    }
}

/// Row of access.S's tables: the form, then the size's logarithm.
unsigned row_of(const Operation& operation)
{
    unsigned log2 = 0;
    while (log2 < 3 && 1U << log2 != operation.size) {
        ++log2;
    }
    return operation.form % static_cast<unsigned>(Form::count_) * 4 + log2;
}

/// Of a GICv2: v2-disabled-groups.
bool is_group_disabled()
{
    return !state.v3 && (guest::read32(state.platform->distributor) &
                         guest::read32(state.platform->cpu_interface) & 3) != 3;
}

void read(const Operation& operation)
{
    constexpr std::uint32_t k_hppir = 0x18;
    if (operation.frame == Frame::gicc && operation.where == k_hppir && is_group_disabled()) {
        log(What::skipped, 7);
        return;
    }
    std::uint64_t values[2]{};
    oracle_loads[row_of(operation)](base_of(operation.frame) + operation.where, values);
    if (state.excepted) {
        return;
    }
    log(What::value, values[0]);
    if (static_cast<Form>(operation.form) == Form::pair) {
        log(What::value, values[1]);
    }
}

/// Interrupts of a word of ISACTIVER or ICACTIVER that CPUs hold: `owner` its private ones, any CPU
/// SPIs.
std::uint32_t held_in(unsigned owner, std::uint32_t word)
{
    std::uint32_t bits = 0;
    const auto    note = [&](const Held& held) {
        const auto intid = held.iar & 0x3ff;
        bits |= intid / 32 == word ? 1U << intid % 32 : 0;
    };
    for (unsigned i = 0; i < state.cpus; ++i) {
        const auto& cpu = state.cpu[i];
        for (unsigned k = 0; k < cpu.held && (word != 0 || i == owner); ++k) {
            note(cpu.stack[k]);
        }
        for (unsigned k = 0; k < cpu.dropped && (word != 0 || i == owner); ++k) {
            note(cpu.active[k]);
        }
    }
    return bits;
}

/// The value that is written instead of the operation's (see the table of departures):
/// - what is held does not become active by register: the end of what is in no list register
///   reaches no distributor;
/// - SPIs that are held do not become inactive: another CPU could take them, and then the holder's
///   end would be that of what is the other's by now;
/// - what is held stays in its group.
std::uint64_t permitted(const Operation& operation, std::uint64_t address)
{
    constexpr std::uint32_t k_igroupr = 0x80, k_isactiver = 0x300, k_icactiver = 0x380,
                            k_sgi_frame = 0x1'0000;
    const bool private_frame            = operation.frame == Frame::gicr;
    const auto offset = private_frame ? operation.where % 0x2'0000 - k_sgi_frame : operation.where;
    const auto owner  = private_frame ? operation.where / 0x2'0000 : self();
    const auto array  = offset & ~0x7fU;
    const auto word   = offset % 0x80 / 4;
    if (operation.frame == Frame::gicc) {
        return operation.a;
    }
    if (array == k_igroupr) {
        const std::uint64_t held = held_in(owner, word);
        return held == 0 ? operation.a : (operation.a & ~held) | (guest::read32(address) & held);
    }
    if (array == k_isactiver || (array == k_icactiver && word != 0)) {
        return operation.a & ~std::uint64_t{held_in(owner, word)};
    }
    return operation.a;
}

/// A CPU interface whose EOImode or binary points change under interrupts that it holds is not what
/// software makes.
bool changes_what_is_held(const Operation& operation)
{
    const auto& cpu = self_state();
    if (cpu.held + cpu.dropped == 0) {
        return false;
    }
    if (operation.kind == Kind::msr) {
        const auto reg = static_cast<Sysreg>(operation.where);
        return reg == Sysreg::ICC_CTLR_EL1 || reg == Sysreg::ICC_BPR0_EL1 ||
               reg == Sysreg::ICC_BPR1_EL1;
    }
    constexpr std::uint32_t k_ctlr = 0x00, k_bpr = 0x08, k_abpr = 0x1c;
    return operation.frame == Frame::gicc &&
           (operation.where == k_ctlr || operation.where == k_bpr || operation.where == k_abpr);
}

/// A GICv2's SPI that is pending or active keeps its target (v2-target-of-pending,
/// v2-target-of-active).
bool moves_what_is_in_use(const Operation& operation)
{
    constexpr std::uint32_t k_ispendr = 0x200, k_isactiver = 0x300, k_itargetsr = 0x800,
                            k_icfgr = 0xc00;
    if (state.v3 || state.cpus == 1 || operation.frame != Frame::gicd ||
        operation.where < k_itargetsr || operation.where >= k_icfgr) {
        return false;
    }
    const auto intid = operation.where - k_itargetsr;
    const auto word  = state.platform->distributor + intid / 32 * 4;
    return ((guest::read32(word + k_ispendr) | guest::read32(word + k_isactiver)) >> intid % 32 &
            1) != 0;
}

void write(const Operation& operation)
{
    if (moves_what_is_in_use(operation)) {
        log(What::skipped, 8);
        return;
    }
    const auto    address   = base_of(operation.frame) + operation.where;
    std::uint64_t values[2] = {permitted(operation, address), operation.b};
    if (changes_what_is_held(operation)) {
        log(What::skipped, 6);
        return;
    }
    auto form = operation;
    if (values[0] != 0 && static_cast<Form>(form.form) == Form::zero) {
        form.form = static_cast<std::uint8_t>(Form::plain); // not the zero that was asked for
    }
    oracle_stores[row_of(form)](address, values);
}

void start(const Operation& operation)
{
    const auto target = operation.where;
    if (target >= state.cpus) {
        return;
    }
    const bool was_online = state.cpu[target].online;
    const auto result =
        firmware(static_cast<std::uint64_t>(guest::Psci::cpu_on), state.platform->cpus[target],
                 reinterpret_cast<std::uint64_t>(guest_secondary_start), target);
    while (result == 0 && !was_online && !state.cpu[target].online) {
        pass();
    }
    log(What::result, static_cast<std::uint64_t>(result));
}

void stop()
{
    auto& cpu = self_state();
    if (self() == 0) {
        log(What::skipped, 2);
        return;
    }
    while (cpu.held != 0) {
        end_newest();
    }
    while (cpu.dropped != 0) {
        deactivate_oldest();
    }
    cpu.online = false; // cpu_main() does the rest
}

} // namespace

void perform(const Operation& operation)
{
    state.excepted = false;
    switch (operation.kind) {
    case Kind::read:
        read(operation);
        break;
    case Kind::write:
        write(operation);
        break;
    case Kind::mrs:
        if (operation.where < static_cast<std::uint32_t>(Sysreg::count_)) {
            const auto value = registers[operation.where].read();
            if (!state.excepted) {
                log(What::value, value);
            }
        }
        break;
    case Kind::msr:
        if (changes_what_is_held(operation)) {
            log(What::skipped, 6);
        } else if (operation.where < static_cast<std::uint32_t>(Sysreg::count_)) {
            registers[operation.where].write(operation.a);
            guest::instruction_barrier();
        }
        break;
    case Kind::call: {
        const auto call   = operation.form == 0 ? guest_hvc : guest_smc;
        const auto result = call(operation.where, operation.a, operation.b, operation.c);
        if (!state.excepted) {
            log(What::result, static_cast<std::uint64_t>(result));
        }
        break;
    }
    case Kind::start:
        start(operation);
        break;
    case Kind::stop:
        stop();
        break;
    case Kind::timer:
        perform_timer(operation);
        break;
    case Kind::wait:
        perform_wait(operation);
        break;
    case Kind::policy:
        self_state().policy = static_cast<Policy>(operation.form % 3);
        break;
    case Kind::ack:
        if (is_group_disabled() && GUEST_READ_SYSREG(isr_el1) == 0) {
            log(What::skipped, 7);
            break;
        }
        acknowledge(operation.form & 1, What::polled);
        break;
    case Kind::end:
        end_newest();
        break;
    case Kind::deactivate:
        deactivate_oldest();
        break;
    case Kind::count_:
        break;
    }
}

} // namespace oracle
