// SPDX-License-Identifier: BSD-2-Clause
// The registers of the MMIO transport (virtIO 1.2, section 4.2.2).
#include "virtio/mmio.hpp"

#include "base/checked.hpp"

#include <array>
#include <cstring>

namespace virtio {
namespace {

// clang-format off
enum Offset : std::uint64_t {
    magic_value          = 0x000, // R
    version              = 0x004, // R
    device_id            = 0x008, // R
    vendor_id            = 0x00c, // R
    device_features      = 0x010, // R
    device_features_sel  = 0x014, // W
    driver_features      = 0x020, // W
    driver_features_sel  = 0x024, // W
    queue_sel            = 0x030, // W
    queue_num_max        = 0x034, // R
    queue_num            = 0x038, // W
    queue_ready          = 0x044, // RW
    queue_notify         = 0x050, // W
    interrupt_status     = 0x060, // R
    interrupt_ack        = 0x064, // W
    status               = 0x070, // RW
    queue_desc_low       = 0x080, // W
    queue_desc_high      = 0x084, // W
    queue_driver_low     = 0x090, // W
    queue_driver_high    = 0x094, // W
    queue_device_low     = 0x0a0, // W
    queue_device_high    = 0x0a4, // W
    shm_sel              = 0x0ac, // W
    shm_len_low          = 0x0b0, // R
    shm_len_high         = 0x0b4, // R
    shm_base_low         = 0x0b8, // R
    shm_base_high        = 0x0bc, // R
    queue_reset          = 0x0c0, // RW
    config_generation    = 0x0fc, // R
    config               = 0x100, // RW
};
// clang-format on

constexpr std::uint32_t k_magic   = 0x7472'6976; // "virt"
constexpr std::uint32_t k_version = 2;
constexpr std::uint32_t k_vendor  = 0x6d6d'766c; // "lvmm"

constexpr std::uint32_t k_used_buffer_notification = 1;
constexpr std::uint32_t k_configuration_change     = 2;

/// Replaces one half of a 64-bit address.
void set_half(std::uint64_t& address, bool high, std::uint32_t value)
{
    const unsigned shift = high ? 32 : 0;
    address              = (address & ~(0xffff'ffffULL << shift)) | std::uint64_t{value} << shift;
}

} // namespace

std::uint64_t MmioTransport::read(std::uint64_t offset, unsigned size) const
{
    if (offset >= Offset::config) {
        std::array<std::byte, 8> bytes{};
        device_.read_configuration(static_cast<std::uint32_t>(offset - Offset::config),
                                   std::span{bytes}.first(size));
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof(value));
        return value;
    }
    return size == 4 ? read_register(offset) : 0;
}

void MmioTransport::write(std::uint64_t offset, unsigned size, std::uint64_t value)
{
    // Far more often written than all others.
    if (offset == Offset::queue_notify && size == 4) {
        device_.notify(static_cast<std::uint32_t>(value));
        return;
    }
    if (offset >= Offset::config) {
        std::array<std::byte, 8> bytes{};
        std::memcpy(bytes.data(), &value, sizeof(value));
        device_.write_configuration(static_cast<std::uint32_t>(offset - Offset::config),
                                    std::span{bytes}.first(size));
        return;
    }
    if (size == 4) {
        write_register(offset, static_cast<std::uint32_t>(value));
    }
}

std::uint32_t MmioTransport::read_register(std::uint64_t offset) const
{
    const Queue* const queue = device_.queue(queue_sel_);
    switch (offset) {
    case Offset::interrupt_status: // at each interrupt
        return interrupt_status_;
    case Offset::magic_value:
        return k_magic;
    case Offset::version:
        return k_version;
    case Offset::device_id:
        return static_cast<std::uint32_t>(device_.id());
    case Offset::vendor_id:
        return k_vendor;
    case Offset::device_features:
        return device_features_sel_ < 2 ? static_cast<std::uint32_t>(device_.offered_features() >>
                                                                     (32 * device_features_sel_))
                                        : 0;
    case Offset::queue_num_max:
        return queue != nullptr ? queue->max_size() : 0;
    case Offset::queue_ready:
        return queue != nullptr && queue->is_ready() ? 1 : 0;
    case Offset::status:
        return device_.status().raw();
    case Offset::shm_len_low: // there are no shared memory regions: -1
    case Offset::shm_len_high:
    case Offset::shm_base_low:
    case Offset::shm_base_high:
        return 0xffff'ffff;
    case Offset::queue_reset:
        return device_.is_resetting(queue_sel_) ? 1 : 0;
    case Offset::config_generation:
        return device_.generation();
    default:
        return 0;
    }
}

void MmioTransport::write_register(std::uint64_t offset, std::uint32_t value)
{
    switch (offset) {
    case Offset::interrupt_ack:
        if (interrupt_status_ != 0) {
            interrupt_status_ &= ~value;
            if (interrupt_status_ == 0) {
                line_.set(false);
            }
        }
        return;
    case Offset::device_features_sel:
        device_features_sel_ = value;
        return;
    case Offset::driver_features:
        device_.set_driver_features(driver_features_sel_, value);
        return;
    case Offset::driver_features_sel:
        driver_features_sel_ = value;
        return;
    case Offset::queue_sel:
        queue_sel_ = value;
        return;
    case Offset::status:
        device_.set_status(Status{static_cast<std::uint8_t>(value)});
        return;
    default:
        write_queue_register(offset, value);
        return;
    }
}

void MmioTransport::write_queue_register(std::uint64_t offset, std::uint32_t value)
{
    Queue* const queue = device_.queue(queue_sel_);
    if (queue == nullptr) {
        return;
    }
    if (offset == Offset::queue_ready) {
        if (value == 1) {
            device_.enable_queue(queue_sel_);
        } else if (value == 0) {
            device_.disable_queue(queue_sel_);
        }
        return;
    }
    if (offset == Offset::queue_reset) {
        if (value == 1) {
            (void)device_.reset_queue(queue_sel_);
        }
        return;
    }
    if (queue->is_ready()) {
        return; // 4.2.2.2: the settings stand while the queue is ready
    }
    auto& settings = queue->settings;
    switch (offset) {
    case Offset::queue_num:
        settings.size = value;
        return;
    case Offset::queue_desc_low:
    case Offset::queue_desc_high:
        set_half(settings.descriptors, offset == Offset::queue_desc_high, value);
        return;
    case Offset::queue_driver_low:
    case Offset::queue_driver_high:
        set_half(settings.driver_area, offset == Offset::queue_driver_high, value);
        return;
    case Offset::queue_device_low:
    case Offset::queue_device_high:
        set_half(settings.device_area, offset == Offset::queue_device_high, value);
        return;
    default:
        return;
    }
}

void MmioTransport::raise(std::uint32_t cause)
{
    const bool low = interrupt_status_ == 0;
    interrupt_status_ |= cause;
    if (low) {
        line_.set(true);
    }
}

void MmioTransport::used_buffers(unsigned /*queue*/) { raise(k_used_buffer_notification); }

void MmioTransport::configuration_changed() { raise(k_configuration_change); }

void MmioTransport::was_reset()
{
    device_features_sel_ = 0;
    driver_features_sel_ = 0;
    queue_sel_           = 0;
    if (interrupt_status_ != 0) {
        interrupt_status_ = 0;
        line_.set(false);
    }
}

} // namespace virtio
