// SPDX-License-Identifier: BSD-2-Clause
// What drivers of UARTs with FIFOs and interrupts share: sDDF's serial class, whatever the
// registers.
//
// They never wait for the device: what does not fit into the transmit FIFO is sent when its
// interrupt says that there is room; what does not fit into the receive queue stays in the receive
// FIFO, whose interrupt is masked until the virtualiser says that there is room.
#pragma once

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/serial.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>

namespace uart {

/// Which interrupts a device shall raise.
struct Wanted {
    bool receive  = false; ///< while it has input
    bool transmit = false; ///< when it has room again
};

/// A device: its registers, and nothing of queues.
// clang-format off
template <class D>
concept Device = requires(D device, std::byte byte, Wanted wanted) {
    device.set_up();     // after a reset or a restart; what is being sent must not be cut off
    device.send(byte);   // for which there is room
    device.ask_for(wanted);
    { device.forget() } -> std::same_as<bool>; // latched interrupts; true: there may be work again
    { device.has_room() } -> std::same_as<bool>;
    { device.has_input() } -> std::same_as<bool>;
    { device.take() } -> std::same_as<std::optional<std::byte>>; // nothing: it arrived damaged
};
// clang-format on

template <Device D>
class Driver {
public:
    constexpr Driver(const sddf::DeviceResources&      resources,
                     const sddf::serial::DriverConfig& config)
        : resources_{resources}
        , config_{config}
    {
    }

    /// For init().
    void start(D& device)
    {
        using microkit::require;
        require(sddf::check(resources_, 1, 1));
        require(sddf::check(config_));
        require(to_send_.open(config_.tx.queue.bytes(), config_.tx.data.bytes()));
        if (config_.rx_enabled) {
            require(received_.open(config_.rx.queue.bytes(), config_.rx.data.bytes()));
        }
        wanted_ = {};
        device.set_up();
        run(device); // what was there before a restart
        // Before it a counter may have moved without a notification, or an interrupt have come
        // without an acknowledgement.
        if (config_.rx_enabled) {
            microkit::Channel{config_.rx.id}.notify();
        }
        microkit::Channel{config_.tx.id}.notify();
        microkit::Channel{resources_.irqs[0]}.acknowledge();
    }

    /// For notified().
    void event(D& device, microkit::Channel channel)
    {
        run(device);
        if (channel.id() == resources_.irqs[0]) {
            channel.acknowledge_at_end();
        }
    }

private:
    /// Bytes in each direction that one event may move: more than any FIFO has, so that the
    /// interrupt is pending where there are more.
    static constexpr std::size_t k_budget = 256;

    void run(D& device)
    {
        receive(device);
        transmit(device);
        if (device.forget()) {
            receive(device);
            transmit(device);
        }
        device.ask_for(wanted_);
    }
    void transmit(D& device);
    void receive(D& device);

    const sddf::DeviceResources&      resources_;
    const sddf::serial::DriverConfig& config_;
    sddf::serial::Consumer            to_send_;
    sddf::serial::Producer            received_;
    Wanted                            wanted_;
};

template <Device D>
void Driver<D>::transmit(D& device)
{
    std::size_t budget = k_budget;
    bool        full   = false;
    while (budget != 0 && !full) {
        const auto bytes = to_send_.data().first(std::min(to_send_.data().size(), budget));
        if (bytes.empty()) {
            break;
        }
        for (const std::byte byte : bytes) {
            full = !device.has_room();
            if (full) {
                break;
            }
            // One by one, and first: after a restart nobody can tell whether the device has got
            // the byte, and between these two it is hardly ever interrupted.
            to_send_.advance(1);
            to_send_.show();
            device.send(byte);
            --budget;
        }
    }
    if (to_send_.release()) {
        microkit::Channel{config_.tx.id}.notify();
    }
    // The device keeps the interrupt until the FIFO is above its level again, so that none is lost
    // between the last look and this.
    wanted_.transmit = to_send_.available() != 0;
}

template <Device D>
void Driver<D>::receive(D& device)
{
    if (!config_.rx_enabled) {
        return;
    }
    bool has_room = true;
    bool has_new  = false;
    for (std::size_t budget = k_budget; budget != 0 && device.has_input(); --budget) {
        auto room = received_.room();
        if (room.empty()) {
            has_room = received_.ask_for_space(1);
            if (!has_room) {
                break;
            }
            room = received_.room();
        }
        if (const auto byte = device.take()) {
            room.front() = *byte;
            received_.advance(1);
            received_.show(); // the device has it no more, so a restart must not forget it
            has_new = true;
        }
    }
    if (has_new) {
        microkit::Channel{config_.rx.id}.notify();
    }
    wanted_.receive = has_room;
}

} // namespace uart
