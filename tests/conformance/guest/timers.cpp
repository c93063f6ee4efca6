// SPDX-License-Identifier: BSD-2-Clause
// The generic timer (DDI 0487, D11): the virtual timer and the physical one, by the same checks.
#include "check.hpp"
#include "controller.hpp"
#include "cpus.hpp"
#include "sections.hpp"

#include "fdt/interrupt.hpp"
#include "fdt/reader.hpp"

#include "guest/exception.hpp"
#include "guest/gic.hpp"

namespace conformance {
namespace {

constexpr std::uint64_t k_enable = 1, k_mask = 2, k_status = 4;

/// One of the two timers of EL1.
struct Timer {
    std::string_view name;
    std::uint32_t    intid;
    const char*      control;
    const char*      compare;
    const char*      value;
    const char*      line;
    std::uint64_t (*count)();
    std::uint64_t (*get_control)();
    void (*set_control)(std::uint64_t);
    std::uint64_t (*get_compare)();
    void (*set_compare)(std::uint64_t);
    std::uint64_t (*get_value)();
    void (*set_value)(std::uint64_t);
};

#define CONFORMANCE_GET(reg)                                                                       \
    [] {                                                                                           \
        guest::instruction_barrier();                                                              \
        return GUEST_READ_SYSREG(reg);                                                             \
    }
#define CONFORMANCE_SET(reg)                                                                       \
    [](std::uint64_t value) {                                                                      \
        GUEST_WRITE_SYSREG(reg, value);                                                            \
        guest::instruction_barrier();                                                              \
    }

std::uint32_t physical_interrupt()
{
    const auto tree = fdt::Tree::create(platform().device_tree);
    const auto node = tree ? tree->find_compatible("arm,armv8-timer") : std::nullopt;
    if (!node) {
        return 0;
    }
    const auto line = fdt::interrupt(*tree, tree->locate(*node), 1);
    return line && *line && (*line)->cells.size() >= 2 ? (*line)->cells[1] + 16 : 0;
}

Timer virtual_timer()
{
    return {"virtual timer",
            platform().virtual_timer,
            "DDI0487 CNTV_CTL_EL0",
            "DDI0487 CNTV_CVAL_EL0",
            "DDI0487 CNTV_TVAL_EL0",
            "DDI0487 D11.2.4 virtual timer's interrupt",
            CONFORMANCE_GET(cntvct_el0),
            CONFORMANCE_GET(cntv_ctl_el0),
            CONFORMANCE_SET(cntv_ctl_el0),
            CONFORMANCE_GET(cntv_cval_el0),
            CONFORMANCE_SET(cntv_cval_el0),
            CONFORMANCE_GET(cntv_tval_el0),
            CONFORMANCE_SET(cntv_tval_el0)};
}

Timer physical_timer()
{
    return {"physical timer",
            physical_interrupt(),
            "DDI0487 CNTP_CTL_EL0",
            "DDI0487 CNTP_CVAL_EL0",
            "DDI0487 CNTP_TVAL_EL0",
            "DDI0487 D11.2.4 physical timer's interrupt",
            CONFORMANCE_GET(cntpct_el0),
            CONFORMANCE_GET(cntp_ctl_el0),
            CONFORMANCE_SET(cntp_ctl_el0),
            CONFORMANCE_GET(cntp_cval_el0),
            CONFORMANCE_SET(cntp_cval_el0),
            CONFORMANCE_GET(cntp_tval_el0),
            CONFORMANCE_SET(cntp_tval_el0)};
}

std::uint64_t milliseconds(std::uint64_t count) { return microseconds(1000 * count); }

void check_counters()
{
    constexpr const char* k_name = "DDI0487 D11.1 counters";
    const auto            hertz  = guest::ticks_per_second();
    check(hertz >= 1'000'000 && hertz <= 1'000'000'000, "DDI0487 CNTFRQ_EL0", "1 MHz to 1 GHz");
    bool virtually = true, physically = true;
    auto before = guest::now(), physical = GUEST_READ_SYSREG(cntpct_el0);
    for (int i = 0; i < 1000; ++i) {
        const auto now = guest::now();
        virtually      = virtually && now >= before;
        before         = now;
        const auto too = GUEST_READ_SYSREG(cntpct_el0);
        physically     = physically && too >= physical;
        physical       = too;
    }
    check(virtually, k_name, "the virtual count never goes back");
    check(physically, k_name, "the physical count never goes back");
    const auto start = guest::now();
    check(wait_until(k_soon, [&] { return guest::now() > start + 100; }), k_name,
          "the virtual count goes on");
    const auto one = GUEST_READ_SYSREG(cntpct_el0) - guest::now();
    (void)wait_until(1000, [] { return false; });
    const auto two    = GUEST_READ_SYSREG(cntpct_el0) - guest::now();
    const auto change = two > one ? two - one : one - two;
    check(change < milliseconds(500), k_name, "both counts go alike");
}

constinit volatile std::uint64_t elsewhere = 0;

void check_counters_of_cpus()
{
    constexpr const char* k_name = "DDI0487 D11.1 counters";
    if (platform().cpus.size() == 1) {
        skip(k_name, "all CPUs see one time", "one CPU");
        return;
    }
    bool right = true;
    for (int i = 0; i < 5; ++i) {
        const auto before = guest::now();
        right             = run_on(1, [](unsigned) { elsewhere = guest::now(); }) && right;
        right             = elsewhere >= before && elsewhere <= guest::now() && right;
    }
    check(right, k_name, "all CPUs see one time");
    check(run_on(1, [](unsigned) { elsewhere = guest::ticks_per_second(); }) &&
              elsewhere == guest::ticks_per_second(),
          "DDI0487 CNTFRQ_EL0", "the same on all CPUs");
}

void off(const Timer& timer)
{
    timer.set_control(0);
    timer.set_compare(~0ULL >> 1);
    set(Reg::clear_enable, timer.intid);
    set(Reg::clear_pending, timer.intid);
    const auto raw = acknowledge();
    if ((raw & k_number) < 1020) {
        end(raw);
    }
}

void check_registers(const Timer& timer)
{
    timer.set_control(0);
    timer.set_compare(0x1234'5678'9abc);
    check_equal(timer.get_compare(), 0x1234'5678'9abc, timer.compare, "a value is kept");
    const auto before = timer.count();
    timer.set_value(0x10'0000);
    const auto after = timer.count();
    check(timer.get_compare() >= before + 0x10'0000 && timer.get_compare() <= after + 0x10'0000,
          timer.value, "written: compare value = count + value");
    timer.set_compare(timer.count() + 0x4000'0000); // far, however long something holds us up
    check(timer.get_value() <= 0x4000'0000 && timer.get_value() > 0, timer.value,
          "reads: compare value - count");
    const auto base = timer.count();
    timer.set_value(0xffff'ff00); // -256
    check(timer.get_compare() - (base - 256) < milliseconds(500), timer.value,
          "is a signed number of 32 bits");

    timer.set_compare(timer.count() + milliseconds(60'000));
    timer.set_control(k_enable | k_mask);
    check_equal(timer.get_control() & 7, k_enable | k_mask, timer.control,
                "deadline ahead: ISTATUS is 0");
    timer.set_compare(timer.count());
    check_equal(timer.get_control() & 7, k_enable | k_mask | k_status, timer.control,
                "deadline reached: ISTATUS is 1, masked too");
    timer.set_compare(0);
    check_equal(timer.get_control() & 7, k_enable | k_mask | k_status, timer.control,
                "deadline long past: ISTATUS is 1");
    timer.set_compare(timer.count() + milliseconds(60'000));
    check_equal(timer.get_control() & k_status, 0, timer.control,
                "deadline put off: ISTATUS is 0 again");
    timer.set_control(0);
    timer.set_compare(0);
    check_equal(timer.get_control() & k_enable, 0, timer.control, "off: ENABLE reads 0");
    timer.set_control(k_enable | k_mask);
    timer.set_control(k_enable | k_mask | k_status);
    timer.set_compare(timer.count() + milliseconds(60'000));
    check_equal(timer.get_control() & k_status, 0, timer.control, "ISTATUS is read-only");
    timer.set_compare(timer.count() + milliseconds(2));
    const auto deadline = timer.get_compare();
    check(wait_until(k_soon, [&] { return (timer.get_control() & k_status) != 0; }) &&
              timer.count() >= deadline,
          timer.control, "ISTATUS becomes 1 at the deadline");
    off(timer);
}

void check_line(const Timer& timer)
{
    const auto* const name = timer.line;
    // Not enabled in the GIC: the line shows in the pending bit.
    timer.set_compare(timer.count() + milliseconds(60'000));
    timer.set_control(k_enable);
    check(!bit(Reg::set_pending, timer.intid), name, "deadline ahead: not pending");
    timer.set_compare(timer.count());
    check(wait_until(k_soon, [&] { return bit(Reg::set_pending, timer.intid); }), name,
          "deadline reached: pending, though not enabled");
    timer.set_control(k_enable | k_mask);
    check(wait_until(k_soon, [&] { return !bit(Reg::set_pending, timer.intid); }), name,
          "masked: no longer pending");
    timer.set_control(k_enable);
    check(wait_until(k_soon, [&] { return bit(Reg::set_pending, timer.intid); }), name,
          "unmasked: pending again");
    timer.set_compare(timer.count() + milliseconds(60'000));
    check(wait_until(k_soon, [&] { return !bit(Reg::set_pending, timer.intid); }), name,
          "deadline put off: no longer pending");
    set_priority(timer.intid, 0x80);
    set(Reg::set_enable, timer.intid);
    check(nothing_comes(), name, "put off before it was enabled, it does not come");

    timer.set_compare(timer.count() + milliseconds(2));
    const auto deadline = timer.get_compare();
    auto       raw      = take();
    check(timer.count() >= deadline, name, "it does not come before the deadline");
    check_equal(raw & k_number, timer.intid, name, "it comes");
    check(bit(Reg::set_active, timer.intid), name, "taken, it is active");
    end(raw);
    raw = take();
    check_equal(raw & k_number, timer.intid, name,
                "a level: it comes again while the line is high");
    timer.set_control(k_enable | k_mask);
    end(raw);
    check(nothing_comes(), name, "masked in its handler, it does not come again");
    timer.set_control(k_enable);
    check_equal(take() & k_number, timer.intid, name, "unmasked, it comes");
    timer.set_control(0);
    end(timer.intid);
    check(nothing_comes(), name, "switched off in its handler, it does not come again");
    bool in_time = false;
    for (int i = 0; i < 20 && !in_time; ++i) { // until nothing holds us up between the two
        timer.set_control(0);
        const auto first = timer.count() + milliseconds(3);
        timer.set_compare(first);
        timer.set_control(k_enable);
        timer.set_compare(first + milliseconds(60'000));
        in_time = timer.count() < first;
        if (!in_time) {
            off(timer);
            set(Reg::set_enable, timer.intid);
        }
    }
    (void)wait_until(5'000, [] { return false; });
    check(in_time && nothing_comes(), name, "put off before the deadline, it does not come");
    off(timer);
    set(Reg::set_enable, timer.intid);
    timer.set_compare(0);
    timer.set_control(k_enable | k_mask);
    check(nothing_comes(), name, "masked all along, it does not come");
    off(timer);
}

constinit volatile unsigned      ticks   = 0;
constinit const Timer*           ticking = nullptr;
constinit volatile std::uint64_t latest  = 0;

void check_ticks(const Timer& timer)
{
    // Twenty deadlines at 1 ms each, from the handler on, while the program waits in WFI.
    ticks   = 0;
    latest  = 0;
    ticking = &timer;
    guest::set_interrupt_handler([](guest::Frame&, std::uint32_t intid) {
        if (intid != ticking->intid) {
            return;
        }
        const auto late = ticking->count() - ticking->get_compare();
        latest          = late > latest ? late : latest;
        ticks           = ticks + 1;
        ticking->set_compare(ticking->get_compare() + milliseconds(1));
        if (ticks == 20) {
            ticking->set_control(0);
        }
    });
    set(Reg::set_enable, timer.intid);
    const auto start = timer.count();
    timer.set_compare(start + milliseconds(1));
    timer.set_control(k_enable);
    while (ticks < 20 && timer.count() - start < milliseconds(10000)) {
        guest::disable_interrupts();
        if (ticks < 20) {
            guest::wait_for_interrupt();
        }
        guest::enable_interrupts();
        guest::instruction_barrier();
    }
    guest::disable_interrupts();
    check_equal(ticks, 20, timer.line, "twenty ticks in WFI, none is lost");
    check(timer.count() - start >= milliseconds(20), timer.line, "and none comes early");
    guest::set_interrupt_handler(nullptr);
    off(timer);
}

void check_wait(const Timer& timer)
{
    set(Reg::set_enable, timer.intid);
    timer.set_compare(timer.count() + milliseconds(2));
    timer.set_control(k_enable);
    const auto deadline = timer.get_compare();
    while (timer.count() < deadline) {
        guest::wait_for_interrupt(); // may end early
    }
    check_equal(take() & k_number, timer.intid, "DDI0487 WFI",
                {"ends for an interrupt that PSTATE masks: ", timer.name});
    timer.set_control(0);
    end(timer.intid);
    off(timer);
}

void check_others(const Timer& timer)
{
    if (platform().cpus.size() == 1) {
        skip(timer.line, "each CPU has its own", "one CPU");
        return;
    }
    static constinit Timer one{};
    one = timer;
    set(Reg::set_enable, timer.intid);
    elsewhere      = 0;
    const bool ran = run_on(1, [](unsigned) {
        set_up_interface();
        set(Reg::set_enable, one.intid);
        one.set_compare(one.count());
        one.set_control(k_enable);
        const auto raw = take();
        one.set_control(0);
        end(raw);
        elsewhere = raw & k_number;
    });
    check(ran && elsewhere == timer.intid, timer.line, "it comes on another CPU");
    check(nothing_comes(), timer.line, "and not here: each CPU has its own");
    off(timer);
}

void check_timer(const Timer& timer)
{
    off(timer);
    check_registers(timer);
    check_line(timer);
    check_ticks(timer);
    check_wait(timer);
    check_others(timer);
}

/// Whether the physical timer's registers are there: undefined is an answer that programs can deal
/// with, registers with nothing behind them is none.
bool has_physical_timer()
{
    return guest::survive([](std::uint64_t) { (void)GUEST_READ_SYSREG(cntp_ctl_el0); }, 0) == 0;
}

} // namespace

void check_timers()
{
    check_counters();
    check_counters_of_cpus();
    quiet();
    check_timer(virtual_timer());
    if (has_physical_timer()) {
        check_timer(physical_timer());
    } else {
        skip("DDI0487 CNTP_CTL_EL0", "a value is kept", "undefined here");
    }
    quiet();
}

} // namespace conformance
