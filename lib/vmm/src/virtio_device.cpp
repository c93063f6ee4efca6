// SPDX-License-Identifier: BSD-2-Clause
// Between a machine and lib/virtio.
#include "vmm/virtio_device.hpp"

#include "vmm/machine.hpp"

namespace vmm {
namespace {

/// Registers and some bytes of configuration space.
constexpr std::uint64_t k_least_window = 0x200;

std::string_view name_of(virtio::DeviceId id)
{
    switch (id) {
    case virtio::DeviceId::network:
        return "network card";
    case virtio::DeviceId::block:
        return "disk";
    case virtio::DeviceId::console:
        return "console";
    case virtio::DeviceId::entropy:
        return "entropy";
    case virtio::DeviceId::socket:
        return "socket";
    case virtio::DeviceId::sound:
        return "sound";
    }
    return "device";
}

/// What the driver has come to (3.1.1).
std::string_view stage(virtio::Status status)
{
    using Status = virtio::Status;
    return status.get<Status::needs_reset>() ? "needs a reset"
           : status.get<Status::failed>()    ? "given up by its driver"
           : status.get<Status::driver_ok>() ? "in use"
           : status.get<Status::driver>()    ? "being set up by its driver"
                                             : "without a driver";
}

/// Requests between two places of a queue.
unsigned between(std::uint16_t from, std::uint16_t to)
{
    return static_cast<std::uint16_t>(to - from);
}

} // namespace

VirtioDevice::VirtioDevice(Machine& machine, const VirtioWindow& window)
    : machine_{machine}
    , intid_{window.intid}
{
    const auto range = base::GuestRange::create(base::GuestPhysical{window.address}, window.size);
    if (!range || window.size < k_least_window || window.size > virtio::MmioTransport::k_size) {
        machine.reject({.what  = "a virtIO device's registers have no place",
                        .hint  = "a window has 0x200 to 0x1000 bytes",
                        .value = window.address});
        return;
    }
    if (!machine.has_interrupt(window.intid)) {
        machine.reject({.what  = "the guest's GIC does not have a virtIO device's interrupt",
                        .hint  = "raise `spis` in the machine's configuration",
                        .value = window.intid});
        return;
    }
    machine.attach(*this, *range);
    GuestDevice node{.name       = "virtio_mmio",
                     .compatible = {"virtio,mmio"},
                     .registers  = {*range},
                     .interrupts = {{.intid = window.intid, .trigger = arch::Trigger::level_high}},
                     .clocks     = {},
                     .properties = {},
                     .alias      = {},
                     .dma_coherent = true}; // we and the guest see the same caches
    machine.describe(node);
}

void VirtioDevice::join(virtio::Device& model)
{
    model_ = &model;
    transport_.emplace(model, memory_, static_cast<virtio::InterruptLine&>(*this));
}

void VirtioDevice::listen(microkit::Channel channel, ChannelListener& listener)
{
    note(dispatcher.claim_channel(channel, listener));
}

void VirtioDevice::note(const base::Result<>& result)
{
    if (!result) {
        machine_.reject(result.error());
    }
}

std::uint64_t VirtioDevice::read(VcpuId /*vcpu*/, std::uint64_t offset, AccessSize size)
{
    return transport_->read(offset, bytes(size));
}

void VirtioDevice::write(VcpuId /*vcpu*/, std::uint64_t offset, AccessSize size,
                         std::uint64_t value)
{
    transport_->write(offset, bytes(size), value);
}

/// Regions are known from the first start on.
void VirtioDevice::reset()
{
    model_->reset();
    memory_.clear();
    for (const MemoryRegion& region : machine_.memory().regions()) {
        // Both are aligned to pages, and there are no more regions than places.
        (void)memory_.add(region.guest.start(), {reinterpret_cast<std::byte*>(region.mapping.raw()),
                                                 region.guest.size()});
    }
}

void VirtioDevice::stop() { model_->reset(); }

void VirtioDevice::print_state(base::Sink sink)
{
    using base::print;
    if (model_ == nullptr) {
        return;
    }
    print(sink, "    virtIO ", name_of(model_->id()), ", interrupt ", intid_, ": ",
          stage(model_->status()));
    if (model_->last_fault() != virtio::Fault::none) {
        print(sink, "; its driver broke a rule: ", virtio::to_text(model_->last_fault()));
    }
    print(sink, '\n');
    for (unsigned index = 0; index < model_->queues(); ++index) {
        const auto* const queue    = model_->queue(index);
        const auto        progress = queue->progress();
        if (!progress) {
            continue;
        }
        print(sink, "      queue ", index, ": ", progress->published, " requests done, ",
              between(progress->taken, progress->offered), " not taken yet, ",
              between(progress->finished, progress->taken), " in work\n");
    }
}

void VirtioDevice::set(bool high) { machine_.set_interrupt(intid_, high); }

} // namespace vmm
