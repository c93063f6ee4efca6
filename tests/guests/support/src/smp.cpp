// SPDX-License-Identifier: BSD-2-Clause
#include "guest/smp.hpp"

#include "guest/psci.hpp"

#include <array>

extern "C" void guest_secondary_start();

namespace guest {
namespace {

constinit std::array<CpuMain, 16> mains{};
constinit Conduit                 conduit = Conduit::hvc;

} // namespace

std::int64_t start_cpu(const Platform& platform, unsigned index, CpuMain main)
{
    mains[index] = main;
    conduit      = platform.conduit;
    return call(platform.conduit, Psci::cpu_on, platform.cpus[index],
                reinterpret_cast<std::uint64_t>(guest_secondary_start), index);
}

extern "C" void guest_secondary(std::uint64_t index)
{
    mains[index](static_cast<unsigned>(index));
    call(conduit, Psci::cpu_off);
    __builtin_trap();
}

} // namespace guest
