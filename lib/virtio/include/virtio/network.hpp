// SPDX-License-Identifier: BSD-2-Clause
// The network device (virtIO 1.2, section 5.1) on a Nic.
#pragma once

#include "virtio/device.hpp"
#include "virtio/merger.hpp"
#include "virtio/network_filter.hpp"
#include "virtio/nic.hpp"
#include "virtio/segmenter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// One pair of queues and a control queue. Frames are copied once. TCP segments that are larger
/// than a frame are cut here (HOST_TSO4, HOST_TSO6), and those that come one after the other put
/// together (GUEST_TSO4, GUEST_TSO6). A frame for which the guest has no buffers stays in the card;
/// one that cannot ever fit is dropped and counted.
class Network final : public Device {
public:
    static constexpr std::uint64_t k_feature_csum          = 1ULL << 0;
    static constexpr std::uint64_t k_feature_guest_csum    = 1ULL << 1;
    static constexpr std::uint64_t k_feature_mtu           = 1ULL << 3;
    static constexpr std::uint64_t k_feature_mac           = 1ULL << 5;
    static constexpr std::uint64_t k_feature_guest_tso4    = 1ULL << 7;
    static constexpr std::uint64_t k_feature_guest_tso6    = 1ULL << 8;
    static constexpr std::uint64_t k_feature_host_tso4     = 1ULL << 11;
    static constexpr std::uint64_t k_feature_host_tso6     = 1ULL << 12;
    static constexpr std::uint64_t k_feature_mrg_rxbuf     = 1ULL << 15;
    static constexpr std::uint64_t k_feature_status        = 1ULL << 16;
    static constexpr std::uint64_t k_feature_ctrl_vq       = 1ULL << 17;
    static constexpr std::uint64_t k_feature_ctrl_rx       = 1ULL << 18;
    static constexpr std::uint64_t k_feature_ctrl_rx_extra = 1ULL << 20;
    static constexpr std::uint64_t k_all_features =
        k_feature_csum | k_feature_guest_csum | k_feature_mtu | k_feature_mac |
        k_feature_guest_tso4 | k_feature_guest_tso6 | k_feature_host_tso4 | k_feature_host_tso6 |
        k_feature_mrg_rxbuf | k_feature_status | k_feature_ctrl_vq | k_feature_ctrl_rx |
        k_feature_ctrl_rx_extra;

    static constexpr std::uint16_t k_queue_size  = 256;
    static constexpr std::size_t   k_most_merged = 32; ///< buffers that a packet may be spread over
    static constexpr std::size_t   k_most_segments = 64;

    explicit Network(Nic& nic, std::uint64_t features = k_all_features);

    /// The card has frames, or buffers to send with, again.
    void received() { notify(k_receive); }
    void transmit_ready() { notify(k_transmit); }

    /// The cable is plugged in or pulled out.
    void set_link(bool up);

    struct Counters {
        std::uint64_t transmitted = 0;
        std::uint64_t received    = 0;
        std::uint64_t dropped_out = 0; ///< frames of the guest that are none, or too long
        std::uint64_t dropped_in  = 0; ///< frames that no buffer of the guest can hold
        std::uint64_t filtered    = 0;
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    static constexpr unsigned k_receive  = 0;
    static constexpr unsigned k_transmit = 1;
    static constexpr unsigned k_control  = 2;

    /// struct virtio_net_config (5.1.4), as far as our features go.
    struct Config {
        MacAddress    mac;
        std::uint16_t status;
        std::uint16_t max_virtqueue_pairs;
        std::uint16_t mtu;
    };
    static_assert(sizeof(Config) == 12 && offsetof(Config, mtu) == 10);

    /// struct virtio_net_hdr (5.1.6).
    struct Header {
        std::uint8_t  flags;
        std::uint8_t  gso_type;
        std::uint16_t hdr_len;
        std::uint16_t gso_size;
        std::uint16_t csum_start;
        std::uint16_t csum_offset;
        std::uint16_t num_buffers;
    };
    static_assert(sizeof(Header) == 12);

    [[nodiscard]] std::span<const std::byte> configuration() const override
    {
        return std::as_bytes(std::span{&config_, 1});
    }
    [[nodiscard]] bool accepts(std::uint64_t features) const override;
    void               on_notify(unsigned queue) override;
    void               on_stop() override;
    bool               on_queue_reset(unsigned queue) override;

    /// What becomes of a request of the driver.
    enum class Sending : std::uint8_t { done, in_parts, broken };

    void                  transmit();
    Sending               send(std::span<std::byte> buffer);
    void                  send_part(std::span<std::byte> buffer);
    [[nodiscard]] Sending cut(const Reader& packet, const Header& header, std::size_t room);
    void                  receive();
    enum class Delivery : std::uint8_t { done, no_buffers, too_large };
    Delivery           deliver(std::span<const std::byte> frame);
    [[nodiscard]] bool append(std::span<const std::byte> frame);
    Delivery           hold(std::uint64_t bytes);
    void               begin_packet(std::size_t reserved);
    void               place(std::span<const std::byte> bytes, std::size_t whole = 0);
    void               finish_packet(Header header, std::span<const std::byte> headers);
    void               finish_merging();
    void               forget_held();
    void               control();
    [[nodiscard]] bool execute(Reader& reader);
    [[nodiscard]] bool is_acceptable(std::span<const std::byte> frame) const;

    Nic&                                 nic_;
    Config                               config_{};
    bool                                 verifies_ = false;
    NetworkFilter                        filter_{};
    Counters                             counters_{};
    std::array<Queue, 3>                 queues_{};
    Chain                                outgoing_{};  ///< waits for a buffer of the card
    Segmenter                            segmenter_{}; ///< cuts it, if it is large
    Merger                               merger_{};
    std::array<Chain, k_most_merged>     held_{}; ///< buffers for the next packet, or an open one
    std::size_t                          holds_         = 0;
    std::uint64_t                        held_bytes_    = 0; ///< room that is left in them
    std::size_t                          held_segments_ = 0;
    std::size_t                          placed_        = 0; ///< of them, which is being filled
    Writer                               into_{};            ///< its room
    std::array<Segment, k_most_segments> receive_room_{};
    std::array<Segment, k_most_segments> transmit_room_{};
    std::array<Segment, 16>              control_room_{};
};

} // namespace virtio
