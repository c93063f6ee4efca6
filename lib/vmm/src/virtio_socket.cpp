// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO socket device.
#include "vmm/virtio_socket.hpp"

#include "arch/counter.hpp"
#include "vmm/dispatcher.hpp"
#include "vmm/machine.hpp"

namespace vmm {

VirtioSocket::VirtioSocket(Machine& machine, const VirtioWindow& window,
                           const vsock::Config& section, const DeviceOptions& options)
    : VirtioDevice{machine, window}
    , cid_{section.cid}
    , opened_{links_.open(section)}
    , model_{links_.relay(), storage_, k_features & ~options.without}
{
    model_.withhold(options.without);
    join(model_);
    note(opened_);
    if (!virtio::is_guest_cid(section.cid)) {
        machine.reject({.what  = "a guest cannot have this vsock context ID",
                        .hint  = "3 and up are for guests",
                        .value = section.cid});
        return;
    }
    for (std::size_t i = 0; opened_ && i < links_.size(); ++i) {
        listen(links_.channel(i), *this);
    }
    alarm_ = dispatcher.claim_alarm(*this);
    model_.set_patience(*this);
}

void VirtioSocket::notified(microkit::Channel channel) { links_.notified(channel); }

void VirtioSocket::held_up()
{
    if (!oldest_) {
        look_again_later();
    }
}

void VirtioSocket::alarm()
{
    const auto now = model_.hold_up();
    if (now && now == oldest_ && model_.has_more()) {
        model_.give_up(now->cid);
    }
    look_again_later();
}

/// As long as packets wait.
void VirtioSocket::look_again_later()
{
    constexpr std::uint64_t k_milliseconds_per_second = 1000;
    auto&                   clock                     = dispatcher.alarm_clock();
    if (!alarm_ || !clock.is_usable()) {
        return;
    }
    oldest_ = model_.hold_up();
    if (oldest_) {
        const auto now = arch::physical_count();
        clock.set(*alarm_,
                  now + arch::counter_frequency() * k_patience_ms / k_milliseconds_per_second, now);
    }
}

} // namespace vmm
