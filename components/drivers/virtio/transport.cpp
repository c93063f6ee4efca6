// SPDX-License-Identifier: BSD-2-Clause
#include "transport.hpp"

#include "arch/mmio.hpp"

namespace virtio_driver {

namespace {

/// Offsets of the registers (4.2.2).
enum : std::uint32_t {
    k_magic_value         = 0x000,
    k_version             = 0x004,
    k_device_id           = 0x008,
    k_device_features     = 0x010,
    k_device_features_sel = 0x014,
    k_driver_features     = 0x020,
    k_driver_features_sel = 0x024,
    k_queue_sel           = 0x030,
    k_queue_num_max       = 0x034,
    k_queue_num           = 0x038,
    k_queue_ready         = 0x044,
    k_queue_notify        = 0x050,
    k_interrupt_status    = 0x060,
    k_interrupt_ack       = 0x064,
    k_status              = 0x070,
    k_queue_desc          = 0x080,
    k_queue_driver        = 0x090,
    k_queue_device        = 0x0a0,
    k_config_generation   = 0x0fc,
    k_config              = 0x100,
};

constexpr std::uint32_t k_magic = 0x7472'6976; // "virt"

/// Device status (2.1).
enum : std::uint32_t {
    k_acknowledge = 1,
    k_driver      = 2,
    k_driver_ok   = 4,
    k_features_ok = 8,
};

/// Reads of the status until a reset must be done.
constexpr unsigned k_patience = 1'000'000;

} // namespace

std::uint32_t Transport::read(std::uint32_t offset) const
{
    return arch::mmio_read32(registers_ + offset);
}

void Transport::write(std::uint32_t offset, std::uint32_t value) const
{
    arch::mmio_write32(registers_ + offset, value);
}

void Transport::write64(std::uint32_t offset, std::uint64_t value) const
{
    write(offset, static_cast<std::uint32_t>(value));
    write(offset + 4, static_cast<std::uint32_t>(value >> 32));
}

base::Result<> Transport::open(std::uintptr_t registers, std::uint32_t device_type)
{
    registers_ = registers;
    if (read(k_magic_value) != k_magic) {
        return base::fail("there is no virtIO device at these registers",
                          "is it the right one of several virtio_mmio?", read(k_magic_value));
    }
    if (read(k_device_id) != device_type) {
        return base::fail("the virtIO device is of another type, or no device is plugged in",
                          "does QEMU have -device …,bus=virtio-mmio-bus.N for this one?",
                          read(k_device_id));
    }
    if (read(k_version) != 2) {
        return base::fail("the virtIO device has the legacy interface",
                          "start QEMU with -global virtio-mmio.force-legacy=false",
                          read(k_version));
    }
    write(k_status, 0);
    for (unsigned i = 0; read(k_status) != 0; ++i) {
        if (i == k_patience) {
            return base::fail("the virtIO device does not reset");
        }
    }
    return {};
}

base::Result<std::uint64_t> Transport::negotiate(std::uint64_t wanted)
{
    write(k_status, k_acknowledge | k_driver);
    write(k_device_features_sel, 0);
    std::uint64_t features = read(k_device_features);
    write(k_device_features_sel, 1);
    features |= std::uint64_t{read(k_device_features)} << 32;
    features &= wanted | k_feature_version_1;
    if ((features & k_feature_version_1) == 0) {
        return base::fail("the virtIO device knows only the legacy interface");
    }
    write(k_driver_features_sel, 0);
    write(k_driver_features, static_cast<std::uint32_t>(features));
    write(k_driver_features_sel, 1);
    write(k_driver_features, static_cast<std::uint32_t>(features >> 32));
    write(k_status, k_acknowledge | k_driver | k_features_ok);
    if ((read(k_status) & k_features_ok) == 0) {
        return base::fail("the virtIO device does not agree to its own features", {}, features);
    }
    return features;
}

std::uint32_t Transport::queue_limit(unsigned index) const
{
    write(k_queue_sel, index);
    return read(k_queue_num_max);
}

void Transport::set_queue(unsigned index, const Virtqueue& queue) const
{
    write(k_queue_sel, index);
    write(k_queue_num, queue.size());
    write64(k_queue_desc, queue.descriptors_address());
    write64(k_queue_driver, queue.available_address());
    write64(k_queue_device, queue.used_address());
    write(k_queue_ready, 1);
}

void Transport::start() const
{
    write(k_status, k_acknowledge | k_driver | k_features_ok | k_driver_ok);
}

void Transport::notify(unsigned queue) const { write(k_queue_notify, queue); }

void Transport::acknowledge_interrupt() const { write(k_interrupt_ack, read(k_interrupt_status)); }

std::uint8_t Transport::config8(unsigned offset) const
{
    return arch::mmio_read8(registers_ + k_config + offset);
}

std::uint32_t Transport::config32(unsigned offset) const { return read(k_config + offset); }

std::uint64_t Transport::config64(unsigned offset) const
{
    // The device may change it between the halves (4.2.2.2).
    for (;;) {
        const auto generation = read(k_config_generation);
        const auto low        = config32(offset);
        const auto high       = config32(offset + 4);
        if (read(k_config_generation) == generation) {
            return std::uint64_t{high} << 32 | low;
        }
    }
}

} // namespace virtio_driver
