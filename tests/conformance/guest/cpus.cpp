// SPDX-License-Identifier: BSD-2-Clause
#include "cpus.hpp"

#include "io.hpp"
#include "sections.hpp"

namespace conformance {

std::int64_t psci(guest::Psci function, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3)
{
    return guest::call(platform().conduit, function, x1, x2, x3);
}

namespace {

constinit volatile bool  begun[16] = {};
constinit guest::CpuMain works[16] = {};

void begin(unsigned cpu)
{
    begun[cpu] = true;
    works[cpu](cpu);
}

} // namespace

bool wait_for_cpu(unsigned cpu, bool off)
{
    return wait_until(k_patient, [&] {
        return psci(guest::Psci::affinity_info, platform().cpus[cpu]) == (off ? 1 : 0);
    });
}

bool start_on(unsigned cpu, guest::CpuMain work)
{
    begun[cpu] = false;
    works[cpu] = work;
    // QEMU's PSCI calls a CPU off until it runs.
    return guest::start_cpu(platform(), cpu, begin) == 0 &&
           wait_until(k_soon, [&] { return begun[cpu]; });
}

bool run_on(unsigned cpu, guest::CpuMain work)
{
    return start_on(cpu, work) && wait_for_cpu(cpu, true);
}

} // namespace conformance
