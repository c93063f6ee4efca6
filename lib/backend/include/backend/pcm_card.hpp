// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF's sound class.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "sddf/sound.hpp"
#include "virtio/sound_card.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace backend {

/// A job is played in parts of at most 4 KiB, each in a buffer of its own in the data region: one
/// copy. Recording asks for whole buffers, always of the same size, and fills the jobs from them,
/// wherever these begin and end: QEMU's device breaks on messages that are smaller than a period.
/// A stream has its share of the buffers, so that none starves another.
///
/// sDDF's TAKE belongs to a PREPARE here, since a RELEASE gives a stream back to everybody. An
/// answer that nobody waits for, or that is about another stream, does no harm.
class PcmCard final : public virtio::SoundCard {
public:
    /// A buffer in use.
    struct Part {
        enum class State : std::uint8_t {
            free,
            sent,
            forgotten, ///< sent, and nobody waits for its answer
            recorded,  ///< its bytes wait for jobs
        };
        State           state  = State::free;
        bool            cut    = false;   ///< recorded: there was not as much as was asked for
        bool            failed = false;   ///< recorded: nothing, since it failed
        virtio::PcmJob* job    = nullptr; ///< of a playback
        std::uint32_t   cookie = 0;       ///< of this use of the buffer
        std::uint32_t   stream = 0;
        std::uint32_t   offset = 0; ///< recorded: bytes that jobs have
        std::uint32_t   size   = 0;
    };
    template <std::size_t Parts>
    struct Storage {
        static_assert(Parts != 0 && Parts <= sddf::sound::k_pcm_capacity);
        std::array<Part, Parts> parts{};
    };

    template <std::size_t Parts>
    PcmCard(Storage<Parts>& storage, Doorbell& virtualiser)
        : all_parts_{storage.parts}
        , virtualiser_{virtualiser}
    {
    }

    /// Connects to a client's section. Errors: it was not filled in, a region cannot be.
    base::Result<> open(const sddf::sound::ClientConfig& config);

    /// Whether the driver says what streams there are. Nobody notifies of that; the sound device's
    /// card_changed() is to be called then.
    [[nodiscard]] bool is_ready() const { return state_ != nullptr && state_->is_ready(); }

    /// The virtualiser notified.
    void notified();

    void                   connect(virtio::SoundClient& client) override { client_ = &client; }
    [[nodiscard]] unsigned streams() const override;
    [[nodiscard]] virtio::PcmInfo info(unsigned stream) const override;
    void                          command(unsigned stream, virtio::PcmCommand what,
                                          const virtio::PcmParameters& parameters) override;
    void                          submit(unsigned stream, virtio::PcmJob& job) override;
    void                          kick() override;
    void                          reset() override;

private:
    using Code   = sddf::sound::Code;
    using Status = sddf::sound::Status;

    /// What the guest wants of a stream is a list of sDDF's commands, one under way at a time.
    struct Stream {
        std::array<Code, 2>   steps{};
        std::uint8_t          count   = 0;
        std::uint8_t          done    = 0;     ///< steps
        bool                  sent    = false; ///< steps[done], and there is no answer yet
        bool                  silent  = false; ///< nobody waits for the end of the list
        Status                result  = Status::ok;
        bool                  owned   = false; ///< TAKE was answered well, and no RELEASE yet
        bool                  started = false;
        bool                  output  = true;  ///< as it was when it was prepared
        bool                  waits   = false; ///< `next` follows what is under way
        virtio::PcmCommand    next    = virtio::PcmCommand::prepare;
        std::uint32_t         cookie  = 0;
        std::uint32_t         parts   = 0; ///< in use
        virtio::PcmParameters parameters{};
        virtio::PcmJob*       first = nullptr;
        virtio::PcmJob*       last  = nullptr;
    };

    void                begin(Stream& stream, virtio::PcmCommand what);
    void                clean(Stream& stream);
    void                advance(unsigned number);
    void                step_done(unsigned number, Status status);
    void                list_done(unsigned number);
    void                answered(const sddf::sound::Command& response);
    void                answered(const sddf::sound::Pcm& response);
    void                pump(unsigned number);
    [[nodiscard]] bool  send_part(unsigned number, virtio::PcmJob* job, std::uint32_t size);
    void                ask_for_sound(unsigned number);
    void                pour(unsigned number);
    void                release(Part& part);
    void                forget(Part& part);
    [[nodiscard]] Part* oldest(unsigned number);
    template <class Visit>
    void                     each_coming(unsigned number, Visit visit);
    void                     end_jobs(unsigned number);
    void                     finish_first(unsigned number);
    [[nodiscard]] std::byte* buffer_of(const Part& part) const;

    std::span<Part>                    all_parts_;
    std::span<Part>                    parts_{}; ///< for which there are buffers
    Doorbell&                          virtualiser_;
    virtio::SoundClient*               client_ = nullptr;
    const sddf::sound::SharedState*    state_  = nullptr;
    std::span<std::byte>               data_{}; ///< our part of the region
    std::uint64_t                      first_   = 0;
    std::uint32_t                      cookies_ = 0;
    unsigned                           used_    = 0;     ///< streams from here on never were
    bool                               events_  = false; ///< the client was told of something
    sddf::sound::CommandProducer       commands_{};
    sddf::sound::CommandConsumer       command_answers_{};
    sddf::sound::PcmProducer           requests_{};
    sddf::sound::PcmConsumer           answers_{};
    std::array<Stream, k_most_streams> streams_{};
};

} // namespace backend
