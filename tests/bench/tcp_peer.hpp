// SPDX-License-Identifier: BSD-2-Clause
// The far end of a guest's TCP connections: two ports on the host's loopback.
#pragma once

#include "qemu/descriptor.hpp"
#include "qemu/process.hpp"

#include <cstdint>
#include <thread>

namespace bench {

using qemu::Result;

/// Listens until it is destroyed. Connections to sink() are read until they end, and closed;
/// those to source() get k_bytes bytes, and are closed.
class TcpPeer {
public:
    static constexpr std::size_t k_bytes = std::size_t{4} << 20;

    [[nodiscard]] static Result<TcpPeer> create();

    [[nodiscard]] std::uint16_t sink() const { return sink_; }
    [[nodiscard]] std::uint16_t source() const { return source_; }

private:
    TcpPeer() = default;

    std::uint16_t sink_   = 0;
    std::uint16_t source_ = 0;
    std::jthread  sinks_;
    std::jthread  sources_;
};

} // namespace bench
