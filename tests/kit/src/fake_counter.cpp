// SPDX-License-Identifier: BSD-2-Clause
// What lib/arch declares for a host instead of reading registers.
#include "kit/fake_counter.hpp"

#include "arch/counter.hpp"
#include "arch/physical_timer.hpp"

namespace kit {

FakeCounter& FakeCounter::instance()
{
    static FakeCounter the_one;
    return the_one;
}

} // namespace kit

namespace arch {

std::uint64_t physical_count()
{
    auto& counter = kit::FakeCounter::instance();
    return counter.now += counter.step;
}
std::uint64_t counter_frequency() { return kit::FakeCounter::instance().frequency; }

void start_physical_timer(std::uint64_t compare) { kit::FakeCounter::instance().timer = compare; }
void stop_physical_timer() { kit::FakeCounter::instance().timer.reset(); }

} // namespace arch
