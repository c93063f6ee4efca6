// SPDX-License-Identifier: BSD-2-Clause
// The entropy device.
#include "virtio/entropy.hpp"

#include <utility>

namespace virtio {

Entropy::Entropy(EntropySource& source)
    : Device{DeviceId::entropy, 0, queues_}
    , source_{source}
{
    queues_[0].limit(64);
}

void Entropy::on_notify(unsigned /*queue*/)
{
    Queue& queue = queues_[0];
    do {
        for (;;) {
            Chain chain = waiting_ ? std::move(waiting_) : take(queue, room_);
            if (!chain) {
                break;
            }
            if (chain.readable_bytes() != 0 || chain.writable_bytes() == 0) {
                fail(Fault::request); // 5.4.6.1
                return;
            }
            Writer        writer = chain.writer();
            std::uint32_t filled = 0;
            while (filled < k_most && writer.room() != 0) {
                const auto room = writer.next(k_most - filled);
                const auto size = source_.fill(room);
                filled += static_cast<std::uint32_t>(size);
                if (size < room.size()) {
                    break;
                }
            }
            if (filled == 0) { // 5.4.6.2: at least one byte; so it waits
                waiting_ = std::move(chain);
                queue.suppress();
                publish(queue);
                return;
            }
            queue.finish(std::move(chain), filled);
        }
        publish(queue);
    } while (queue.rest());
}

bool Entropy::on_reset()
{
    waiting_ = {};
    return true;
}

bool Entropy::on_queue_reset(unsigned /*queue*/) { return on_reset(); }

} // namespace virtio
