// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO socket device.
#include "vmm/virtio_socket.hpp"

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
}

void VirtioSocket::notified(microkit::Channel channel) { links_.notified(channel); }

} // namespace vmm
