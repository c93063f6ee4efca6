// SPDX-License-Identifier: BSD-2-Clause
// The first CPU sends, the second one takes. All CPUs of the machine run on one core of the host,
// so that the time that passes is the sum of what is done for both.
#include "ipi.hpp"

#include "guest/cpu.hpp"
#include "guest/gic.hpp"
#include "guest/smp.hpp"
#include "guest/stamp.hpp"
#include "guest/timer.hpp"
#include "samples.hpp"

namespace bench {
namespace {

constexpr unsigned k_sender = 0, k_taker = 1;

// Memory is not cached here, and each is written by one CPU.
constinit volatile std::uint32_t ready     = 0; ///< other CPUs that have come up
constinit volatile bool          is_busy   = false;
constinit volatile std::uint64_t ping_time = 0;
constinit volatile std::uint64_t pong_time = 0;
constinit volatile std::uint32_t pongs     = 0;

std::uint64_t sender_mpidr = 0;

void let_interrupts_in()
{
    guest::enable_interrupts();
    guest::instruction_barrier();
    guest::disable_interrupts();
}

void other_cpu(unsigned index)
{
    guest::gic().configure_cpu();
    if (index == k_taker) {
        guest::gic().enable(k_ping);
    }
    ready = ready + 1;
    while (true) {
        if (!is_busy || index != k_taker) {
            guest::wait_for_interrupt(); // masked: it ends all the same
        }
        let_interrupts_in();
    }
}

/// Long enough for the other CPU to have nothing left to do: to wait, or to be in its loop.
void let_others_settle()
{
    constexpr std::uint64_t k_time = 3'300'000 / guest::k_nanoseconds_per_tick; // a few time slices
    const auto              until  = guest::now() + k_time;
    while (guest::now() < until) {
    }
}

Stamps send_ping(const guest::Platform& platform)
{
    constexpr std::uint64_t k_sgir = 0xf00;
    const auto              taker  = platform.cpus[k_taker];
    return platform.gic_version == 2
               ? bench_write32(platform.distributor + k_sgir, guest::sgir(taker, k_ping))
               : bench_sgi1r(0, guest::sgi1r(taker, k_ping));
}

/// The sender waits until `count` has moved from `seen`; meanwhile the core is the taker's.
void wait_for_more(const volatile std::uint32_t& count, std::uint32_t seen)
{
    while (count == seen) {
        guest::wait_for_interrupt(); // masked: it ends all the same
        let_interrupts_in();
    }
}

/// What the sender's own instruction takes, before the taker runs.
std::uint64_t sending(const guest::Platform& platform)
{
    let_others_settle();
    const auto seen   = pongs;
    const auto stamps = send_ping(platform);
    wait_for_more(pongs, seen);
    return instructions(stamps);
}

std::uint64_t there(const guest::Platform& platform)
{
    let_others_settle();
    const auto seen   = pongs;
    const auto stamps = send_ping(platform);
    wait_for_more(pongs, seen);
    return ping_time - beginning(stamps);
}

std::uint64_t there_and_back(const guest::Platform& platform)
{
    let_others_settle();
    const auto seen   = pongs;
    const auto stamps = send_ping(platform);
    wait_for_more(pongs, seen);
    return pong_time - beginning(stamps);
}

} // namespace

bool take_ipi(const guest::Frame& frame, std::uint32_t intid)
{
    if (intid == k_ping) {
        ping_time = frame.time;
        guest::gic().send(sender_mpidr, k_pong);
    } else if (intid == k_pong) {
        pong_time = frame.time;
        pongs     = pongs + 1;
    }
    return intid == k_ping || intid == k_pong;
}

void start_other_cpus(const guest::Platform& platform)
{
    sender_mpidr = platform.cpus[k_sender];
    for (unsigned index = 1; index < platform.cpus.size(); ++index) {
        const auto before = ready;
        if (const auto answer = guest::start_cpu(platform, index, other_cpu); answer != 0) {
            guest::print("bench: CPU ", index, " does not start: ", answer, "\n");
            continue;
        }
        while (ready == before) {
        }
    }
}

void bench_ipi(const guest::Platform& platform)
{
    if (ready == 0) {
        return;
    }
    guest::gic().enable(k_pong);
    report("ipi_send", [&] { return sending(platform); });
    report("ipi", [&] { return there(platform); });
    report("ipi_round_trip", [&] { return there_and_back(platform); });
    is_busy = true;
    (void)there(platform); // so that the taker leaves its WFI
    report("ipi_to_busy", [&] { return there(platform); });
    is_busy = false;
}

} // namespace bench
