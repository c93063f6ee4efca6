// SPDX-License-Identifier: BSD-2-Clause
// The console: one byte goes out, by each way that there is; ports are announced and opened.
#include "check.hpp"

#include <array>

namespace guest {
namespace {

using namespace feature;

struct Message {
    std::uint32_t id;
    std::uint16_t event;
    std::uint16_t value;
};

enum Event : std::uint16_t { device_ready = 0, device_add = 1, port_ready = 3, port_open = 6 };

constexpr std::uint32_t k_control_receive  = 2;
constexpr std::uint32_t k_control_transmit = 3;
constexpr std::uint32_t k_message_room     = 64;

class Check {
public:
    Check(Driver& driver, Scratch memory)
        : driver_{driver}
        , memory_{memory}
        , out_{memory_.take(64)}
        , in_{memory_.take(16 * k_message_room)}
    {
    }

    Wrong run();

private:
    bool send(const Message& message);
    bool expect(std::uint16_t event);
    void offer_room(std::uint16_t slot);

    Driver&       driver_;
    Scratch       memory_;
    std::uint64_t out_, in_;
};

bool Check::send(const Message& message)
{
    poke(out_, message);
    const Piece piece{out_, sizeof(Message), false};
    return driver_.request(k_control_transmit, {&piece, 1}).has_value();
}

void Check::offer_room(std::uint16_t slot)
{
    const Piece piece{in_ + std::uint64_t{slot} * k_message_room, k_message_room, true};
    driver_.put(k_control_receive, {&piece, 1});
}

/// Waits for a message of this kind; others pass.
bool Check::expect(std::uint16_t event)
{
    Ring&         ring = driver_.ring(k_control_receive);
    std::uint32_t written;
    std::uint16_t head;
    for (;;) {
        if (!wait_until([&] { return ring.has_used(); }) || !ring.take(written, head)) {
            return false;
        }
        const auto message = peek<Message>(in_ + std::uint64_t{head} * k_message_room);
        offer_room(head); // the same descriptor: one a message
        if (written >= sizeof(Message) && message.event == event) {
            return true;
        }
    }
}

Wrong Check::run()
{
    const Window& window = driver_.window();
    const auto    queues = driver_.has(k_multiport) ? 4U : 2U;
    for (std::uint32_t i = 0; i < queues; ++i) {
        if (driver_.add_queue(i, 16, memory_.take(Ring::bytes(16))) == nullptr) {
            return "a queue is missing";
        }
    }
    if (driver_.has(k_emerg_write)) {
        window.write(Register::config + 8, '!');
    }
    if (!driver_.start()) {
        return "it does not start";
    }
    if (driver_.has(k_multiport)) {
        if (window.config32(4) == 0) {
            return "max_nr_ports is 0";
        }
        for (std::uint16_t i = 0; i < 16; ++i) {
            offer_room(i);
        }
        if (!send({0, Event::device_ready, 1}) || !expect(Event::device_add)) {
            return "no port is announced";
        }
        if (!send({0, Event::port_ready, 1}) || !expect(Event::port_open)) {
            return "port 0 is not opened";
        }
        if (!send({0, Event::port_open, 1})) {
            return "a message was not taken";
        }
    }
    poke(out_, std::uint8_t{'.'});
    const auto write = [&] {
        const Piece piece{out_, 1, false};
        return driver_.request(1, {&piece, 1}).has_value();
    };
    if (!write()) {
        return "a byte was not taken";
    }
    if (const Wrong wrong = check_notifications(driver_, driver_.ring(1), write)) {
        return wrong;
    }
    if (driver_.has(k_ring_reset)) {
        if (const Wrong wrong = reset_queue(driver_, 1, memory_.take(Ring::bytes(16)))) {
            return wrong;
        }
        return write() ? nullptr : "nothing is taken after a queue's reset";
    }
    return nullptr;
}

} // namespace

Wrong check_console(Driver& driver, Random&, Scratch memory) { return Check{driver, memory}.run(); }

} // namespace guest
