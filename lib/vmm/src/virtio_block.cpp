// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO disk.
#include "vmm/virtio_block.hpp"

#include "vmm/machine.hpp"

namespace vmm {

namespace {

std::size_t queues_of(const DeviceOptions& options)
{
    return options.queues == 0 || options.queues > VirtioBlock::k_queues ? VirtioBlock::k_queues
                                                                         : options.queues;
}

} // namespace

VirtioBlock::VirtioBlock(Machine& machine, const VirtioWindow& window,
                         const sddf::block::ClientConfig& section, const DeviceOptions& options)
    : VirtioBlock{machine, window, section, options, {.offset = 0, .size = section.data.size}}
{
}

VirtioBlock::VirtioBlock(Machine& machine, const VirtioWindow& window,
                         const sddf::block::ClientConfig& section, const DeviceOptions& options,
                         const BouncePart& bounce)
    : VirtioDevice{machine, window}
    , bell_{microkit::Channel{section.virt.id}}
    , model_{disk_, storage_, virtio::Block::k_all_features & ~options.without, queues_of(options)}
{
    disk_.set_label({.id = options.id, .read_only = options.read_only != 0});
    if (options.queues > k_queues) {
        machine.reject({.what  = "a disk has too many queues",
                        .hint  = "4 are the most",
                        .value = options.queues});
    }
    model_.withhold(options.without);
    join(model_);
    const auto opened = disk_.open(section, bounce.offset, bounce.size);
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
