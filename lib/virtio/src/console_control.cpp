// SPDX-License-Identifier: BSD-2-Clause
// The console device's control queues (virtIO 1.2, section 5.3.6.2): ports are announced and
// opened. Messages that wait for a buffer are bits, not copies: whatever a driver does, they need
// no memory.
#include "console_queues.hpp"
#include "virtio/console.hpp"

#include <utility>

namespace virtio {
namespace {

struct Message {
    std::uint32_t id;
    std::uint16_t event;
    std::uint16_t value;
};
static_assert(sizeof(Message) == 8);

// clang-format off
enum Event : std::uint16_t {
    device_ready  = 0, // from the driver
    device_add    = 1,
    device_remove = 2,
    port_ready    = 3, // from the driver
    console_port  = 4,
    resize        = 5,
    port_open     = 6, // from both
    port_name     = 7,
};
// clang-format on

constexpr std::uint8_t bit(Event event) { return static_cast<std::uint8_t>(1U << event); }

struct Size {
    std::uint16_t columns;
    std::uint16_t rows;
};

} // namespace

void Console::set_size(std::uint16_t columns, std::uint16_t rows)
{
    config_.columns = columns;
    config_.rows    = rows;
    if (is_running() && !has(k_feature_size)) {
        return; // 5.3.6: a driver that does not look is not told
    }
    configuration_changed();
    // Linux looks at the configuration of a device without MULTIPORT only.
    if (is_open(0) && has(k_feature_multiport) && ports_[0].what.is_console) {
        ports_[0].due_ |= bit(resize);
        send_control();
    }
}

/// Messages of the driver.
void Console::receive_control()
{
    Queue& queue = queue_of(console::k_control_transmit);
    do {
        while (Chain chain = take(queue, room_)) {
            Reader reader = chain.reader();
            if (chain.writable_bytes() != 0 || reader.left() < sizeof(Message)) {
                fail(Fault::request);
                return;
            }
            handle_control(reader);
            queue.finish(std::move(chain), 0);
        }
        publish(queue);
    } while (queue.rest());
    send_control();
}

void Console::handle_control(Reader& reader)
{
    const Message message = *reader.take<Message>();
    if (message.event == device_ready) {
        if (message.value == 1 && !driver_ready_) {
            driver_ready_ = true;
            for (Port& port : ports_) {
                port.due_ = bit(device_add); // 5.3.6.2.1: each once
            }
        }
        return;
    }
    if (message.id >= ports_.size() || !driver_ready_) {
        return; // about nothing that exists
    }
    Port& port = ports_[message.id];
    if (message.event == port_ready && message.value == 1) {
        if (port.what.is_console) {
            port.due_ |= bit(console_port);
            if (message.id == 0 && has(k_feature_size)) {
                port.due_ |= bit(resize);
            }
        }
        if (!port.what.name.empty()) {
            port.due_ |= bit(port_name);
        }
        port.due_ |= bit(port_open);
    } else if (message.event == port_open) {
        port.guest_open_ = message.value == 1;
        if (port.guest_open_) {
            notify(console::receive_queue(message.id));
        }
    }
}

/// Messages for the driver, as many as it has buffers for.
void Console::send_control()
{
    // In the order in which a driver expects them.
    constexpr std::array k_order{device_add, console_port, port_name, resize, port_open};
    Queue&               queue = queue_of(console::k_control_receive);
    for (unsigned index = 0; index < ports_.size() && is_running(); ++index) {
        for (const Event event : k_order) {
            while ((ports_[index].due_ & bit(event)) != 0) {
                if (send_message(index, event)) {
                    ports_[index].due_ &= static_cast<std::uint8_t>(~bit(event));
                } else if (!queue.rest()) {
                    publish(queue);
                    return;
                }
            }
        }
    }
    queue.suppress();
    publish(queue);
}

/// False: there is no buffer (any more).
bool Console::send_message(unsigned index, unsigned event)
{
    Queue& queue = queue_of(console::k_control_receive);
    Chain  chain = take(queue, room_);
    if (!chain) {
        return false;
    }
    Writer        writer = chain.writer();
    const Message message{
        .id    = index,
        .event = static_cast<std::uint16_t>(event),
        .value = static_cast<std::uint16_t>(event == port_open || event == console_port)};
    bool fits = chain.readable_bytes() == 0 && writer.put(message);
    if (event == port_name) {
        fits = fits && writer.write(std::as_bytes(std::span{ports_[index].what.name}));
    } else if (event == resize) {
        fits = fits && writer.put(Size{config_.columns, config_.rows});
    }
    if (!fits) {
        fail(Fault::request);
        return false;
    }
    queue.finish(std::move(chain), writer.written());
    return true;
}

} // namespace virtio
