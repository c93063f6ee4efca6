// SPDX-License-Identifier: BSD-2-Clause
// The status machine: who may do what when (virtIO 1.2, sections 2.1 to 2.6 and 3.1).
#include "virtio/device.hpp"

#include "base/checked.hpp"

#include <algorithm>
#include <cstring>

namespace virtio {

void Device::set_driver_features(std::uint32_t word, std::uint32_t bits)
{
    if (word > 1 || status_.get<Status::features_ok>()) {
        return;
    }
    const unsigned shift = 32 * word;
    accepted_            = (accepted_ & ~(0xffff'ffffULL << shift)) | std::uint64_t{bits} << shift;
}

Status Device::status() const { return status_ == Status{} ? before_reset_ : status_; }

void Device::set_status(Status wanted)
{
    if (wanted == Status{}) {
        reset();
        return;
    }
    // DEVICE_NEEDS_RESET is ours, bits once set stay, and reserved bits do not exist.
    if (wanted.get<Status::acknowledge>()) {
        status_.set<Status::acknowledge>(true);
    }
    if (wanted.get<Status::driver>()) {
        status_.set<Status::driver>(true);
    }
    if (wanted.get<Status::features_ok>() && !status_.get<Status::features_ok>() &&
        (accepted_ & ~offered_) == 0 && has(k_feature_version_1) && accepts(accepted_)) {
        status_.set<Status::features_ok>(true);
        on_features();
    }
    if (wanted.get<Status::failed>()) {
        status_.set<Status::failed>(true);
        stop();
    }
    if (wanted.get<Status::driver_ok>() && !status_.get<Status::driver_ok>() &&
        status_.get<Status::features_ok>() && !status_.get<Status::needs_reset>() &&
        !status_.get<Status::failed>()) {
        status_.set<Status::driver_ok>(true);
        start();
    }
}

void Device::start()
{
    running_ = true;
    for (Queue& queue : queues_) {
        if (queue.is_ready()) {
            queue.go_live(*memory_, accepted_);
        }
    }
    on_start();
    // What the driver made available before DRIVER_OK was not to be looked at then, and need not be
    // announced again.
    for (unsigned i = 0; i < queues() && running_; ++i) {
        notify(i);
    }
}

void Device::stop()
{
    running_ = false;
    for (Queue& queue : queues_) {
        queue.halt();
    }
    on_stop();
}

void Device::reset()
{
    if (status_ != Status{}) {
        before_reset_ = status_;
    }
    stop();
    for (Queue& queue : queues_) {
        queue.reset();
    }
    status_    = {};
    accepted_  = 0;
    resetting_ = 0;
    if (listener_ != nullptr) {
        listener_->was_reset();
    }
    if (on_reset()) {
        reset_finished();
    }
}

void Device::reset_finished() { before_reset_ = {}; }

void Device::read_configuration(std::uint32_t offset, std::span<std::byte> to) const
{
    const auto bytes = configuration();
    std::ranges::fill(to, std::byte{0});
    if (offset < bytes.size()) {
        const auto size = std::min(to.size(), bytes.size() - offset);
        std::memcpy(to.data(), bytes.data() + offset, size);
    }
}

void Device::write_configuration(std::uint32_t offset, std::span<const std::byte> from)
{
    if (base::range_fits<std::uint64_t>(offset, from.size(), configuration().size())) {
        on_configuration_write(offset, from);
    }
}

void Device::configuration_changed()
{
    ++generation_;
    if (running_ && listener_ != nullptr) {
        listener_->configuration_changed();
    }
}

void Device::enable_queue(std::uint32_t index)
{
    Queue* const it = queue(index);
    if (it == nullptr || it->is_ready() || is_resetting(index)) {
        return;
    }
    if (const Fault fault = it->make_ready(*memory_); fault != Fault::none) {
        fail(fault);
        return;
    }
    if (running_) { // after a reset of this queue
        it->go_live(*memory_, accepted_);
    }
}

void Device::disable_queue(std::uint32_t index)
{
    Queue* const it = queue(index);
    if (it == nullptr || !it->is_ready()) {
        return;
    }
    it->reset();
    if (!on_queue_reset(index) && index < 64) {
        resetting_ |= 1ULL << index;
    }
}

bool Device::reset_queue(std::uint32_t index)
{
    if (!has(k_feature_ring_reset) || !status_.get<Status::features_ok>()) {
        return false;
    }
    disable_queue(index);
    return true;
}

bool Device::is_resetting(std::uint32_t index) const
{
    return index < 64 && (resetting_ >> index & 1) != 0;
}

void Device::queue_reset_finished(const Queue& queue) { resetting_ &= ~(1ULL << index_of(queue)); }

void Device::notify(std::uint32_t index)
{
    if (running_ && index < queues_.size() && queues_[index].is_live()) {
        on_notify(index);
    }
}

Chain Device::take(Queue& queue, std::span<Segment> room)
{
    Chain chain = queue.take(room);
    if (!chain && queue.fault() != Fault::none && running_) {
        fail(queue.fault());
    }
    return chain;
}

void Device::publish(Queue& queue)
{
    if (queue.publish()) {
        listener_->used_buffers(index_of(queue));
    }
}

void Device::fail(Fault fault)
{
    last_fault_ = fault;
    if (status_.get<Status::needs_reset>()) {
        return;
    }
    status_.set<Status::needs_reset>(true);
    stop();
    // 2.1.2: after DRIVER_OK the driver must be told.
    if (status_.get<Status::driver_ok>() && listener_ != nullptr) {
        listener_->configuration_changed();
    }
}

} // namespace virtio
