// SPDX-License-Identifier: BSD-2-Clause
#include "scribble.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/psci.hpp"
#include "guest/smp.hpp"

#include <algorithm>
#include <array>

namespace hostile {
namespace {

constexpr unsigned k_cpus = 16;

// Written by one CPU each.
constinit volatile bool                              wanted = false;
constinit std::array<volatile std::uint64_t, k_cpus> written{};
constinit std::array<std::uint64_t, k_cpus>          seeds{};
constinit Memory                                     memory{};
constinit unsigned                                   others   = 0;
constinit const guest::Platform*                     platform = nullptr;

/// A word that looks like part of a ring: an address, a size with flags and next, or indices.
std::uint64_t word(Random& random)
{
    switch (random.below(4)) {
    case 0:
        return memory.arena + random.below(memory.size);
    case 1: // size, flags, next
        return random.below(4096) | random.below(8) << 32 | random.below(64) << 48;
    case 2:
        return memory.harmless(random.next() >> random.below(64));
    default:
        return random.below(64) * 0x0001'0001'0001'0001;
    }
}

void main(unsigned index)
{
    Random random{seeds[index] += k_cpus};
    while (wanted) {
        // Rings lie at the beginning.
        const auto range = random.one_in(4) ? memory.size : 0x4000;
        const auto at    = memory.arena + (random.below(range) & ~std::uint64_t{7});
        if (random.one_in(2)) {
            *reinterpret_cast<volatile std::uint64_t*>(at) = word(random);
        } else {
            *reinterpret_cast<volatile std::uint16_t*>(at + 2 * random.below(4)) =
                static_cast<std::uint16_t>(random.below(64));
        }
        written[index] = written[index] + 1;
    }
}

} // namespace

unsigned prepare_scribblers(const guest::Platform& found, const Memory& shared, std::uint64_t seed)
{
    platform = &found;
    memory   = shared;
    others   = std::min<unsigned>(static_cast<unsigned>(found.cpus.size()), k_cpus) - 1;
    for (unsigned i = 1; i <= others; ++i) {
        seeds[i] = seed + i;
    }
    return others;
}

void start_scribbling()
{
    wanted = true;
    guest::data_barrier();
    for (unsigned i = 1; i <= others; ++i) {
        if (guest::start_cpu(*platform, i, main) != 0) {
            guest::print("\nhostile: CPU ", i, " does not start\n");
        }
    }
}

void stop_scribbling()
{
    wanted = false;
    guest::data_barrier();
    for (unsigned i = 1; i <= others; ++i) {
        constexpr std::int64_t k_off = 1;
        while (guest::call(platform->conduit, guest::Psci::affinity_info, platform->cpus[i]) !=
               k_off) {
        }
    }
}

std::uint64_t scribbled()
{
    std::uint64_t sum = 0;
    for (const auto& count : written) {
        sum += count;
    }
    return sum;
}

} // namespace hostile
