// SPDX-License-Identifier: BSD-2-Clause
// Which queue of a console device is whose (virtIO 1.2, section 5.3.2).
#pragma once

namespace virtio::console {

inline constexpr unsigned k_control_receive  = 2;
inline constexpr unsigned k_control_transmit = 3;

[[nodiscard]] constexpr unsigned receive_queue(unsigned port)
{
    return port == 0 ? 0 : 2 * port + 2;
}
[[nodiscard]] constexpr unsigned transmit_queue(unsigned port) { return receive_queue(port) + 1; }
[[nodiscard]] constexpr bool     is_transmit(unsigned queue) { return queue % 2 == 1; }
/// Not for the control queues.
[[nodiscard]] constexpr unsigned port_of(unsigned queue) { return queue < 2 ? 0 : queue / 2 - 1; }

static_assert(receive_queue(1) == 4 && transmit_queue(1) == 5 && port_of(4) == 1 &&
              port_of(5) == 1);

} // namespace virtio::console
