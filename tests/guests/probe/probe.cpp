// SPDX-License-Identifier: BSD-2-Clause
// Does what the words of its command line say and prints a line for each: what tests of isolation,
// power and exits drive. Numbers are decimal or hexadecimal (0x).
//     facts                        what the device tree says
//     read:ADDRESS[:SIZE]          a load of 1, 2, 4 (default) or 8 bytes
//     write:ADDRESS:VALUE[:SIZE]   a store
//     pair:ADDRESS  post:ADDRESS  zero:ADDRESS    LDP, a store with write-back, DC ZVA
//     jump:ADDRESS                 a call there
//     undefined                    an undefined instruction
//     hvc:FUNCTION[:X1:X2:X3]  smc:…              any call
//     off  reset                   PSCI SYSTEM_OFF, SYSTEM_RESET by the conduit of the device tree
//     cpu:INDEX                    starts another CPU, which says hello and turns itself off
//     spin:MS  idle:MS             passes virtual time, busy or in WFI
// At the end the machine is powered off.

#include "arch/esr.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/exception.hpp"
#include "guest/gic.hpp"
#include "guest/main.hpp"
#include "guest/psci.hpp"
#include "guest/smp.hpp"
#include "guest/timer.hpp"
#include "guest/words.hpp"

extern "C" {
std::uint64_t probe_load_pair(std::uint64_t address);
std::uint64_t probe_store_post(std::uint64_t address);
void          probe_zero_block(std::uint64_t address);
void          probe_jump(std::uint64_t address);
void          probe_undefined();
}

