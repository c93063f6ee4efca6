// SPDX-License-Identifier: BSD-2-Clause
// Sound that was recorded, and what a test asks of it: which tone, how loud, from where to where,
// whether anything is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kit {

using Samples = std::vector<std::int16_t>; ///< of one channel

struct Waveform {
    unsigned             rate = 0; ///< Hz
    std::vector<Samples> channels{};

    [[nodiscard]] std::size_t frames() const { return channels.empty() ? 0 : channels[0].size(); }
    [[nodiscard]] double      seconds() const;
};

/// A WAV file with samples of 16 bits. A file whose writer did not come to fill in the sizes has
/// what follows the header. Nothing if it is none.
[[nodiscard]] std::optional<Waveform> read_wav(const std::filesystem::path& file);
/// The same of a file's content.
[[nodiscard]] std::optional<Waveform> parse_wav(std::span<const std::byte> bytes);
/// The same of samples without a header, channel by channel in each frame.
[[nodiscard]] Waveform parse_raw(std::span<const std::byte> bytes, unsigned rate,
                                 unsigned channels);

/// From the first sample that is not silent to behind the last one.
struct Stretch {
    std::size_t begin = 0;
    std::size_t end   = 0;

    [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// The stretches of sound between silences of at least `pause` samples. A sample is silent if it is
/// between -`level` and `level`.
[[nodiscard]] std::vector<Stretch> stretches(std::span<const std::int16_t> samples,
                                             std::size_t pause, int level = 0);

/// The frequency in Hz of the strongest tone, from the spectrum of the longest part that is a power
/// of two, to a fraction of a Hz where that is long enough.
[[nodiscard]] double strongest_frequency(std::span<const std::int16_t> samples, unsigned rate);

/// The sine of `frequency` that fits best.
struct Tone {
    double amplitude = 0; ///< of 32767
    double worst     = 0; ///< the largest distance of a sample from it: a gap or a click is one
};
[[nodiscard]] Tone fit_tone(std::span<const std::int16_t> samples, unsigned rate, double frequency);

/// Where all of `part` is in `whole`, sample for sample.
[[nodiscard]] std::optional<std::size_t> find(std::span<const std::int16_t> whole,
                                              std::span<const std::int16_t> part);

} // namespace kit
