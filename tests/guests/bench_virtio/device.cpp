// SPDX-License-Identifier: BSD-2-Clause
#include "device.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/gic.hpp"

#include <algorithm>
#include <bit>

namespace bench {

namespace {

constexpr std::uint64_t k_device_id = 0x008; // register of the MMIO transport

bool complain(const base::Error& error)
{
    guest::print("bench: ", error.what, "; ", error.hint, "\n");
    return false;
}

} // namespace

bool Device::open(const guest::Platform& platform, Type type, unsigned queues)
{
    const auto window = std::ranges::find_if(platform.virtio, [type](const auto& it) {
        return guest::read32(it.registers + k_device_id) == static_cast<std::uint32_t>(type);
    });
    if (window == platform.virtio.end()) {
        return false;
    }
    if (const auto opened = transport_.open(window->registers, static_cast<std::uint32_t>(type));
        !opened) {
        return complain(opened.error());
    }
    if (const auto features = transport_.negotiate(0); !features) {
        return complain(features.error());
    }
    for (unsigned i = 0; i < queues; ++i) {
        auto& [memory, queue] = rings_[i];
        const auto size       = std::min<std::uint32_t>(transport_.queue_limit(i), k_queue_size);
        if (const auto opened = queue.open(memory, address_of(memory.data()),
                                           static_cast<std::uint16_t>(std::bit_floor(size)));
            !opened) {
            return complain(opened.error());
        }
        transport_.set_queue(i, queue);
    }
    intid_ = window->intid;
    guest::gic().enable(intid_);
    transport_.start();
    is_open_ = true;
    return true;
}

void Device::add(unsigned queue, std::initializer_list<virtio_driver::Piece> pieces)
{
    (void)rings_[queue].queue.add(pieces); // never more requests than there is room for
}

void Device::notify(unsigned queue)
{
    if (rings_[queue].queue.publish()) {
        transport_.notify(queue);
    }
}

virtio_driver::Virtqueue::Used Device::wait(unsigned queue)
{
    for (;;) {
        const auto seen = interrupts_;
        if (const auto used = rings_[queue].queue.pop()) {
            return *used;
        }
        while (interrupts_ == seen) {
            guest::wait_for_interrupt(); // masked: it ends all the same
            guest::enable_interrupts();
            guest::instruction_barrier();
            guest::disable_interrupts();
        }
    }
}

bool Device::take_interrupt(std::uint32_t intid)
{
    if (!is_open_ || intid != intid_) {
        return false;
    }
    transport_.acknowledge_interrupt();
    interrupts_ = interrupts_ + 1;
    return true;
}

} // namespace bench
