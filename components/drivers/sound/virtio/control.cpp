// SPDX-License-Identifier: BSD-2-Clause
// The control queue: what streams there are, and what they are told to do.
#include "driver.hpp"

#include "microkit/microkit.hpp"

#include <algorithm>
#include <cstring>

namespace sound_virtio {

namespace {

constexpr std::uint8_t k_question = 0xff; ///< in place of a stream

/// The device is to be told these things, in this order.
void plan(Stream& stream, std::initializer_list<Request> steps)
{
    stream.count  = static_cast<std::uint8_t>(steps.size());
    stream.done   = 0;
    stream.result = Status::ok;
    std::ranges::copy(steps, stream.steps.begin());
}

Order order_for(unsigned number, Request code)
{
    Order order{};
    order.code   = code;
    order.stream = number;
    if (code == Request::set_parameters) {
        constexpr std::uint32_t k_periods = 16;
        const auto              value     = kept.streams[number].parameters;
        order.channels                    = static_cast<std::uint8_t>(value);
        order.format                      = static_cast<std::uint8_t>(value >> 8);
        order.rate                        = static_cast<std::uint8_t>(value >> 16);
        order.period_bytes                = period_of(number);
        order.buffer_bytes                = k_periods * order.period_bytes;
    }
    return order;
}

/// Tells the device the next step, if it is its turn and there is room.
void advance(unsigned number)
{
    auto& stream = driver.streams[number];
    auto& queue  = driver.queues[k_control];
    if (stream.is_asked || stream.done >= stream.count || queue.free() < 2) {
        return;
    }
    const auto code   = stream.steps[stream.done];
    const auto token  = queue.next_token();
    auto&      order  = shared().orders[token];
    auto&      answer = shared().codes[token];
    order             = order_for(number, code);
    answer            = k_no_answer;
    const auto size =
        code == Request::set_parameters ? std::uint32_t{sizeof(Order)} : k_short_order;
    (void)queue.add({{device.address_of(&order), size, false},
                     {device.address_of(&answer), sizeof answer, true}});
    driver.order_of[token] = static_cast<std::uint8_t>(number);
    stream.is_asked        = true;
}

void answer(const Command& command, Status status)
{
    // There is room: a command is taken only when there is.
    (void)driver.command_answers.push({.code      = command.code,
                                       .cookie    = command.cookie,
                                       .stream_id = command.stream_id,
                                       .value     = static_cast<std::uint32_t>(status)});
}

/// The device has done all that a command asks for, or refused something of it.
void finish(unsigned number)
{
    const auto before = kept.streams[number];
    auto       now    = before;
    const auto status = driver.streams[number].result;
    now.has_command   = false;
    if (status == Status::ok || before.command.code == Code::release) {
        now.state = sddf::sound::after(before.state, before.command.code).value_or(before.state);
    }
    keep(kept.streams[number], now);
    --driver.under_way;
    answer(before.command, status);
}

/// What a command means for the device in the stream's state.
void begin(unsigned number)
{
    auto&       stream = driver.streams[number];
    const auto& it     = kept.streams[number];
    switch (it.command.code) {
    case Code::take:
        plan(stream, {Request::set_parameters});
        break;
    case Code::prepare:
        plan(stream, {Request::prepare});
        break;
    case Code::start:
        plan(stream, {Request::start});
        break;
    case Code::stop:
        plan(stream, {Request::stop});
        break;
    case Code::release:
        drop_buffers(number);
        if (it.state == State::taken) {
            plan(stream, {}); // nothing that the device would know of
            finish(number);
            return;
        }
        if (it.state == State::started) {
            plan(stream, {Request::stop, Request::release});
        } else {
            plan(stream, {Request::release});
        }
        break;
    }
    advance(number);
}

/// The device has to be told what it knew before a restart, and then goes on.
void restore(unsigned number)
{
    auto&       stream = driver.streams[number];
    const auto& it     = kept.streams[number];
    stream.is_back     = false;
    switch (it.state) {
    case State::released:
        plan(stream, {});
        break;
    case State::taken:
        plan(stream, {Request::set_parameters});
        break;
    case State::prepared:
    case State::stopped: // may be started and released like a prepared one
        plan(stream, {Request::set_parameters, Request::prepare});
        break;
    case State::started:
        plan(stream, {Request::set_parameters, Request::prepare, Request::start});
        break;
    }
    if (it.has_command) {
        ++driver.under_way;
    }
    if (stream.count != 0) {
        advance(number);
        return;
    }
    stream.is_back = true;
    if (it.has_command) {
        begin(number);
    }
}

/// A step is done.
void take_step(unsigned number, std::uint32_t code)
{
    auto& stream    = driver.streams[number];
    stream.is_asked = false;
    ++stream.done;
    if (code != k_ok && stream.result == Status::ok) {
        stream.result = status_of(code);
    }
    if (stream.done < stream.count) {
        advance(number);
    } else if (stream.is_back) {
        finish(number);
    } else {
        stream.is_back = true;
        if (kept.streams[number].has_command) {
            begin(number);
        }
    }
}

/// The answer to ask_for_streams(): the page is filled, and all streams are taken up.
void take_streams(std::uint32_t written)
{
    const auto&   answer = shared().answer;
    std::uint32_t code   = 0;
    std::memcpy(&code, answer.data(), sizeof code);
    if (code != k_ok || written < sizeof code + driver.count * sizeof(Information)) {
        microkit::debug_print(microkit::name(),
                              ": the sound device does not say what streams it has; "
                              "there are none\n");
        driver.count = 0;
    }
    auto& page   = state_page();
    page.streams = driver.count;
    for (unsigned i = 0; i < driver.count; ++i) {
        Information it{};
        std::memcpy(&it, answer.data() + sizeof code + i * sizeof it, sizeof it);
        driver.streams[i].is_output = it.direction == 0;
        page.stream_info[i]         = {.formats      = it.formats & sddf::sound::k_all_formats,
                                       .rates        = it.rates & sddf::sound::k_all_rates,
                                       .direction    = static_cast<std::uint8_t>(it.direction == 0 ? 0 : 1),
                                       .channels_min = it.channels_min,
                                       .channels_max = std::max(it.channels_min, it.channels_max)};
    }
    page.set_ready(true);
    driver.is_known = true;
    for (unsigned i = 0; i < driver.count; ++i) {
        make_room();
        restore(i);
    }
    // sDDF has no notification for `ready`, but a virtualiser that does not spin is glad of one.
    microkit::Channel{sound_config.virt.id}.notify();
}

void take_command(const Command& command)
{
    const auto number = command.stream_id;
    const auto after  = number < driver.count
                            ? sddf::sound::after(kept.streams[number].state, command.code)
                            : std::nullopt;
    if (number < driver.count && kept.streams[number].has_command) {
        answer(command, Status::busy);
    } else if (!after) {
        answer(command, Status::bad_message);
    } else {
        auto it        = kept.streams[number];
        it.command     = command;
        it.has_command = true;
        if (command.code == Code::take) {
            it.parameters = command.value;
        }
        keep(kept.streams[number], it);
        ++driver.under_way;
        if (driver.streams[number].is_back) {
            begin(number);
        }
    }
}

} // namespace

void take_leave()
{
    constexpr unsigned k_patience = 200'000; // looks; a device that does not answer is reset anyway
    const auto         knows      = [](const KeptStream& it) {
        return it.state != State::released || it.has_command;
    };
    if (std::ranges::none_of(kept.streams, knows)) {
        return; // there was no life before this one
    }
    auto       queue = device.remaining_queue(k_control, k_queue_offsets[k_control], k_most_orders);
    const auto is_idle = [&] {
        for (unsigned i = 0; i < k_patience; ++i) {
            if (queue.is_idle()) {
                return true;
            }
        }
        return false;
    };
    auto& order = shared().orders[0];
    auto& code  = shared().codes[0];
    for (unsigned i = 0; i < k_max_streams; ++i) {
        for (const auto what : {Request::stop, Request::release}) {
            if (!knows(kept.streams[i])) {
                continue;
            }
            if (!is_idle()) {
                return;
            }
            order = order_for(i, what);
            queue.add({{device.address_of(&order), k_short_order, false},
                       {device.address_of(&code), sizeof code, true}});
            device.transport.notify(k_control);
        }
    }
    (void)is_idle();
}

std::uint32_t period_of(unsigned stream)
{
    const auto value = kept.streams[stream].parameters;
    const auto frame = std::max(
        1U, sddf::sound::sample_bytes(static_cast<std::uint8_t>(value >> 8)) * (value & 0xff));
    return std::max(sddf::sound::k_buffer_size / frame, 1U) * frame;
}

void ask_for_streams()
{
    auto& page = state_page();
    page.set_ready(false);
    driver.count     = std::min(device.transport.config32(k_config_streams), k_max_streams);
    auto& it         = shared();
    it.answer        = {};
    it.query         = {.code  = Request::information,
                        .first = 0,
                        .count = driver.count,
                        .size  = sizeof(Information)};
    auto&      queue = driver.queues[k_control];
    const auto size =
        static_cast<std::uint32_t>(sizeof(std::uint32_t) + driver.count * sizeof(Information));
    driver.order_of[queue.next_token()] = k_question;
    (void)queue.add({{device.address_of(&it.query), sizeof(Query), false},
                     {device.address_of(&it.answer), size, true}});
}

void take_control_answers()
{
    auto& queue = driver.queues[k_control];
    for (unsigned i = 0; i < queue.size(); ++i) {
        make_room();
        const auto used = queue.pop();
        if (!used) {
            break;
        }
        const auto number = driver.order_of[used->token];
        if (number == k_question) {
            take_streams(used->written);
        } else {
            take_step(number, __atomic_load_n(&shared().codes[used->token], __ATOMIC_RELAXED));
        }
    }
    for (unsigned i = 0; i < driver.count; ++i) {
        advance(i); // there may have been no room
    }
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void take_commands()
{
    if (!driver.is_known) {
        return;
    }
    for (auto left = driver.commands.available();
         left != 0 && driver.command_answers.space() > driver.under_way; --left) {
        make_room();
        const auto command = driver.commands.pop();
        if (!command) {
            break;
        }
        take_command(*command);
    }
}

} // namespace sound_virtio
