// SPDX-License-Identifier: BSD-2-Clause
// The console device: its byte streams. The control queues are in console_control.cpp.
#include "virtio/console.hpp"

#include "console_queues.hpp"

#include <utility>

namespace virtio {

Console::Console(std::span<Port> ports, std::span<Queue> queues, std::uint64_t features)
    : Device{DeviceId::console, features,
             (features & k_feature_multiport) != 0 ? queues : queues.first(2)}
    , ports_{(features & k_feature_multiport) != 0 ? ports : ports.first(1)}
{
    config_.max_nr_ports = static_cast<std::uint32_t>(ports_.size());
    for (Queue& it : queues) {
        it.limit(k_queue_size);
    }
}

void Console::on_configuration_write(std::uint32_t offset, std::span<const std::byte> from)
{
    // 5.3.4.1: at any time, without a driver, too; the lower byte counts.
    if (offset == offsetof(Config, emerg_wr) && (offered_features() & k_feature_emerg_write) != 0) {
        ConsoleBackend& backend = *ports_[0].what.backend;
        (void)backend.write(from.first(1));
        backend.flush();
    }
}

bool Console::is_open(unsigned port) const
{
    return is_running() && port < ports_.size() &&
           (!has(k_feature_multiport) || ports_[port].guest_open_);
}

void Console::on_start()
{
    for (Port& port : ports_) {
        port.what.backend->discard_input(); // meant for whoever was there before
    }
}

void Console::on_notify(unsigned index)
{
    if (index >= 2 && !has(k_feature_multiport)) {
        return;
    }
    if (index == console::k_control_receive) {
        send_control();
    } else if (index == console::k_control_transmit) {
        receive_control();
    } else if (console::is_transmit(index)) {
        send(console::port_of(index));
    } else {
        receive(console::port_of(index));
    }
}

void Console::output_ready(unsigned port)
{
    if (port < ports_.size()) {
        notify(console::transmit_queue(port));
    }
}

void Console::input_ready(unsigned port)
{
    if (port >= ports_.size()) {
        return;
    }
    if (is_open(port)) {
        notify(console::receive_queue(port));
    } else {
        ports_[port].what.backend->discard_input();
    }
}

/// From the guest to the back end.
void Console::send(unsigned index)
{
    Port&           port    = ports_[index];
    Queue&          queue   = queue_of(console::transmit_queue(index));
    ConsoleBackend& backend = *port.what.backend;
    do {
        for (;;) {
            if (!port.output_) {
                port.output_ = take(queue, room_);
                if (!port.output_) {
                    break;
                }
                if (port.output_.writable_bytes() != 0) {
                    fail(Fault::request); // 5.3.6.1
                    return;
                }
                port.unread_ = port.output_.reader();
            }
            while (port.unread_.left() != 0) {
                // A look at what comes next on a copy: only what the back end took counts as read.
                Reader     ahead = port.unread_;
                const auto bytes = ahead.next();
                const auto taken = backend.write(bytes);
                if (taken < bytes.size()) {
                    port.unread_.skip(taken);
                    const auto left = port.unread_.left();
                    // The next request may need the room that this one's snapshot is in.
                    port.output_.move_to(port.segments_);
                    port.unread_ = port.output_.reader();
                    port.unread_.skip(port.output_.readable_bytes() - left);
                    queue.suppress();
                    publish(queue);
                    backend.flush();
                    return;
                }
                port.unread_ = ahead;
            }
            queue.finish(std::move(port.output_), 0);
        }
        publish(queue);
    } while (queue.rest());
    backend.flush();
}

/// From the back end to the guest.
void Console::receive(unsigned index)
{
    ConsoleBackend& backend = *ports_[index].what.backend;
    Queue&          queue   = queue_of(console::receive_queue(index));
    for (;;) {
        if (!backend.has_input()) {
            queue.suppress(); // buffers without input are no news
            break;
        }
        Chain chain = take(queue, room_);
        if (!chain) {
            if (!queue.rest()) {
                break;
            }
            continue;
        }
        if (chain.readable_bytes() != 0 || chain.writable_bytes() == 0) {
            fail(Fault::request); // 5.3.6.1
            return;
        }
        Writer        writer = chain.writer();
        std::uint32_t filled = 0;
        while (writer.room() != 0) {
            const auto room = writer.next();
            const auto size = backend.read(room);
            filled += static_cast<std::uint32_t>(size);
            if (size < room.size()) {
                break;
            }
        }
        queue.finish(std::move(chain), filled);
    }
    publish(queue);
    backend.input_taken();
}

bool Console::on_reset()
{
    driver_ready_ = false;
    for (Port& port : ports_) {
        port.output_     = {};
        port.guest_open_ = false;
        port.due_        = 0;
    }
    return true;
}

bool Console::on_queue_reset(unsigned index)
{
    if (index != console::k_control_receive && index != console::k_control_transmit &&
        console::is_transmit(index)) {
        ports_[console::port_of(index)].output_ = {};
    }
    return true;
}

} // namespace virtio
