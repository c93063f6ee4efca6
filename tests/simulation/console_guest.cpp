// SPDX-License-Identifier: BSD-2-Clause
// A guest's console driver.
#include "console_guest.hpp"

#include <algorithm>
#include <stdexcept>

namespace simulation {

namespace {

constexpr unsigned k_control_receive  = 2;
constexpr unsigned k_control_transmit = 3;

// Control messages (virtIO 1.2, 5.3.6.2).
constexpr std::uint16_t k_device_ready = 0;
constexpr std::uint16_t k_device_add   = 1;
constexpr std::uint16_t k_port_ready   = 3;
constexpr std::uint16_t k_port_open    = 6;

} // namespace

ConsoleGuest::ConsoleGuest(Vmm& vmm, virtio::Device& device, const Options& options,
                           std::vector<Port> ports)
    : vmm_{vmm}
    , options_{options}
    , ports_{std::move(ports)}
    , driver_{vmm.ram, device}
    , queues_(2 + 2 * ports_.size())
    , open_(ports_.size())
    , resets_left_{options.resets}
{
    for (auto& queue : queues_) {
        for (auto& slot : queue.slots) {
            slot.at = vmm.ram.allocate(k_room);
        }
    }
}

void ConsoleGuest::start()
{
    Scheduler::current().spawn(vmm_.guest, [this] {
        bring_up();
        work();
    });
}

void ConsoleGuest::bring_up()
{
    auto features = options_.features & ~virtio::Console::k_feature_multiport;
    if (options_.multiport) {
        features |= virtio::Console::k_feature_multiport;
    }
    vmm_.exit([&] {
        if (!driver_.negotiate(features)) {
            throw std::logic_error("the device refuses features");
        }
    });
    for (unsigned i = 0; i < queues(); ++i) {
        vmm_.exit([&] { queues_[i].ring = &driver_.set_up(i, 16); });
        queues_[i].ring->want_interrupt();
    }
    vmm_.exit([&] { driver_.go(); });
    std::fill(open_.begin(), open_.end(), false);
    to_say_.clear();
    if (options_.multiport) {
        to_say_.push_back({0, k_device_ready, 1});
    } else {
        open_[0]                  = true;
        ports_[0].input->is_heard = true;
    }
    reset_at_ = handled_ + random().below(100);
}

void ConsoleGuest::tear_down()
{
    for (auto& port : ports_) {
        port.input->may_lose = true;
        port.output->begin_anew();
    }
    vmm_.exit([&] { driver_.write(kit::Mmio::status, 0); });
    for (auto& queue : queues_) {
        queue.by_head.clear();
        for (auto& slot : queue.slots) {
            slot.busy = false;
        }
    }
}

void ConsoleGuest::work()
{
    while (!has_stopped()) {
        if (resets_left_ != 0 && handled_ >= reset_at_) {
            --resets_left_;
            tear_down();
            bring_up();
        }
        if (driver_.line.high) {
            vmm_.exit([&] { (void)driver_.take_interrupt(); });
        }
        if (options_.multiport) {
            serve_control();
        }
        bool written = false;
        for (unsigned port = 0; port < ports_.size(); ++port) {
            if (open_[port]) {
                read(port);
                take_written(port);
                offer(receive_queue(port), 1 + random().below(k_room));
                written = write(port) || written;
            }
        }
        if (driver_.needs_reset()) {
            throw std::logic_error("the device needs a reset");
        }
        if (!written) {
            Scheduler::current().wait([this] {
                for (unsigned port = 0; port < ports_.size(); ++port) {
                    if (can_write(port)) {
                        return true;
                    }
                }
                return driver_.line.high;
            });
        }
    }
}

void ConsoleGuest::tell(unsigned queue)
{
    if (queues_[queue].ring->must_notify()) {
        vmm_.exit([&] { driver_.notify(queue); });
    }
}

/// Every free buffer, for the device to write into.
void ConsoleGuest::offer(unsigned index, std::uint32_t size)
{
    auto& queue = queues_[index];
    for (auto& slot : queue.slots) {
        if (!slot.busy) {
            slot.busy                                                         = true;
            slot.size                                                         = size;
            queue.by_head[queue.ring->add({kit::from_device(slot.at, size)})] = &slot;
        }
    }
    tell(index);
}

void ConsoleGuest::serve_control()
{
    auto& in = queues_[k_control_receive];
    do {
        while (const auto used = in.ring->used()) {
            const auto found    = in.by_head.find(static_cast<std::uint16_t>(used->id));
            const auto at       = found->second->at;
            found->second->busy = false;
            in.by_head.erase(found);
            const auto port  = vmm_.ram.load<std::uint32_t>(at);
            const auto event = vmm_.ram.load<std::uint16_t>(at + 4);
            if (port >= ports_.size()) {
                throw std::logic_error("a message about a port that does not exist");
            }
            if (event == k_device_add) {
                to_say_.push_back({port, k_port_ready, 1});
            } else if (event == k_port_open) {
                to_say_.push_back({port, k_port_open, 1});
            }
        }
        in.ring->want_interrupt();
    } while (in.ring->used_waiting() != 0);
    offer(k_control_receive, k_room);

    auto& out = queues_[k_control_transmit];
    do {
        while (const auto used = out.ring->used()) {
            const auto found   = out.by_head.find(static_cast<std::uint16_t>(used->id));
            const auto message = vmm_.ram.load<Message>(found->second->at);
            if (message.event == k_port_open) { // what is typed before is for nobody
                ports_[message.id].input->is_heard = true;
            }
            found->second->busy = false;
            out.by_head.erase(found);
        }
        out.ring->want_interrupt();
    } while (out.ring->used_waiting() != 0);
    for (auto& slot : out.slots) {
        if (!slot.busy && !to_say_.empty()) {
            const auto message = to_say_.front();
            to_say_.pop_front();
            vmm_.ram.store(slot.at, message);
            slot.busy                                                             = true;
            out.by_head[out.ring->add({kit::to_device(slot.at, sizeof message)})] = &slot;
            if (message.event == k_port_open) {
                open_[message.id] = true;
            }
        }
    }
    tell(k_control_transmit);
}

bool ConsoleGuest::can_write(unsigned port) const
{
    return open_[port] && !ports_[port].output->is_over() &&
           !std::ranges::all_of(queues_[receive_queue(port) + 1].slots, &Slot::busy);
}

/// False: there was nothing that could be written.
bool ConsoleGuest::write(unsigned port)
{
    auto& output  = *ports_[port].output;
    auto& queue   = queues_[receive_queue(port) + 1];
    bool  written = false;
    for (auto& slot : queue.slots) {
        if (slot.busy || output.is_over()) {
            continue;
        }
        const auto bytes = vmm_.ram.bytes(slot.at, 1 + random().below(k_room));
        slot.letters     = 0;
        for (auto& byte : bytes) {
            if (options_.lines && random().one_in(20)) {
                byte = std::byte{'\n'};
            } else {
                byte = static_cast<std::byte>(output.text.at(output.written));
                ++output.written;
                ++slot.letters;
            }
        }
        slot.busy           = true;
        slot.position       = output.written;
        written             = true;
        const auto size     = static_cast<std::uint32_t>(bytes.size());
        const auto head     = size > 1 && random().one_in(2)
                                  ? queue.ring->add({kit::to_device(slot.at, 1),
                                                     kit::to_device(slot.at + 1, size - 1)})
                                  : queue.ring->add({kit::to_device(slot.at, size)});
        queue.by_head[head] = &slot;
    }
    tell(receive_queue(port) + 1);
    return written;
}

void ConsoleGuest::take_written(unsigned port)
{
    auto& queue = queues_[receive_queue(port) + 1];
    do {
        while (const auto used = queue.ring->used()) {
            const auto found    = queue.by_head.find(static_cast<std::uint16_t>(used->id));
            found->second->busy = false;
            auto& completed     = ports_[port].output->completed;
            completed           = std::max(completed, found->second->position);
            queue.by_head.erase(found);
        }
        queue.ring->want_interrupt();
    } while (queue.ring->used_waiting() != 0);
}

void ConsoleGuest::read(unsigned port)
{
    auto& queue = queues_[receive_queue(port)];
    do {
        while (const auto used = queue.ring->used()) {
            const auto found = queue.by_head.find(static_cast<std::uint16_t>(used->id));
            Slot&      slot  = *found->second;
            queue.by_head.erase(found);
            slot.busy = false;
            if (used->written > slot.size) {
                throw std::logic_error("a wrong length in the used ring");
            }
            for (const std::byte byte : vmm_.ram.bytes(slot.at, used->written)) {
                const auto wrong = ports_[port].input->arrive(static_cast<char>(byte));
                if (!wrong.empty()) {
                    throw std::logic_error(wrong);
                }
            }
            handled_ += used->written;
        }
        queue.ring->want_interrupt();
    } while (queue.ring->used_waiting() != 0);
}

std::string ConsoleGuest::unfinished() const
{
    if (has_stopped()) {
        return {};
    }
    for (const auto& port : ports_) {
        const auto& out = *port.output;
        if (!out.is_over() || out.completed != out.written || !out.is_complete()) {
            return vmm_.guest.name + ": stuck: of port " + std::to_string(out.text.client) + " " +
                   std::to_string(out.before + out.written) + " of " + std::to_string(out.wanted) +
                   " characters written, " + std::to_string(out.completed) + " taken, " +
                   std::to_string(out.arrived) + " came out";
        }
        const auto& in = *port.input;
        if (in.read != in.typed || in.typed != in.wanted) {
            return vmm_.guest.name + ": stuck: of client " + std::to_string(in.text.client) + " " +
                   std::to_string(in.typed) + " of " + std::to_string(in.wanted) +
                   " characters typed, " + std::to_string(in.read) + " read";
        }
    }
    return {};
}

} // namespace simulation
