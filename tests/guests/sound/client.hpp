// SPDX-License-Identifier: BSD-2-Clause
// A client of the sound virtualiser: commands one after the other, buffers as many as it has.
#pragma once

#include "sddf/sound.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace sound_test {

/// Two channels of 16 bits at 48 kHz.
inline constexpr std::uint8_t  k_channels = 2;
inline constexpr std::uint8_t  k_format   = 5;
inline constexpr std::uint8_t  k_rate     = 7;
inline constexpr std::uint32_t k_frames   = sddf::sound::k_buffer_size / 4; ///< of a buffer

using Frame = std::array<std::int16_t, k_channels>;

class Client {
public:
    explicit constexpr Client(const sddf::sound::ClientConfig& config)
        : config_{config}
    {
    }
    /// Ends the program if the section is of no use.
    void open();

    /// Whether the card says what streams it has.
    [[nodiscard]] bool                            is_ready() const { return page().is_ready(); }
    [[nodiscard]] const sddf::sound::SharedState& page() const
    {
        return *reinterpret_cast<const sddf::sound::SharedState*>(config_.virt.state.vaddr);
    }
    /// The first stream of this direction (0 playback, 1 capture).
    [[nodiscard]] std::optional<std::uint32_t> stream(unsigned direction) const;

    void command(sddf::sound::Code code, std::uint32_t stream);
    /// Asks for what follows this answer in a stream's life: after it was taken its preparation and
    /// its start, after a stop its release.
    void                                              go_on(const sddf::sound::Command& answer);
    [[nodiscard]] std::optional<sddf::sound::Command> answer() { return command_answers_.pop(); }

    [[nodiscard]] unsigned buffers() const
    {
        return static_cast<unsigned>(config_.size / sddf::sound::k_buffer_size);
    }
    [[nodiscard]] std::span<Frame> frames(unsigned buffer) const;
    /// The buffer's number is the cookie that comes back.
    void                                          give(unsigned buffer, std::uint32_t stream);
    [[nodiscard]] std::optional<sddf::sound::Pcm> take() { return answers_.pop(); }

    /// At the end of each event: shows and notifies.
    void publish();

private:
    const sddf::sound::ClientConfig& config_;
    std::uint32_t                    cookie_ = 0;
    sddf::sound::CommandProducer     commands_{};
    sddf::sound::CommandConsumer     command_answers_{};
    sddf::sound::PcmProducer         requests_{};
    sddf::sound::PcmConsumer         answers_{};
};

} // namespace sound_test
