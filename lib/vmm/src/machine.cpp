// SPDX-License-Identifier: BSD-2-Clause
// A machine's parts as its owner describes them.
#include "vmm/machine.hpp"

#include "microkit/debug.hpp"
#include "vmm/dispatcher.hpp"

#include <algorithm>

namespace vmm {

namespace {

/// The channels that a section has for the first interrupts of a device, as many as it has.
std::span<const microkit::Channel> find_channels(const arch::Device&          device,
                                                 const GuestConfig&           section,
                                                 std::span<microkit::Channel> room)
{
    std::size_t     count = 0;
    const std::span known{section.interrupts.data(), section.num_interrupts};
    for (const auto& interrupt : device.interrupts) {
        const auto at = std::ranges::find(known, interrupt.intid, &GuestConfig::Interrupt::intid);
        if (at == known.end() || count == room.size()) {
            break;
        }
        room[count++] = microkit::Channel{at->channel};
    }
    return room.first(count);
}

} // namespace

base::Sink Machine::sink() const
{
    return config_.log != nullptr ? config_.log : microkit::debug_sink;
}

void Machine::fail(const base::Error& error)
{
    base::print(sink(), "vmm: guest \"", name(), "\": error: ", error.what);
    if (error.value != 0) {
        base::print(sink(), " (", base::Hex{error.value}, ')');
    }
    if (!error.hint.empty()) {
        base::print(sink(), ": ", error.hint);
    }
    base::print(sink(), '\n');
}

void Machine::reject(const base::Error& error)
{
    fail(error);
    rejected_ = true;
}

void Machine::note(base::Result<> result)
{
    if (!result) {
        reject(result.error());
    }
}

void Machine::adopt(const GuestConfig& section, std::uint64_t kept)
{
    if (const auto good = check(section); !good) {
        return reject(good.error());
    }
    if (kept >= section.ram_size) {
        return reject({.what  = "the guest's RAM is too small for what is kept back of it",
                       .hint  = "give the guest more RAM",
                       .value = section.ram_size});
    }
    section_           = &section;
    config_.vcpus      = section.num_vcpus;
    config_.first_vcpu = section.vcpus[0];
    config_.ram.clear();
    (void)config_.ram.push_back(ram(section.ram, section.ram, section.ram_size - kept));
}

void Machine::passthrough(const arch::Device& device, microkit::Channel interrupt)
{
    passthrough(device, std::span{&interrupt, 1});
}

void Machine::passthrough(const arch::Device& device, std::span<const microkit::Channel> interrupts)
{
    std::array<microkit::Channel, 8> found{};
    if (interrupts.empty() && section_ != nullptr) {
        interrupts = find_channels(device, *section_, found);
    }
    if (interrupts.size() > device.interrupts.size()) {
        return note(base::fail("more channels than the passed-through device has interrupts",
                               "give one for each interrupt of its node", interrupts.size()));
    }
    for (std::size_t i = 0; i < interrupts.size(); ++i) {
        add_line(device.interrupts[i].intid, interrupts[i], device.interrupts[i].trigger);
    }
    describe(guest_device(device));
}

void Machine::add_line(std::uint32_t intid, microkit::Channel channel, arch::Trigger trigger)
{
    const auto known = std::ranges::find(lines_, intid, &InterruptLine::intid);
    if (passed_ != nullptr && known != lines_.end() && known->channel == channel) {
        return; // the section has it, too
    }
    if (!has_interrupt(intid)) {
        return note(base::fail("the guest's GIC does not have this interrupt",
                               "raise `spis` in the machine's configuration", intid));
    }
    if (!lines_.push_back(
            {.intid = intid, .channel = channel, .trigger = trigger, .early = false})) {
        return note(base::fail("too many interrupts are passed through", {}, lines_.size()));
    }
    note(dispatcher.claim_interrupt(channel, intid, *this));
}

void Machine::adopt(const PassedThrough& section)
{
    if (!section.is_valid() || section_ == nullptr) {
        return reject({.what = ".vmm_passthrough is damaged, or there is no .vmm_config with it",
                       .hint = "give the program the files that were made for it"});
    }
    passed_                    = &section;
    config_.smccc.also_forward = section.allowed();
    for (std::size_t i = 0; i < section_->num_interrupts; ++i) {
        const bool edge  = (section.edges >> i & 1) != 0;
        const auto intid = section_->interrupts[i].intid;
        if (intid >= k_gic_private && intid < k_gic_private + k_gic_max_spis) {
            config_.spis = std::max(config_.spis, intid - k_gic_private + 1);
        }
        add_line(intid, microkit::Channel{section_->interrupts[i].channel},
                 edge ? arch::Trigger::edge_rising : arch::Trigger::level_high);
    }
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

void Machine::seed_from(RandomSource& source)
{
    if (!config_.smccc.entropy.exists()) {
        config_.smccc.entropy = source;
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
    if (!starting_.empty()) {
        starting_ = {};
        dispatcher.alarm_clock().clear(config_.first_vcpu);
    }
    if (state_ != State::off) {
        stop_vcpus();
        state_ = State::off;
        for (const DeviceWindow& window : windows_) {
            if (window.device != nullptr) {
                window.device->stop();
            }
        }
    }
}

} // namespace vmm
