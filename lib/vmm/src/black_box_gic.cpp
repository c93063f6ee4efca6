// SPDX-License-Identifier: BSD-2-Clause
// The virtual interrupt controller in a report: what is on its way to the guest, and what holds it.
#include "black_box.hpp"

#include <bit>

namespace vmm {

using base::print;

namespace {

constexpr unsigned k_bits       = 32; ///< of a bank
constexpr unsigned k_most_lines = 24; ///< for one vCPU or the shared ones

/// Which interrupts a bank has.
struct Place {
    unsigned                first; ///< INTID
    std::optional<unsigned> vcpu;  ///< whose private ones
};

/// Interrupts of a bank that want something, in words; how many lines there are now.
unsigned print_bank(base::Sink sink, const GicBank& bank, Place place, unsigned lines)
{
    const std::uint32_t signalled = bank.latch | (bank.line & ~bank.edge);
    std::uint32_t       wanted    = signalled | bank.in_flight | bank.active | bank.owed;
    for (; wanted != 0 && lines < k_most_lines; wanted &= wanted - 1, ++lines) {
        const auto          bit  = static_cast<unsigned>(std::countr_zero(wanted));
        const std::uint32_t mask = std::uint32_t{1} << bit;
        print(sink, "    interrupt ", place.first + bit);
        if (place.vcpu) {
            print(sink, " of vCPU ", *place.vcpu);
        }
        print(sink, ": ");
        if ((bank.in_flight & mask) != 0) {
            print(sink, "with the guest, which has not ended it");
        } else if ((signalled & mask) == 0) {
            print(sink, (bank.active & mask) != 0 ? "made active by the guest"
                                                  : "not acknowledged to its hardware");
        } else if ((bank.enabled & mask) == 0) {
            print(sink, "pending, but the guest has it disabled");
        } else if ((bank.waiting & mask) != 0) {
            print(sink, "pending, waits for a list register");
        } else {
            print(sink, "pending, but not delivered: no CPU that is on is its target, or its "
                        "group is off");
        }
        print(sink, '\n');
    }
    return lines;
}

} // namespace

void print_interrupts(base::Sink sink, const Gic& gic)
{
    constexpr std::string_view k_groups[] = {"both groups off", "group 0 on", "group 1 on",
                                             "both groups on"};

    const GicState& state = gic.state();
    print(sink, "    GIC", gic.config().version == GicVersion::v2 ? "v2" : "v3", ", ",
          k_groups[state.groups_enabled & 3], "; ", gic.counters().loaded,
          " interrupts given to the guest, ", gic.counters().maintenances, " ended by it\n");
    for (unsigned id = 0; id < gic.config().vcpus; ++id) {
        if ((state.online >> id & 1) != 0) {
            (void)print_bank(sink, state.vcpus[id].bank, {.first = 0, .vcpu = id}, 0);
        }
    }
    unsigned lines = 0;
    for (unsigned word = 0; word < state.shared.size(); ++word) {
        lines = print_bank(sink, state.shared[word],
                           {.first = (word + 1) * k_bits, .vcpu = std::nullopt}, lines);
    }
}

} // namespace vmm
