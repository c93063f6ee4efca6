// SPDX-License-Identifier: BSD-2-Clause
#include "driver.hpp"

#include <algorithm>

namespace guest {

bool Driver::reset() const
{
    window_.write(Register::status, 0);
    return wait_until([&] { return status() == 0; });
}

std::uint64_t Driver::offered() const
{
    window_.write(Register::device_features_sel, 1);
    const std::uint64_t high = window_.read(Register::device_features);
    window_.write(Register::device_features_sel, 0);
    return high << 32 | window_.read(Register::device_features);
}

bool Driver::begin(std::uint64_t wanted)
{
    if (status() != 0 && !reset()) {
        return false;
    }
    window_.write(Register::status, k_acknowledge);
    window_.write(Register::status, k_acknowledge | k_driver);
    features_ = offered() & (wanted | k_version_1);
    window_.write(Register::driver_features_sel, 0);
    window_.write(Register::driver_features, static_cast<std::uint32_t>(features_));
    window_.write(Register::driver_features_sel, 1);
    window_.write(Register::driver_features, static_cast<std::uint32_t>(features_ >> 32));
    window_.write(Register::status, k_acknowledge | k_driver | k_features_ok);
    return (status() & k_features_ok) != 0;
}

void Driver::describe(std::uint32_t index, std::uint32_t size, std::uint64_t descriptors,
                      std::uint64_t driver_area, std::uint64_t device_area) const
{
    const auto address = [&](std::uint64_t low, std::uint64_t value) {
        window_.write(low, static_cast<std::uint32_t>(value));
        window_.write(low + 4, static_cast<std::uint32_t>(value >> 32));
    };
    window_.write(Register::queue_sel, index);
    window_.write(Register::queue_num, size);
    address(Register::queue_desc_low, descriptors);
    address(Register::queue_driver_low, driver_area);
    address(Register::queue_device_low, device_area);
}

Ring* Driver::add_queue(std::uint32_t index, std::uint16_t size, std::uint64_t memory)
{
    window_.write(Register::queue_sel, index);
    const auto most = window_.read(Register::queue_num_max);
    if (index >= k_queues || most == 0) {
        return nullptr;
    }
    Ring& ring = rings_[index];
    ring       = Ring{memory, static_cast<std::uint16_t>(std::min<std::uint32_t>(size, most))};
    describe(index, ring.size(), ring.descriptor_area(), ring.driver_area(), ring.device_area());
    window_.write(Register::queue_ready, 1);
    return window_.read(Register::queue_ready) == 1 ? &ring : nullptr;
}

bool Driver::start() const
{
    window_.write(Register::status, k_acknowledge | k_driver | k_features_ok | k_driver_ok);
    return (status() & (k_driver_ok | k_needs_reset)) == k_driver_ok;
}

void Driver::put(std::uint32_t queue, std::span<const Piece> pieces)
{
    Ring& it = rings_[queue];
    it.offer(it.place(pieces));
    notify(queue);
}

std::optional<std::uint32_t> Driver::wait(std::uint32_t queue)
{
    Ring&         it      = rings_[queue];
    std::uint32_t written = 0;
    std::uint16_t head    = 0;
    unsigned      looks   = 0;
    const bool    there   = wait_until([&] {
        constexpr unsigned k_seldom = 4096; // each look at the status costs an exit
        return it.has_used() || (++looks % k_seldom == 0 && needs_reset());
    });
    if (!there || !it.take(written, head)) {
        return std::nullopt;
    }
    return written;
}

std::optional<std::uint32_t> Driver::request(std::uint32_t queue, std::span<const Piece> pieces)
{
    put(queue, pieces);
    return wait(queue);
}

} // namespace guest
