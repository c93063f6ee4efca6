// SPDX-License-Identifier: BSD-2-Clause
// A virtIO device as a driver's .device_resources give it: registers, memory that driver and device
// share, an interrupt (config.json is the same for all of these drivers).
#pragma once

#include "transport.hpp"

#include "microkit/microkit.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace virtio_driver {

class Device {
public:
    explicit constexpr Device(const sddf::DeviceResources& resources)
        : resources_{resources}
    {
    }

    /// Resets the device, which touches no memory of ours afterwards. Errors: the section, less
    /// shared memory than `needed`, or no such device.
    base::Result<> open(std::uint32_t type, std::size_t needed)
    {
        TRY(sddf::check(resources_, 2, 1));
        if (memory().region.size < needed) {
            return base::fail("the driver's region for rings is too small", "see its config.json",
                              memory().region.size);
        }
        return transport.open(resources_.regions[0].region.vaddr, type);
    }

    /// How long queue `index` will be.
    [[nodiscard]] std::uint16_t queue_size(unsigned index, std::uint16_t most) const
    {
        return static_cast<std::uint16_t>(
            std::bit_floor(std::min<std::uint32_t>(transport.queue_limit(index), most)));
    }

    /// What the device was done with in a queue at an offset, before a restart; before
    /// open_queue().
    [[nodiscard]] Virtqueue::Past past_queue(unsigned index, std::size_t offset,
                                             std::uint16_t most = Virtqueue::k_most) const
    {
        return {memory().region.bytes().subspan(offset), queue_size(index, most)};
    }

    /// What the device still works on in a queue at an offset, before open(): only after a restart.
    [[nodiscard]] Virtqueue::Remains remaining_queue(unsigned index, std::size_t offset,
                                                     std::uint16_t most = Virtqueue::k_most) const
    {
        return {memory().region.bytes().subspan(offset), queue_size(index, most)};
    }

    /// Sets up queue `index` at an offset of the shared memory, as long as the device and `most`
    /// allow. Errors: the device has no such queue.
    base::Result<> open_queue(unsigned index, Virtqueue& queue, std::size_t offset,
                              std::uint16_t most = Virtqueue::k_most)
    {
        TRY(queue.open(memory().region.bytes().subspan(offset), memory().io_addr + offset,
                       queue_size(index, most)));
        transport.set_queue(index, queue);
        return {};
    }

    /// What lies at the beginning of the shared memory.
    template <class Contents>
    [[nodiscard]] Contents& contents() const
    {
        return *reinterpret_cast<Contents*>(memory().region.vaddr);
    }
    /// Where the device sees something of it.
    [[nodiscard]] std::uint64_t address_of(const void* inside) const
    {
        return memory().io_addr + (reinterpret_cast<std::uint64_t>(inside) - memory().region.vaddr);
    }

    /// At the end of init(): a restart may have come between an interrupt and its acknowledgement,
    /// without which there is never another.
    void take_interrupts() const { microkit::Channel{resources_.irqs[0]}.acknowledge(); }

    /// Calls `run` for an event of any channel; if it is the device's, with what its interrupt
    /// needs before and after.
    template <class Run>
    void on_event(microkit::Channel channel, Run&& run) const
    {
        const bool is_interrupt = channel.id() == resources_.irqs[0];
        if (is_interrupt) {
            transport.acknowledge_interrupt();
        }
        run();
        if (is_interrupt) {
            channel.acknowledge_at_end();
        }
    }

    Transport transport;

private:
    [[nodiscard]] const sddf::DeviceRegion& memory() const { return resources_.regions[1]; }

    const sddf::DeviceResources& resources_;
};

} // namespace virtio_driver
