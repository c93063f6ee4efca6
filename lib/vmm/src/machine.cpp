// SPDX-License-Identifier: BSD-2-Clause
// A machine's parts as its owner describes them.
#include "vmm/machine.hpp"

#include "microkit/debug.hpp"
#include "vmm/dispatcher.hpp"

namespace vmm {

base::Sink Machine::sink() const
{
    return config_.log != nullptr ? config_.log : microkit::debug_sink;
}

void Machine::fail(const base::Error& error)
{
    base::print(sink(), "vmm: guest \"", config_.name, "\": error: ", error.what);
    if (error.value != 0) {
        base::print(sink(), " (", base::Hex{error.value}, ')');
    }
    if (!error.hint.empty()) {
        base::print(sink(), ": ", error.hint);
    }
    base::print(sink(), '\n');
}

void Machine::note(base::Result<> result)
{
    if (!result) {
        fail(result.error());
        rejected_ = true;
    }
}

void Machine::passthrough(const arch::Device& device, microkit::Channel interrupt)
{
    passthrough(device, std::span{&interrupt, 1});
}

void Machine::passthrough(const arch::Device& device, std::span<const microkit::Channel> interrupts)
{
    if (interrupts.size() > device.interrupts.size()) {
        return note(base::fail("more channels than the passed-through device has interrupts",
                               "give one for each interrupt of its node", interrupts.size()));
    }
    for (std::size_t i = 0; i < interrupts.size(); ++i) {
        const auto intid = device.interrupts[i].intid;
        if (intid < k_gic_private || intid >= k_gic_private + config_.spis) {
            return note(base::fail("the guest's GIC does not have this interrupt",
                                   "raise `spis` in the machine's configuration", intid));
        }
        if (!lines_.push_back({.intid   = intid,
                               .channel = interrupts[i],
                               .trigger = device.interrupts[i].trigger,
                               .early   = false})) {
            return note(base::fail("too many interrupts are passed through", {}, lines_.size()));
        }
        note(dispatcher.claim_interrupt(interrupts[i], intid, *this));
    }
    describe(guest_device(device));
}

void Machine::attach(MmioDevice& device, base::GuestRange range)
{
    if (!windows_.push_back({.device = &device, .range = range})) {
        note(base::fail("too many devices in one machine", {}, windows_.size()));
    }
}

void Machine::ignore(base::GuestRange range)
{
    if (!windows_.push_back({.device = nullptr, .range = range})) {
        note(base::fail("too many devices in one machine", {}, windows_.size()));
    }
}

void Machine::describe(const GuestDevice& device)
{
    if (!devices_.push_back(device)) {
        note(base::fail("too many devices in one machine", {}, devices_.size()));
    }
}

void Machine::wake_by(microkit::Channel timer) { note(dispatcher.claim_timer(timer)); }

bool Machine::boot(const Linux& guest)
{
    images_ = guest;
    return start("booted");
}

bool Machine::boot(const Image& guest)
{
    return boot(
        Linux{.kernel = guest.bytes, .initrd = {}, .dtb = guest.dtb, .cmdline = guest.arguments});
}

bool Machine::restart()
{
    if (images_.kernel.empty()) {
        note(base::fail("a machine that never booted cannot restart", "boot() it first"));
        rejected_ = false; // boot() may still come
        return false;
    }
    ++restarts_;
    return start("restarted");
}

void Machine::stop()
{
    if (resting_) {
        resting_ = false;
        dispatcher.alarm_clock().clear(config_.first_vcpu);
    }
    if (state_ != State::off) {
        stop_vcpus();
        state_ = State::off;
    }
}

} // namespace vmm
