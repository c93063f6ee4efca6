// SPDX-License-Identifier: BSD-2-Clause
// The event loop's side of a VMM: which machine a fault or a notification is meant for.
#pragma once

#include "base/result.hpp"
#include "microkit/channel.hpp"
#include "microkit/message.hpp"
#include "vmm/alarm_clock.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace vmm {

class Machine;

/// Who wants to hear of a channel that is no interrupt of a passed-through device.
class ChannelListener {
public:
    virtual void notified(microkit::Channel channel) = 0;

protected:
    ~ChannelListener() = default;
};

/// Who is not a vCPU and wants to be woken at a time.
class AlarmListener {
public:
    virtual void alarm() = 0;

protected:
    ~AlarmListener() = default;
};

/// A protection domain has one event loop, hence one of these. It holds no guest's state.
class Dispatcher {
public:
    static constexpr unsigned k_children = 62; ///< ids of vCPUs, channels likewise

    /// The vCPUs `first` … `first + count - 1` are the machine's. Error: another one's already.
    base::Result<> claim_vcpus(unsigned first, unsigned count, Machine& machine);

    /// Notifications of the channel are physical interrupt `intid` of the machine.
    base::Result<> claim_interrupt(microkit::Channel channel, std::uint32_t intid,
                                   Machine& machine);
    base::Result<> claim_channel(microkit::Channel channel, ChannelListener& listener);
    base::Result<> claim_timer(microkit::Channel channel);

    /// A machine needs on_watch() no more: without one that does, nobody is woken for it.
    void end_watch();

    [[nodiscard]] AlarmClock& alarm_clock() { return alarm_clock_; }
    /// A place in the alarm clock: what its set() and clear() want to be told. Nothing: all are
    /// taken.
    [[nodiscard]] std::optional<unsigned> claim_alarm(AlarmListener& listener);

    /// A fault of a vCPU. False: the vCPU is not resumed by a reply.
    bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo& reply);

    /// A notification; false if the channel is nobody's.
    bool notified(microkit::Channel channel);

    /// Forgets everything; for tests.
    void reset() { *this = {}; }

private:
    struct ChannelOwner {
        Machine*         machine  = nullptr;
        ChannelListener* listener = nullptr;
        std::uint32_t    intid    = 0;
    };

    struct VcpuOwner {
        Machine* machine = nullptr;
        VcpuId   vcpu    = 0;
    };

    base::Result<> check(microkit::Channel channel) const;
    void           wake_sleepers();
    void           watch(std::uint64_t now);

    std::array<VcpuOwner, k_children>    vcpus_{};
    std::array<ChannelOwner, k_children> channels_{};
    AlarmClock                           alarm_clock_{};

    std::array<AlarmListener*, AlarmClock::k_sleepers - AlarmClock::k_devices> alarms_{};
};

/// The one of this protection domain.
extern Dispatcher dispatcher;

} // namespace vmm