namespace {

using base::Hex;
using guest::Command;
using guest::print;

constinit const guest::Platform* platform = nullptr;
constinit Command                current{""};
constinit std::uint64_t          result     = 0;
constinit volatile bool          has_result = false;

void give(std::uint64_t value)
{
    result     = value;
    has_result = true;
}

template <class Word>
std::uint64_t load(std::uint64_t address)
{
    return *reinterpret_cast<const volatile Word*>(address);
}
template <class Word>
void store(std::uint64_t address, std::uint64_t value)
{
    *reinterpret_cast<volatile Word*>(address) = static_cast<Word>(value);
}

void read(std::uint64_t address)
{
    switch (current.numbers[1]) {
    case 1:
        give(load<std::uint8_t>(address));
        break;
    case 2:
        give(load<std::uint16_t>(address));
        break;
    case 8:
        give(load<std::uint64_t>(address));
        break;
    default:
        give(load<std::uint32_t>(address));
    }
}

void write(std::uint64_t address)
{
    const auto value = current.numbers[1];
    switch (current.numbers[2]) {
    case 1:
        store<std::uint8_t>(address, value);
        break;
    case 2:
        store<std::uint16_t>(address, value);
        break;
    case 8:
        store<std::uint64_t>(address, value);
        break;
    default:
        store<std::uint32_t>(address, value);
    }
}

void call_hvc(std::uint64_t function)
{
    const auto& n = current.numbers;
    give(static_cast<std::uint64_t>(guest_hvc(function, n[1], n[2], n[3])));
}
void call_smc(std::uint64_t function)
{
    const auto& n = current.numbers;
    give(static_cast<std::uint64_t>(guest_smc(function, n[1], n[2], n[3])));
}

void say_hello(unsigned index)
{
    print("probe: CPU ", index, " runs, MPIDR ", Hex{guest::own_mpidr()}, "\n");
}

void start_cpu(std::uint64_t index)
{
    const auto cpu = static_cast<unsigned>(index);
    if (cpu == 0 || cpu >= platform->cpus.size()) {
        print("probe: there is no further CPU ", index, "\n");
        return;
    }
    give(static_cast<std::uint64_t>(guest::start_cpu(*platform, cpu, say_hello)));
    while (guest::call(platform->conduit, guest::Psci::affinity_info, platform->cpus[cpu]) == 0) {
    }
}

std::uint64_t ticks(std::uint64_t milliseconds)
{
    return milliseconds * guest::ticks_per_second() / 1000;
}

void spin(std::uint64_t milliseconds)
{
    const auto end = guest::now() + ticks(milliseconds);
    while (guest::now() < end) {
    }
}

void idle(std::uint64_t milliseconds)
{
    const auto    end   = guest::now() + ticks(milliseconds);
    std::uint64_t wakes = 0;
    guest::start_timer(end);
    while (guest::now() < end) {
        guest::wait_for_interrupt();
        ++wakes;
    }
    guest::enable_interrupts(); // the handler stops the timer
    guest::instruction_barrier();
    guest::disable_interrupts();
    give(wakes);
}

void facts(std::uint64_t)
{
    print("probe: entered at EL", guest::entry_level(), ", PSCI by ",
          platform->conduit == guest::Conduit::hvc ? "HVC" : "SMC", ", GICv", platform->gic_version,
          " at ", Hex{platform->distributor}, " and ", Hex{platform->cpu_interface}, "\n");
    print("probe: UART at ", Hex{platform->uart}, ", interrupt ", platform->uart_intid,
          "; virtual timer interrupt ", platform->virtual_timer, "\n");
    for (const auto& range : platform->memory) {
        print("probe: memory at ", Hex{range.start}, ", ", range.size >> 20, " MiB\n");
    }
    for (const auto mpidr : platform->cpus) {
        print("probe: CPU with MPIDR ", Hex{mpidr}, "\n");
    }
}

struct Action {
    std::string_view name;
    void (*run)(std::uint64_t first_number);
};

// Not constexpr: addresses of functions are relocated at entry.
constinit Action actions[] = {
    {"facts", facts},
    {"read", read},
    {"write", write},
    {"pair", [](std::uint64_t address) { give(probe_load_pair(address)); }},
    {"post", [](std::uint64_t address) { give(probe_store_post(address)); }},
    {"zero", probe_zero_block},
    {"jump", probe_jump},
    {"undefined", [](std::uint64_t) { probe_undefined(); }},
    {"hvc", call_hvc},
    {"smc", call_smc},
    {"off", [](std::uint64_t) { guest::power_off(); }},
    {"reset",
     [](std::uint64_t) {
         give(
             static_cast<std::uint64_t>(guest::call(platform->conduit, guest::Psci::system_reset)));
     }},
    {"cpu", start_cpu},
    {"spin", spin},
    {"idle", idle},
};

/// Whether FAR_EL1 says anything: of aborts, unless the syndrome denies it (FnV).
bool has_address(std::uint64_t syndrome)
{
    const auto ec = arch::Esr{syndrome}.get<arch::Esr::ec>();
    return (ec == arch::Ec::data_same || ec == arch::Ec::instruction_same) &&
           !arch::DataAbortIss{syndrome}.get<arch::DataAbortIss::fnv>();
}

void obey(std::string_view word)
{
    current    = Command{word};
    has_result = false;
    for (const auto& action : actions) {
        if (action.name != current.name || !current.is_well_formed) {
            continue;
        }
        print("probe ", word, ": begins\n");
        const auto syndrome = guest::survive(action.run, current.numbers[0]);
        if (syndrome != 0) {
            print("probe ", word, ": exception, ESR ", Hex{syndrome});
            if (has_address(syndrome)) {
                print(", FAR ", Hex{guest::survived_address()});
            }
            print("\n");
        } else if (has_result) {
            print("probe ", word, ": ", Hex{result}, "\n");
        } else {
            print("probe ", word, ": done\n");
        }
        return;
    }
    print("probe ", word, ": not understood\n");
}

void on_interrupt(guest::Frame&, std::uint32_t) { guest::stop_timer(); }

} // namespace

void guest::run(const Platform& found)
{
    platform = &found;
    set_interrupt_handler(on_interrupt);
    select_gic(found).configure();
    gic().configure_cpu();
    gic().enable(found.virtual_timer);
    print("probe: ready\n");
    auto rest = found.bootargs;
    while (!rest.empty()) {
        if (const auto word = guest::next_part(rest, ' '); !word.empty()) {
            obey(word);
        }
    }
    print("probe: end\n");
}
