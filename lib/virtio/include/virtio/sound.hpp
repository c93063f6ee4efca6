// SPDX-License-Identifier: BSD-2-Clause
// The sound device (virtIO 1.2, section 5.14) on a card.
#pragma once

#include "virtio/device.hpp"
#include "virtio/sound_card.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// A socket in the card's panel, as its owner describes it.
struct SoundJack {
    std::uint32_t group     = 0; ///< function group node (HDA), shared with streams and maps
    std::uint32_t defconf   = 0; ///< HDA 7.3.3.31: what it is, where, in which colour
    std::uint32_t caps      = 0; ///< HDA 7.3.4.9
    bool          connected = true;
};

/// Where the channels of streams of one direction are. Positions are VIRTIO_SND_CHMAP_*.
struct SoundChannelMap {
    static constexpr std::size_t k_most = 18;

    PcmDirection                     direction = PcmDirection::output;
    std::uint8_t                     channels  = 0;
    std::array<std::uint8_t, k_most> positions{};
};

/// Playback and capture. A message with frames is answered when the card has played all of it, or
/// filled it: that is what tells the guest that a period is over. A stream that runs dry (or has
/// nowhere to record to) tells of an xrun, if its driver wants to know.
class Sound final : public Device, private SoundClient {
public:
    static constexpr std::uint16_t k_queue_size    = 64;
    static constexpr std::size_t   k_most_segments = 40; ///< of a message
    static constexpr std::size_t   k_most_messages = 20; ///< of a stream at a time
    static constexpr std::size_t   k_most_jacks    = 8;
    static constexpr std::size_t   k_most_maps     = 8;

    /// A message of a stream that the card has.
    struct Message {
        Chain                                chain{};
        PcmJob                               job{};
        std::array<Segment, k_most_segments> segments{};
        bool                                 in_use = false;
    };
    /// What the device knows of a stream.
    struct Stream {
        enum class State : std::uint8_t { idle, set, prepared, running, stopped };

        State                                state = State::idle;
        PcmInfo                              info{}; ///< the card's word, as it once was
        PcmParameters                        parameters{};
        std::uint32_t                        features = 0;
        Chain                                control{}; ///< waits for the card
        std::array<Segment, 4>               control_segments{};
        State                                after    = State::idle; ///< if the card says ok
        bool                                 xrun_due = false;
        std::uint8_t                         in_use   = 0; ///< messages
        std::array<Message, k_most_messages> messages{};
    };
    template <std::size_t Streams>
    struct Storage {
        static_assert(Streams <= SoundCard::k_most_streams);
        std::array<Stream, Streams> streams{};
    };

    /// As many of the card's streams as there is storage for. Jacks and maps are copied.
    template <std::size_t Streams>
    Sound(SoundCard& card, Storage<Streams>& storage, std::span<const SoundJack> jacks = {},
          std::span<const SoundChannelMap> maps = {})
        : Sound{card, std::span<Stream>{storage.streams}, jacks, maps}
    {
    }

    /// The card may have other streams now; before a driver begins.
    void card_changed();

    /// Other jacks and channel maps, which are copied; before a driver begins.
    void set_panel(std::span<const SoundJack> jacks, std::span<const SoundChannelMap> maps);

    /// A plug was put in or pulled out.
    void set_jack(unsigned jack, bool connected);

    struct Counters {
        std::uint64_t played   = 0; ///< messages
        std::uint64_t recorded = 0;
        std::uint64_t refused  = 0; ///< messages that no stream could take
        std::uint64_t xruns    = 0;
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    static constexpr unsigned k_control = 0;
    static constexpr unsigned k_event   = 1;
    static constexpr unsigned k_tx      = 2;
    static constexpr unsigned k_rx      = 3;

    struct Config {
        std::uint32_t jacks;
        std::uint32_t streams;
        std::uint32_t chmaps;
    };

    Sound(SoundCard& card, std::span<Stream> streams, std::span<const SoundJack> jacks,
          std::span<const SoundChannelMap> maps);

    [[nodiscard]] std::span<const std::byte> configuration() const override
    {
        return std::as_bytes(std::span{&config_, 1});
    }
    void on_notify(unsigned queue) override;
    void on_stop() override;
    bool on_queue_reset(unsigned queue) override;

    void finished(unsigned stream, PcmJob& job) override;
    void commanded(unsigned stream, SoundStatus status) override;
    void batch_done() override;

    // sound_control.cpp
    void               control();
    [[nodiscard]] bool execute(Chain& chain);
    void               answer(Chain& chain, SoundStatus status, std::uint32_t extra = 0);
    void               query(Chain& chain, std::uint32_t code, Reader& reader);
    void               set_parameters(Chain& chain, unsigned stream, Reader& reader);
    void               change(Chain& chain, unsigned stream, std::uint32_t code);
    void               order(Chain& chain, unsigned stream, PcmCommand what, Stream::State after);

    // sound.cpp
    void               transfer(unsigned queue);
    [[nodiscard]] bool begin(Chain&& chain, unsigned queue);
    void reply(Chain&& chain, unsigned queue, SoundStatus status, std::uint32_t recorded,
               std::uint32_t latency);
    void send_events();
    void end_messages(Stream& stream, unsigned forgotten);
    [[nodiscard]] static Message*   free_message(Stream& stream);
    [[nodiscard]] std::span<Stream> streams() { return streams_.first(config_.streams); }

    SoundCard&                               card_;
    std::span<Stream>                        streams_;
    std::array<SoundJack, k_most_jacks>      jacks_{};
    std::array<SoundChannelMap, k_most_maps> maps_{};
    Config                                   config_{};
    std::uint32_t                            jacks_due_   = 0; ///< whose events are due, a bit each
    bool                                     controlling_ = false;
    bool                                     progress_ = false; ///< a stream is not busy any more
    Chain                                    held_{}; ///< a request for a stream that is busy
    Counters                                 counters_{};
    std::array<Queue, 4>                     queues_{};
    std::array<Segment, k_most_segments>     room_{};
    std::array<Segment, 16>                  control_room_{};
    std::array<Segment, 4>                   event_room_{};
};

} // namespace virtio
