// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO disk.
#include "vmm/virtio_block.hpp"

#include "vmm/machine.hpp"

namespace vmm {

VirtioBlock::VirtioBlock(Machine& machine, const VirtioWindow& window,
                         const sddf::block::ClientConfig& section, const DeviceOptions& options)
    : VirtioDevice{machine, window}
    , bell_{microkit::Channel{section.virt.id}}
    , model_{disk_, storage_, virtio::Block::k_all_features & ~options.without}
{
    model_.withhold(options.without);
    join(model_);
    const auto opened = disk_.open(section);
    note(opened);
    if (opened) {
        listen(bell_.channel(), *this);
    }
}

/// Tells the model once that the disk is there.
bool VirtioBlock::look_at_disk()
{
    if (!ready_ && disk_.is_ready()) {
        ready_ = true;
        model_.disk_changed();
    }
    return ready_;
}

std::string_view VirtioBlock::missing()
{
    return look_at_disk()
               ? std::string_view{}
               : "a disk that its virtualiser does not show ready (no such partition, or "
                 "a driver that found no device?)";
}

void VirtioBlock::notified(microkit::Channel /*channel*/)
{
    (void)look_at_disk();
    disk_.notified();
    machine().look_again();
}

} // namespace vmm
