// SPDX-License-Identifier: BSD-2-Clause
// The driver's side of virtIO over MMIO (virtIO 1.2, 4.2), modern interface.
#pragma once

#include "virtqueue.hpp"

#include "base/result.hpp"

#include <cstdint>

namespace virtio_driver {

inline constexpr std::uint64_t k_feature_version_1 = 1ULL << 32;

class Transport {
public:
    constexpr Transport() = default;

    /// Resets the device at `registers`. Errors: there is none of this type (section 5), or it has
    /// the legacy interface.
    base::Result<> open(std::uintptr_t registers, std::uint32_t device_type);

    /// Takes of `wanted` what the device offers; gives that. Errors: the device is too old, or
    /// does not agree.
    base::Result<std::uint64_t> negotiate(std::uint64_t wanted);

    /// How long queue `index` may be; 0: there is none.
    [[nodiscard]] std::uint32_t queue_limit(unsigned index) const;
    void                        set_queue(unsigned index, const Virtqueue& queue) const;

    /// The device may work from here on.
    void start() const;

    void notify(unsigned queue) const;
    /// To be called before looking at what the device has used.
    void acknowledge_interrupt() const;

    /// Of the device's configuration (little-endian, as the machine).
    [[nodiscard]] std::uint8_t  config8(unsigned offset) const;
    [[nodiscard]] std::uint32_t config32(unsigned offset) const;
    [[nodiscard]] std::uint64_t config64(unsigned offset) const;

private:
    [[nodiscard]] std::uint32_t read(std::uint32_t offset) const;
    void                        write(std::uint32_t offset, std::uint32_t value) const;
    void                        write64(std::uint32_t offset, std::uint64_t value) const;

    std::uintptr_t registers_ = 0;
};

} // namespace virtio_driver
