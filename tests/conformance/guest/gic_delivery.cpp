// SPDX-License-Identifier: BSD-2-Clause
// How one CPU gets its interrupts: IHI 0048B section 3, IHI 0069H section 4. The same for both.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/exception.hpp"
#include "guest/gic.hpp"

namespace conformance {
namespace {

constexpr std::uint32_t k_a = k_spi, k_b = k_spi + 1, k_c = k_spi + 2;

const char* clause(const char* v2, const char* v3) { return is_v3() ? v3 : v2; }
const char* states() { return clause("IHI0048B 3.2.4 states", "IHI0069H 4.1.2 states"); }
const char* priorities() { return clause("IHI0048B 3.3 priority", "IHI0069H 4.8 priority"); }
const char* enabling() { return clause("IHI0048B 3.1 enabling", "IHI0069H 4.6 enabling"); }

void check_life_of_one(std::uint32_t intid, std::string_view kind)
{
    quiet();
    prepare(intid);
    set(Reg::set_pending, intid);
    check_equal(highest_pending() & k_number, intid,
                clause("IHI0048B GICC_HPPIR", "IHI0069H ICC_HPPIR1_EL1"),
                {"names what is pending, ", kind});
    check(bit(Reg::set_pending, intid) && !bit(Reg::set_active, intid), states(),
          {"pending, not active, until it is acknowledged, ", kind});
    const auto raw = take();
    check_equal(raw & k_number, intid, states(), {"pended by software, it is taken, ", kind});
    check(!bit(Reg::set_pending, intid), states(), {"taken, it is no longer pending, ", kind});
    check(bit(Reg::set_active, intid), states(), {"taken, it is active, ", kind});
    check_equal(acknowledge() & k_number, k_spurious, states(),
                {"active, it is not taken again, ", kind});
    end(raw);
    check(!bit(Reg::set_active, intid), states(), {"ended, it is not active, ", kind});
    check(nothing_comes(), states(), {"ended, it does not come back, ", kind});
}

void check_edges()
{
    quiet();
    prepare(k_a);
    set(Reg::set_pending, k_a);
    const auto raw = take();
    set(Reg::set_pending, k_a);
    check(bit(Reg::set_pending, k_a) && bit(Reg::set_active, k_a), states(),
          "an edge while active: active and pending");
    check_equal(acknowledge() & k_number, k_spurious, states(),
                "active and pending, it is not taken before its end");
    end(raw);
    check_equal(take_and_end() & k_number, k_a, states(), "and is taken after it");
    check(nothing_comes(), states(), "once");

    set(Reg::set_pending, k_a);
    set(Reg::set_pending, k_a);
    check_equal(take_and_end() & k_number, k_a, states(), "two edges before it is taken: taken");
    check(nothing_comes(), states(), "two edges before it is taken are one");
}

void check_enabling()
{
    quiet();
    prepare(k_a);
    set(Reg::clear_enable, k_a);
    set(Reg::set_pending, k_a);
    check(nothing_comes(), enabling(), "a disabled interrupt does not come");
    check(bit(Reg::set_pending, k_a), enabling(), "but stays pending");
    set(Reg::set_enable, k_a);
    check_equal(take_and_end() & k_number, k_a, enabling(), "and comes when it is enabled");

    interface_on(false);
    set(Reg::set_pending, k_a);
    check_equal(acknowledge() & k_number, k_spurious, enabling(),
                "the CPU interface switched off: nothing comes");
    set(Reg::clear_enable, k_a);
    interface_on(true);
    check(nothing_comes(), enabling(), "disabled before it was taken, it does not come");
    check(bit(Reg::set_pending, k_a), enabling(), "disabled before it was taken, it stays pending");
    set(Reg::set_enable, k_a);
    check_equal(take_and_end() & k_number, k_a, enabling(), "enabled again, it comes");

    interface_on(false);
    set(Reg::set_pending, k_a);
    set(Reg::clear_pending, k_a);
    interface_on(true);
    check(nothing_comes(), clause("IHI0048B GICD_ICPENDR", "IHI0069H GICD_ICPENDR"),
          "cleared before it was taken, it does not come");

    distributor_on(false);
    set(Reg::set_pending, k_a);
    check(nothing_comes(), clause("IHI0048B GICD_CTLR", "IHI0069H GICD_CTLR"),
          "the distributor switched off: nothing comes");
    distributor_on(true);
    check_equal(take_and_end() & k_number, k_a, clause("IHI0048B GICD_CTLR", "IHI0069H GICD_CTLR"),
                "what was made pending meanwhile comes when it is on");
}

void check_active_bits()
{
    const auto* const name = clause("IHI0048B GICD_ISACTIVER", "IHI0069H GICD_ISACTIVER");
    quiet();
    prepare(k_a);
    set(Reg::set_active, k_a);
    set(Reg::set_pending, k_a);
    check(nothing_comes(), name, "an interrupt made active does not come");
    set(Reg::clear_active, k_a);
    check_equal(take_and_end() & k_number, k_a,
                clause("IHI0048B GICD_ICACTIVER", "IHI0069H GICD_ICACTIVER"),
                "made inactive, it comes");
    set(Reg::set_pending, k_a);
    const auto raw = take();
    set(Reg::clear_active, k_a);
    check(!bit(Reg::set_active, k_a), clause("IHI0048B GICD_ICACTIVER", "IHI0069H GICD_ICACTIVER"),
          "an interrupt being handled can be made inactive");
    end(raw);
    set(Reg::set_pending, k_a);
    check_equal(take_and_end() & k_number, k_a,
                clause("IHI0048B GICD_ICACTIVER", "IHI0069H GICD_ICACTIVER"),
                "and it can come again");
}

void check_order()
{
    quiet();
    prepare(k_a, 0x80);
    prepare(k_b, 0x40);
    prepare(k_c, 0x60);
    interface_on(false);
    set(Reg::set_pending, k_a);
    set(Reg::set_pending, k_b);
    set(Reg::set_pending, k_c);
    interface_on(true);
    const std::uint32_t order[] = {take_and_end() & k_number, take_and_end() & k_number,
                                   take_and_end() & k_number};
    check(order[0] == k_b && order[1] == k_c && order[2] == k_a, priorities(),
          "three are taken in the order of their priorities");

    // More than there are list registers.
    quiet();
    for (std::uint32_t i = 0; i < k_spis; ++i) {
        prepare(k_spi + i, static_cast<std::uint8_t>(0x80 - 8 * i));
    }
    interface_on(false);
    for (std::uint32_t i = 0; i < k_spis; ++i) {
        set(Reg::set_pending, k_spi + i);
    }
    interface_on(true);
    std::uint32_t seen = 0, in_order = 0;
    for (std::uint32_t i = 0; i < k_spis; ++i) {
        const auto intid = take_and_end() & k_number;
        in_order += intid == k_spi + k_spis - 1 - i ? 1U : 0U;
        seen |= intid - k_spi < k_spis ? 1U << (intid - k_spi) : 0;
    }
    check_equal(seen, (1U << k_spis) - 1, priorities(), "sixteen are pending: all are taken");
    check_equal(in_order, k_spis, priorities(), "in the order of their priorities");
    check(nothing_comes(), priorities(), "and none twice");
}

void check_mask()
{
    const auto* const name = clause("IHI0048B GICC_PMR", "IHI0069H ICC_PMR_EL1");
    quiet();
    prepare(k_a, 0x80);
    set_priority_mask(0x80);
    set(Reg::set_pending, k_a);
    check(nothing_comes(), name, "an interrupt of the mask's priority does not come");
    check(bit(Reg::set_pending, k_a), name, "masked, it stays pending");
    set_priority_mask(0x88);
    check_equal(take_and_end() & k_number, k_a, name, "one that is higher comes");
    set_priority_mask(0);
    prepare(k_a, 0);
    set(Reg::set_pending, k_a);
    check(nothing_comes(), name, "0 masks everything");
    set_priority_mask(0xf0);
    check_equal(take_and_end() & k_number, k_a, name, "raised, it lets through what waited");
}

void check_preemption()
{
    const auto* const rpr = clause("IHI0048B GICC_RPR", "IHI0069H ICC_RPR_EL1");
    const auto* const bpr = clause("IHI0048B GICC_BPR", "IHI0069H ICC_BPR1_EL1");
    quiet();
    prepare(k_a, 0x80);
    prepare(k_b, 0x40);
    prepare(k_c, 0x80);
    check_equal(running_priority() & 0xff, 0xff, rpr, "idle: 0xff");
    set(Reg::set_pending, k_a);
    const auto low = take();
    check_equal(running_priority() & 0xff, 0x80, rpr, "the priority of what is being handled");
    set(Reg::set_pending, k_c);
    check_equal(acknowledge() & k_number, k_spurious, priorities(),
                "one of the same priority does not preempt");
    set(Reg::set_pending, k_b);
    const auto high = take();
    check_equal(high & k_number, k_b, priorities(), "one of a higher priority preempts");
    check_equal(running_priority() & 0xff, 0x40, rpr, "then that one's");
    end(high);
    check_equal(running_priority() & 0xff, 0x80, rpr, "after its end the one before");
    end(low);
    check_equal(take_and_end() & k_number, k_c, priorities(), "what waited comes then");
    check_equal(running_priority() & 0xff, 0xff, rpr, "idle again: 0xff");

    // No bit of the priority counts for preemption, or (ICC_BPR1_EL1) the highest alone.
    set_binary_point(7);
    prepare(k_a, 0x60);
    set(Reg::set_pending, k_a);
    const auto first = take();
    set(Reg::set_pending, k_b);
    const auto second = acknowledge();
    check_equal(second & k_number, k_spurious, bpr, "within one group of priorities none preempts");
    end(first);
    check_equal(take_and_end() & k_number, k_b, bpr, "afterwards it comes");
    set_binary_point(0);
}

void check_separate_end()
{
    const auto* const name = clause("IHI0048B GICC_DIR", "IHI0069H ICC_DIR_EL1");
    quiet();
    prepare(k_a);
    prepare(k_b);
    separate_end(true);
    set(Reg::set_pending, k_a);
    const auto raw = take();
    end(raw);
    check_equal(running_priority() & 0xff, 0xff, name, "EOImode 1: the end drops the priority");
    check(bit(Reg::set_active, k_a), name, "EOImode 1: it stays active");
    set(Reg::set_pending, k_b);
    const auto other = take();
    check_equal(other & k_number, k_b, name, "EOImode 1: others of the priority may come");
    end(other);
    deactivate(other);
    deactivate(raw);
    check(!bit(Reg::set_active, k_a), name, "EOImode 1: deactivation ends it");
    separate_end(false);
}

constinit volatile std::uint32_t vectored = 0;
constinit volatile unsigned      count    = 0;

void check_exceptions()
{
    const auto* const name = "DDI0487 PSTATE.I";
    quiet();
    prepare(k_a);
    guest::set_interrupt_handler([](guest::Frame&, std::uint32_t intid) {
        vectored = intid;
        count    = count + 1;
    });
    set(Reg::set_pending, k_a);
    check_equal(count, 0, name, "masked, no exception is taken");
    check_equal(GUEST_READ_SYSREG(isr_el1) >> 7 & 1, 1, "DDI0487 ISR_EL1",
                "shows an interrupt that is pending");
    guest::enable_interrupts();
    (void)wait_until(k_soon, [] { return count != 0; });
    guest::disable_interrupts();
    check(count == 1 && vectored == k_a, name, "unmasked, the exception is taken, once");
    check_equal(GUEST_READ_SYSREG(isr_el1) >> 7 & 1, 0, "DDI0487 ISR_EL1",
                "shows none when none is pending");
    guest::enable_interrupts();
    set(Reg::set_pending, k_a);
    (void)wait_until(k_soon, [] { return count != 1; });
    guest::disable_interrupts();
    check_equal(count, 2, name, "interrupts enabled, it is taken at once");
}

constinit volatile unsigned woken = 0, beyond = 0;

/// Where does an interrupt find a CPU that waits for it?
void note_wake_up(guest::Frame& frame, std::uint32_t intid)
{
    constexpr std::uint32_t k_wfi = 0xd503'207f, k_ticks = 3;
    if (intid != platform().virtual_timer) {
        return;
    }
    const bool before = *reinterpret_cast<const volatile std::uint32_t*>(frame.pc) == k_wfi;
    beyond            = beyond + (before ? 0 : 1);
    woken             = woken + 1;
    guest::start_timer(guest::now() + microseconds(2000));
    if (woken == k_ticks || !before) {
        guest::stop_timer();
        frame.pc += before ? 4 : 0; // else it would wait for ever
    }
}

/// A WFI that has waited is over: `while (!flag) wfi();` with interrupts enabled must end.
void check_waiting_unmasked()
{
    quiet();
    guest::set_interrupt_handler(note_wake_up);
    guest::gic().enable(platform().virtual_timer);
    guest::start_timer(guest::now() + microseconds(2000));
    guest::enable_interrupts();
    asm volatile("wfi\n nop" ::: "memory");
    (void)wait_until(k_soon, [] { return woken != 0; });
    guest::disable_interrupts();
    guest::stop_timer();
    // One tick in three may have come before the WFI was reached.
    check(beyond != 0, "DDI0487 WFI", "interrupted, it is over: the handler returns behind it");
    guest::set_interrupt_handler(nullptr);
}

} // namespace

void check_gic_delivery()
{
    check_life_of_one(k_spi, "SPI");
    check_life_of_one(k_ppi, "PPI");
    check_edges();
    check_enabling();
    check_active_bits();
    check_order();
    check_mask();
    check_preemption();
    check_separate_end();
    check_exceptions();
    check_waiting_unmasked();
    quiet();
    check(acknowledge() == k_spurious, clause("IHI0048B GICC_IAR", "IHI0069H ICC_IAR1_EL1"),
          "1023 when all is done");
    end(k_spurious);
    prepare(k_a);
    set(Reg::set_pending, k_a);
    check_equal(take_and_end() & k_number, k_a,
                clause("IHI0048B GICC_EOIR", "IHI0069H ICC_EOIR1_EL1"),
                "the end of a spurious interrupt does no harm");
    quiet();
}

} // namespace conformance
