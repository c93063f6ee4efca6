// SPDX-License-Identifier: BSD-2-Clause
// The entropy device (virtIO 1.2, section 5.4): random bytes for the guest.
#pragma once

#include "virtio/device.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace virtio {

/// Where random bytes come from.
class EntropySource {
public:
    /// Fills the beginning of `to`; how much of it. 0: nothing now, and Entropy::resume() later.
    virtual std::size_t fill(std::span<std::byte> to) = 0;

protected:
    ~EntropySource() = default;
};

class Entropy final : public Device {
public:
    /// Most bytes that one request gets, so that a huge buffer costs no more than this.
    static constexpr std::uint32_t k_most = 4096;

    explicit Entropy(EntropySource& source);

    /// The source has bytes again.
    void resume() { notify(0); }

private:
    void on_notify(unsigned queue) override;
    bool on_reset() override;
    bool on_queue_reset(unsigned queue) override;

    EntropySource&          source_;
    std::array<Queue, 1>    queues_{};
    std::array<Segment, 16> room_{};
    Chain                   waiting_{}; ///< for the source
};

} // namespace virtio
