// SPDX-License-Identifier: BSD-2-Clause
// Which CPU gets a shared interrupt, and what each CPU has of its own.
#include "check.hpp"
#include "controller.hpp"
#include "cpus.hpp"
#include "sections.hpp"

namespace conformance {
namespace {

constinit volatile std::uint32_t found = 0;
constinit volatile bool          ready = false;

const char* clause() { return is_v3() ? "IHI0069H GICD_IROUTER" : "IHI0048B GICD_ITARGETSR"; }

void take_one(unsigned)
{
    set_up_interface();
    ready = true;
    found = take_and_end();
}

bool waits(unsigned cpu, guest::CpuMain work)
{
    found = k_spurious;
    ready = false;
    return start_on(cpu, work) && wait_until(k_soon, [] { return ready; });
}

void check_routes()
{
    const auto cpus = static_cast<unsigned>(platform().cpus.size());
    quiet();
    prepare(k_spi);
    bool there = true, here = false;
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        there = waits(cpu, take_one) && there;
        route(k_spi, cpu);
        set(Reg::set_pending, k_spi);
        here  = !nothing_comes() || here;
        there = wait_for_cpu(cpu, true) && found == k_spi && there;
    }
    check(there, clause(), "an SPI goes to the CPU that it is routed to");
    check(!here, clause(), "and to no other");

    // Pending, then routed elsewhere.
    interface_on(false);
    route(k_spi, 0);
    set(Reg::set_pending, k_spi);
    const bool started = waits(1, take_one);
    route(k_spi, 1);
    check(started && wait_for_cpu(1, true) && found == k_spi, clause(),
          "pending here and routed there, it is taken there");
    interface_on(true);
    check(nothing_comes(), clause(), "and no longer here");
    route(k_spi, 0);

    if (is_v3()) {
        const auto router = distributor() + 0x6000 + 8 * std::uint64_t{k_spi};
        write64(router, 1ULL << 31);
        if ((read64(router) >> 31 & 1) == 0) {
            skip(clause(), "IRM: taken once, by any CPU", "no 1-of-N");
            return;
        }
    } else {
        write8(address_of(Reg::target, k_spi), 3);
    }
    bool once = true;
    for (int i = 0; i < 10; ++i) {
        once = waits(1,
                     [](unsigned) {
                         set_up_interface();
                         ready = true;
                         (void)wait_until(20'000, [] {
                             const auto raw = acknowledge();
                             if ((raw & k_number) == k_spi) {
                                 found = raw;
                                 end(raw);
                             }
                             return found == k_spi;
                         });
                     }) &&
               once;
        set(Reg::set_pending, k_spi);
        unsigned times = nothing_comes() ? 0 : 1;
        once           = wait_for_cpu(1, true) && once;
        times += found == k_spi ? 1U : 0U;
        once = once && times == 1;
    }
    check(once, clause(), is_v3() ? "IRM: taken once, by any CPU" : "two targets: taken once");
    quiet();
}

void check_banks()
{
    const auto* const name = is_v3() ? "IHI0069H GICR_ISENABLER0" : "IHI0048B 4.1.4 banking";
    quiet();
    set(Reg::set_enable, k_ppi);
    set_priority(k_ppi, 0x30);
    const bool ran = run_on(1, [](unsigned) {
        found = (bit(Reg::set_enable, k_ppi) ? 1U : 0U) | priority(k_ppi) << 8;
        set(Reg::set_enable, k_ppi + 1);
        set(Reg::set_pending, k_ppi + 1);
    });
    check(ran && (found & 1) == 0, name, "a PPI enabled here is not enabled on another CPU");
    check(ran && found >> 8 != 0x30, name, "nor has it the same priority there");
    check(!bit(Reg::set_enable, k_ppi + 1), name, "nor the other way round");
    check(!bit(Reg::set_pending, k_ppi + 1), name, "a PPI pending there is not pending here");
    (void)run_on(1, [](unsigned) {
        set(Reg::clear_enable, k_ppi + 1);
        set(Reg::clear_pending, k_ppi + 1);
    });
    if (is_v3()) {
        // Another CPU's frame can be reached.
        const auto frame = redistributor(platform().cpus[1]) + 0x1'0000;
        write32(frame + 0x100, 1U << k_ppi);
        check((read32(frame + 0x100) >> k_ppi & 1) == 1, name,
              "another CPU's frame can be written");
        const bool again =
            run_on(1, [](unsigned) { found = bit(Reg::set_enable, k_ppi) ? 1U : 0U; });
        check(again && found == 1, name, "and that CPU sees it");
        write32(frame + 0x180, 1U << k_ppi);
        return;
    }
    const bool ran_too = run_on(1, [](unsigned) { found = read8(address_of(Reg::target, k_ppi)); });
    check(ran_too && found == 2, clause(), "those of PPIs read as the reading CPU, on another one");
}

} // namespace

void check_gic_routing()
{
    if (platform().cpus.size() == 1) {
        skip(clause(), "an SPI goes to the CPU that it is routed to", "one CPU");
        return;
    }
    check_routes();
    check_banks();
    quiet();
}

} // namespace conformance
