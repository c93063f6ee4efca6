// SPDX-License-Identifier: BSD-2-Clause
// A start that has to wait: for a disk that is not there yet, or for requests of the last life.
#include "vmm/machine.hpp"

#include "arch/counter.hpp"
#include "vmm/dispatcher.hpp"

namespace vmm {

namespace {

constexpr std::uint64_t k_look_again_ms = 10;
constexpr std::uint64_t k_say_so_ms     = 5000;
/// How long init() may be held up where there is no timer.
constexpr std::uint64_t k_patience_ms = 1000;

} // namespace

/// Why the machine cannot start yet, as a clause; empty: it can.
std::string_view Machine::obstacle()
{
    if (!is_quiet()) {
        return "requests of its last life that a device still works on";
    }
    for (const DeviceWindow& window : windows_) {
        if (window.device != nullptr) {
            if (const auto missing = window.device->missing(); !missing.empty()) {
                return missing;
            }
        }
    }
    return {};
}

/// False: there is nothing to wait for (any more).
bool Machine::wait_for_devices()
{
    auto& clock = dispatcher.alarm_clock();
    for (;;) {
        const auto what = obstacle();
        if (what.empty()) {
            return false;
        }
        const auto now  = arch::physical_count();
        const auto time = now - waits_since_;
        if (!said_wait_ && time >= arch::counter_ticks(k_say_so_ms)) {
            said_wait_ = true;
            base::print(sink(), "vmm: guest \"", name(), "\" has not started yet: it waits for ",
                        what, '\n');
        }
        if (clock.is_usable()) {
            clock.set(config_.first_vcpu, now + arch::counter_ticks(k_look_again_ms), now);
            return true;
        }
        // Nobody wakes us. What writes to guest RAM ends with a notification; for anything else
        // the components, whose priorities are higher, get a while.
        if (!is_quiet()) {
            return true;
        }
        if (time >= arch::counter_ticks(k_patience_ms)) {
            base::print(sink(), "vmm: guest \"", name(), "\" starts without ", what,
                        ", and has no timer channel (wake_by) to wait for it\n");
            return false;
        }
    }
}

bool Machine::is_quiet() const
{
    for (const DeviceWindow& window : windows_) {
        if (window.device != nullptr && !window.device->is_quiet()) {
            return false;
        }
    }
    return true;
}

void Machine::look_again()
{
    if (starting_.empty()) {
        return;
    }
    if (!wait_for_devices()) {
        dispatcher.alarm_clock().clear(config_.first_vcpu);
        (void)go();
    }
}

} // namespace vmm
