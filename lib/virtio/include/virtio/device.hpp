// SPDX-License-Identifier: BSD-2-Clause
// What all devices have in common: status, feature negotiation, configuration space, queues. It
// knows neither the transport in front of it nor the device type behind it.
#pragma once

#include "virtio/memory.hpp"
#include "virtio/queue.hpp"
#include "virtio/standard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// The driver's ear: what a transport makes of a device's notifications.
class Listener {
public:
    /// Buffers of a queue were used (section 2.3).
    virtual void used_buffers(unsigned queue) = 0;
    /// The configuration changed, or the device needs a reset.
    virtual void configuration_changed() = 0;
    /// The device was reset: nothing is pending any more.
    virtual void was_reset() = 0;

protected:
    ~Listener() = default;
};

/// A device. Derive a model from it: it declares its features, queues and configuration bytes, and
/// gets the driver's notifications. Nothing that a driver does reaches a model unless the device
/// runs, that is after DRIVER_OK and until a reset or an error.
///
/// Order of use: construct, attach() memory and a listener, then only the transport calls.
class Device {
public:
    Device(const Device&)            = delete;
    Device& operator=(const Device&) = delete;

    /// The guest's RAM, and who hears of events. Both outlive the device.
    void attach(const Memory& memory, Listener& listener)
    {
        memory_   = &memory;
        listener_ = &listener;
    }

    /// Feature bits that are never offered, of rings and transport: VERSION_1 is not among them. (A
    /// model's own bits are arguments of its constructor, since some depend on each other.) Before
    /// a driver looks.
    void withhold(std::uint64_t features)
    {
        withheld_ = features & k_common_features & ~k_feature_version_1;
        offer(offered_);
    }

    // What a transport asks and tells. Section numbers are those of virtIO 1.2.

    [[nodiscard]] DeviceId      id() const { return id_; }
    [[nodiscard]] std::uint64_t offered_features() const { return offered_; }
    [[nodiscard]] std::uint64_t driver_features() const { return accepted_; }
    /// One half of the driver's features (word 0 or 1; others do not exist). Ignored after
    /// FEATURES_OK.
    void set_driver_features(std::uint32_t word, std::uint32_t bits);

    /// Device status (2.1). While a reset goes on it reads as it was before.
    [[nodiscard]] Status status() const;
    /// The driver sets bits, or resets with 0. It cannot clear bits, nor set what the order of 3.1
    /// forbids: FEATURES_OK with features that do not go together, DRIVER_OK without FEATURES_OK.
    void set_status(Status status);

    [[nodiscard]] std::uint32_t generation() const { return generation_; }
    /// Configuration bytes from `offset` on (2.5); what is beyond them reads as zero.
    void read_configuration(std::uint32_t offset, std::span<std::byte> to) const;
    void write_configuration(std::uint32_t offset, std::span<const std::byte> from);

    /// How many queues there are, with the features negotiated so far.
    [[nodiscard]] unsigned queues() const { return static_cast<unsigned>(queues_.size()); }
    /// A queue, or nothing where there is none.
    [[nodiscard]] Queue* queue(std::uint32_t index)
    {
        return index < queues_.size() ? &queues_[index] : nullptr;
    }
    /// The driver finished the settings of a queue (or ends it: as reset_queue()).
    void enable_queue(std::uint32_t index);
    /// Resets one queue (2.6.1). False: not possible without VIRTIO_F_RING_RESET.
    bool reset_queue(std::uint32_t index);
    void disable_queue(std::uint32_t index);
    /// Whether reset_queue() is still going on.
    [[nodiscard]] bool is_resetting(std::uint32_t index) const;

    /// An available buffer notification. Any value, at any time.
    void notify(std::uint32_t index);

    /// Everything back to the beginning, from whatever state (2.4).
    void reset();

    /// What the driver did wrong last; it survives the reset, for reports.
    [[nodiscard]] Fault last_fault() const { return last_fault_; }

protected:
    /// The queues live in the model; each has its largest size set (Queue::limit).
    Device(DeviceId id, std::uint64_t features, std::span<Queue> queues)
        : id_{id}
        , offered_{features | k_common_features}
        , queues_{queues}
    {
    }
    ~Device() = default;

    // What a model can ask for.

    [[nodiscard]] bool is_running() const { return running_; }
    [[nodiscard]] bool has(std::uint64_t features) const
    {
        return (accepted_ & features) == features;
    }
    /// The next request of a queue. Empty: none. A driver's fault has already been dealt with.
    [[nodiscard]] Chain take(Queue& queue, std::span<Segment> room);
    /// Shows the driver what was finished, and notifies it if it wants that.
    void publish(Queue& queue);
    /// Offers other features of the model's own from the next negotiation on. Only while no driver
    /// has begun one.
    void offer(std::uint64_t features) { offered_ = (features | k_common_features) & ~withheld_; }
    /// The configuration changed: a new generation, and a notification if the driver is there.
    void configuration_changed();
    /// The driver broke a rule that only this device type has (or take() found one).
    void fail(Fault fault);
    /// What on_reset() or on_queue_reset() had to wait for is over.
    void reset_finished();
    void queue_reset_finished(const Queue& queue);

    // What a model does.

    /// Its configuration space. All of it is readable from the beginning.
    [[nodiscard]] virtual std::span<const std::byte> configuration() const { return {}; }
    /// The driver writes inside of it.
    virtual void on_configuration_write(std::uint32_t /*offset*/,
                                        std::span<const std::byte> /*from*/)
    {
    }
    /// Whether a subset of the offered features makes sense.
    [[nodiscard]] virtual bool accepts(std::uint64_t /*features*/) const { return true; }
    /// FEATURES_OK was accepted.
    virtual void on_features() {}
    /// DRIVER_OK. Notifications of all queues follow.
    virtual void on_start() {}
    /// From now on no guest memory may be touched: an error, or a reset, whose on_reset() follows.
    virtual void on_stop() {}
    /// There may be something in a live queue.
    virtual void on_notify(unsigned queue) = 0;
    /// Forget all requests. False: a back end still uses guest memory; reset_finished() follows.
    virtual bool on_reset() { return true; }
    /// Forget the requests of one queue. False: as before, queue_reset_finished() follows.
    virtual bool on_queue_reset(unsigned /*queue*/) { return true; }

private:
    [[nodiscard]] unsigned index_of(const Queue& queue) const
    {
        return static_cast<unsigned>(&queue - queues_.data());
    }
    void start();
    void stop();

    DeviceId         id_;
    std::uint64_t    offered_;
    std::uint64_t    withheld_ = 0;
    std::span<Queue> queues_;
    const Memory*    memory_     = nullptr;
    Listener*        listener_   = nullptr;
    std::uint64_t    accepted_   = 0;
    std::uint64_t    resetting_  = 0; ///< a bit for each queue below 64
    std::uint32_t    generation_ = 0;
    Status           status_{};
    Status           before_reset_{}; ///< not 0: a reset goes on
    bool             running_    = false;
    Fault            last_fault_ = Fault::none;
};

} // namespace virtio
