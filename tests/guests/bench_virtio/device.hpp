// SPDX-License-Identifier: BSD-2-Clause
// A virtIO device as a driver of one request at a time uses it: notify, sleep, take the answer.
#pragma once

#include "guest/platform.hpp"

#include "transport.hpp"
#include "virtqueue.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace bench {

/// Device types (virtIO 1.2, section 5).
enum class Type : std::uint32_t { network = 1, block = 2, console = 3 };

class Device {
public:
    static constexpr std::uint16_t k_queue_size = 64;
    static constexpr unsigned      k_queues     = 2;

    /// Takes the platform's first device of this type, with its first `queues` queues and no
    /// feature but VERSION_1; its interrupt is enabled. False: there is none, or it does not work,
    /// which is printed.
    bool open(const guest::Platform& platform, Type type, unsigned queues);

    [[nodiscard]] bool                            is_open() const { return is_open_; }
    [[nodiscard]] const virtio_driver::Transport& transport() const { return transport_; }

    /// Makes a chain available; what it says is not seen before notify().
    void add(unsigned queue, std::initializer_list<virtio_driver::Piece> pieces);
    void notify(unsigned queue);
    /// The next chain that the device is done with; sleeps until there is one.
    virtio_driver::Virtqueue::Used wait(unsigned queue);

    /// Takes the interrupt if it is this device's.
    bool take_interrupt(std::uint32_t intid);

private:
    struct Ring {
        alignas(
            16) std::array<std::byte, virtio_driver::Virtqueue::bytes_for(k_queue_size)> memory{};
        virtio_driver::Virtqueue queue;
    };

    virtio_driver::Transport   transport_;
    std::array<Ring, k_queues> rings_{};
    std::uint32_t              intid_      = 0;
    volatile std::uint32_t     interrupts_ = 0; ///< written by the handler
    bool                       is_open_    = false;
};

/// What a device is told of a place in memory: the MMU is off.
inline std::uint64_t address_of(const void* at) { return reinterpret_cast<std::uint64_t>(at); }

} // namespace bench
