// SPDX-License-Identifier: BSD-2-Clause
// Between a line to the host and sockets to guests: streams on the one are connections on the
// other.
#pragma once

#include "control/line.hpp"
#include "sddf/serial.hpp"
#include "vsock/endpoint.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace control {

/// Opens connections that the host asks for, and passes bytes on, both ways, as far as there is
/// room. What it keeps is bounded: of each stream as much as its credit allows.
class Bridge {
public:
    /// All outlive the bridge. `peers` are the context IDs that the program has links to.
    Bridge(vsock::Endpoint& sockets, std::uint32_t own_cid, std::span<const std::uint32_t> peers);

    /// Sockets: a closed one is free again when its guest has answered, which may take a while.
    using Storage = vsock::Endpoint::Storage<std::size_t{2} * k_streams, 8192>;

    /// Does what can be done now. After each notification of the line or the links.
    void run(sddf::serial::Consumer& from_host, sddf::serial::Producer& to_host);

private:
    struct Stream {
        bool          used   = false;
        bool          opened = false; ///< the host knows that it is
        vsock::Handle connection{};

        // From the host, not yet taken by the peer.
        std::array<std::byte, k_stream_window> bytes{};
        std::size_t                            first = 0;
        std::size_t                            size  = 0;
        /// How many the host may be told that it can send on.
        std::uint32_t owed = 0;
    };
    /// A stream that was never opened, or is over, of which the host has yet to be told.
    struct Farewell {
        bool        due    = false;
        CloseReason reason = CloseReason::ended;
    };

    void hear(sddf::serial::Consumer& from_host);
    void handle(const LineFrame& frame);
    void begin(std::uint16_t session);
    void open(std::uint8_t number, std::span<const std::byte> payload);
    void take(std::uint8_t number, std::span<const std::byte> payload);
    void close(std::uint8_t number);
    void end(std::uint8_t number, CloseReason reason);
    void feed(Stream& stream);

    /// False: the line has no room for it now.
    [[nodiscard]] bool tell(sddf::serial::Producer& to_host);
    [[nodiscard]] bool tell(sddf::serial::Producer& to_host, std::uint8_t number);
    [[nodiscard]] bool tell_data(sddf::serial::Producer& to_host, std::uint8_t number);
    [[nodiscard]] bool send(sddf::serial::Producer& to_host, LineKind kind, std::uint8_t number,
                            std::span<const std::byte> payload);

    vsock::Endpoint&                sockets_;
    Welcome                         welcome_{};
    LineDecoder                     decoder_{};
    std::uint16_t                   session_     = 0; ///< 0: nobody has said hello
    bool                            welcome_due_ = false;
    std::uint8_t                    turn_        = 0; ///< the stream that is served first
    std::array<Stream, k_streams>   streams_{};
    std::array<Farewell, k_streams> farewells_{};
};

} // namespace control
