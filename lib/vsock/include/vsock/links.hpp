// SPDX-License-Identifier: BSD-2-Clause
// A program's links as its configuration section describes them, and the switch on top of them.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "microkit/channel.hpp"
#include "vsock/config.hpp"
#include "vsock/relay.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vsock {

/// Does not move: the switch and the links point into it.
class Links {
public:
    constexpr Links()              = default;
    Links(const Links&)            = delete;
    Links& operator=(const Links&) = delete;

    /// Opens all links of `.vsock_config`. Errors: the section was not filled in, two links lead to
    /// the same context ID, a region is no good. Once, before anything else.
    base::Result<> open(const Config& config);

    /// What a vsock::Endpoint or a virtio::Socket stands on; after open(), with no
    /// links if that failed.
    [[nodiscard]] Relay& relay() { return *relay_; }

    /// How many there are, and the channel of each.
    [[nodiscard]] std::size_t       size() const { return size_; }
    [[nodiscard]] microkit::Channel channel(std::size_t index) const { return bells_[index].end; }

    /// A notification, whichever channel it came on: those of others change nothing.
    void notified(microkit::Channel channel);

private:
    /// The notification goes out with the end of the entry point.
    struct Bell final : backend::Doorbell {
        microkit::Channel end{};
        void              ring() override { end.notify_at_end(); }
    };

    std::array<Bell, k_most_links> bells_{};
    std::array<Line, k_most_links> lines_{};
    std::size_t                    size_ = 0;
    std::optional<Relay>           relay_{};
};

} // namespace vsock
