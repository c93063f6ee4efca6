// SPDX-License-Identifier: BSD-2-Clause
// Random bytes from the entropy driver: for the virtIO device, the TRNG calls and a guest's seeds.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "sddf/entropy.hpp"
#include "virtio/entropy.hpp"

#include <cstddef>
#include <span>

namespace backend {

/// The client's end of one ring of random bytes. Every byte is given to one taker only, and is
/// wiped from the ring. The channel of the ring belongs to virtio::Entropy::resume().
class EntropySource final : public virtio::EntropySource {
public:
    explicit EntropySource(Doorbell& driver)
        : driver_{driver}
    {
    }

    /// Connects to a client's section. Errors: it was not filled in, or a region cannot be.
    base::Result<> open(const sddf::entropy::ClientConfig& config);

    /// Bytes that can be had now.
    [[nodiscard]] std::size_t available() const;

    std::size_t fill(std::span<std::byte> to) override;

    /// All of `to`, or nothing: false. Where there are too few, they come some time later.
    [[nodiscard]] bool take(std::span<std::byte> to);

private:
    /// Gives space back where the ring has become half empty: one notification for many requests.
    void release();

    Doorbell&              driver_;
    sddf::serial::Consumer bytes_{};
};

} // namespace backend
