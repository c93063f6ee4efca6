// SPDX-License-Identifier: BSD-2-Clause
// Which machine an event is meant for.
#include "vmm/dispatcher.hpp"

#include "arch/counter.hpp"
#include "vmm/machine.hpp"

#include <algorithm>

namespace vmm {

constinit Dispatcher dispatcher;

base::Result<> Dispatcher::claim_vcpus(unsigned first, unsigned count, Machine& machine)
{
    if (count > k_children || first > k_children - count) {
        return base::fail("a machine's vCPU numbers go beyond what Microkit has",
                          "keep `id` of <vcpu> below 62", first + count - 1);
    }
    for (unsigned i = 0; i < count; ++i) {
        if (vcpus_[first + i].machine != nullptr && vcpus_[first + i].machine != &machine) {
            return base::fail("two machines want the same vCPU", "set first_vcpu", first + i);
        }
        vcpus_[first + i] = {.machine = &machine, .vcpu = i};
    }
    return {};
}

base::Result<> Dispatcher::check(microkit::Channel channel) const
{
    if (channel.id() >= k_children) {
        return base::fail("there is no such channel", "use the `id` of the <end> or <irq>",
                          channel.id());
    }
    const ChannelOwner& owner = channels_[channel.id()];
    if (owner.machine != nullptr || owner.listener != nullptr ||
        (alarm_clock_.is_usable() && alarm_clock_.channel() == channel)) {
        return base::fail("a channel is used twice", "give each purpose a channel of its own",
                          channel.id());
    }
    return {};
}

base::Result<> Dispatcher::claim_interrupt(microkit::Channel channel, std::uint32_t intid,
                                           Machine& machine)
{
    TRY(check(channel));
    channels_[channel.id()] = {.machine = &machine, .listener = nullptr, .intid = intid};
    return {};
}

base::Result<> Dispatcher::claim_channel(microkit::Channel channel, ChannelListener& listener)
{
    TRY(check(channel));
    channels_[channel.id()] = {.machine = nullptr, .listener = &listener, .intid = 0};
    return {};
}

base::Result<> Dispatcher::claim_timer(microkit::Channel channel)
{
    if (alarm_clock_.is_usable() && alarm_clock_.channel() == channel) {
        return {};
    }
    if (alarm_clock_.is_usable()) {
        return base::fail("two channels to timer drivers", "all machines share one", channel.id());
    }
    TRY(check(channel));
    alarm_clock_.use(channel, arch::counter_frequency());
    return {};
}

std::optional<unsigned> Dispatcher::claim_alarm(AlarmListener& listener)
{
    for (unsigned i = 0; i < alarms_.size(); ++i) {
        if (alarms_[i] == nullptr || alarms_[i] == &listener) {
            alarms_[i] = &listener;
            return AlarmClock::k_devices + i;
        }
    }
    return std::nullopt;
}

bool Dispatcher::fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo& reply)
{
    reply = microkit::MessageInfo{};
    if (child >= k_children || vcpus_[child].machine == nullptr) {
        return false;
    }
    return vcpus_[child].machine->on_fault(vcpus_[child].vcpu, message, reply);
}

bool Dispatcher::notified(microkit::Channel channel)
{
    if (channel.id() >= k_children) {
        return false;
    }
    const ChannelOwner& owner = channels_[channel.id()];
    if (owner.machine != nullptr) {
        owner.machine->on_interrupt(owner.intid);
        return true;
    }
    if (owner.listener != nullptr) {
        owner.listener->notified(channel);
        return true;
    }
    if (alarm_clock_.is_usable() && alarm_clock_.channel() == channel) {
        wake_sleepers();
        return true;
    }
    return false;
}

void Dispatcher::watch(std::uint64_t now)
{
    for (const VcpuOwner& owner : vcpus_) {
        if (owner.machine != nullptr && owner.vcpu == 0) {
            owner.machine->on_watch(now);
        }
    }
}

void Dispatcher::end_watch()
{
    const bool wanted = std::ranges::any_of(vcpus_, [](const VcpuOwner& owner) {
        return owner.machine != nullptr && owner.vcpu == 0 && owner.machine->wants_watch();
    });
    if (!wanted) {
        alarm_clock_.clear(AlarmClock::k_watch);
    }
}

void Dispatcher::wake_sleepers()
{
    alarm_clock_.notified();
    const std::uint64_t now = arch::physical_count();
    while (const auto sleeper = alarm_clock_.next_due(now)) {
        if (*sleeper == AlarmClock::k_watch) {
            watch(now);
            continue;
        }
        if (*sleeper >= AlarmClock::k_devices) {
            alarms_[*sleeper - AlarmClock::k_devices]->alarm();
            continue;
        }
        const VcpuOwner& owner = vcpus_[*sleeper];
        owner.machine->on_deadline(owner.vcpu);
    }
}

} // namespace vmm
