// SPDX-License-Identifier: BSD-2-Clause
// A network card on sDDF's network class.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "sddf/network.hpp"
#include "virtio/nic.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace backend {

/// A client of a transmit virtualiser and of a copier (or receive virtualiser). The device's
/// received() belongs to the receive channel, its transmit_ready() to the transmit channel. Buffers
/// that a neighbour names outside of their region are never touched.
class NetworkCard final : public virtio::Nic {
public:
    NetworkCard(Doorbell& transmit, Doorbell& receive)
        : transmit_{transmit}
        , receive_{receive}
    {
    }

    /// Connects to a client's section, and fills the transmit link's free ring if it is new.
    /// Errors: the section was not filled in, or a region cannot be.
    base::Result<> open(const sddf::network::ClientConfig& config);

    /// The guest is told that longer packets do not get through; bytes behind the Ethernet header.
    void set_mtu(std::uint16_t mtu) { mtu_ = mtu; }

    [[nodiscard]] Info                       info() const override;
    [[nodiscard]] std::span<std::byte>       transmit_buffer() override;
    void                                     transmit(std::size_t size) override;
    void                                     flush() override;
    [[nodiscard]] std::span<const std::byte> next_received() override;
    void                                     release_received() override;
    [[nodiscard]] bool                       receive_done() override;

private:
    /// The two rings of a link and the buffers that go round in them.
    struct Link {
        sddf::Region                 data{};
        std::uint32_t                buffers = 0;
        sddf::network::Consumer      in{};      ///< transmit: free; receive: active
        sddf::network::Producer      out{};     ///< transmit: active; receive: free
        std::optional<std::uint64_t> current{}; ///< offset of the buffer that we have

        [[nodiscard]] std::optional<sddf::network::Descriptor> pop();
    };
    static base::Result<> check(const sddf::network::Connection& connection, Link& link);

    Doorbell&                 transmit_;
    Doorbell&                 receive_;
    Link                      tx_{};
    Link                      rx_{};
    std::size_t               frame_ = 0; ///< size of the one in rx_.current
    sddf::network::MacAddress mac_{};
    std::uint16_t             mtu_ = Info{}.mtu;
};

} // namespace backend
