// SPDX-License-Identifier: BSD-2-Clause
#include "kit/waveform.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string_view>

namespace kit {
namespace {

using Complex = std::complex<double>;

constexpr std::size_t k_sample = sizeof(std::int16_t);

std::string_view text(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Both are little-endian here and there.
template <class T>
T number(std::span<const std::byte> bytes, std::size_t at)
{
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

/// In place; the size is a power of two.
void transform(std::vector<Complex>& values)
{
    const auto size = values.size();
    for (std::size_t i = 1, j = 0; i < size; ++i) { // bits of the index in reverse
        auto bit = size / 2;
        for (; (j & bit) != 0; bit /= 2) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            std::swap(values[i], values[j]);
        }
    }
    for (std::size_t length = 2; length <= size; length *= 2) {
        const auto step = std::polar(1.0, -2 * std::numbers::pi / static_cast<double>(length));
        for (std::size_t first = 0; first < size; first += length) {
            Complex turn = 1;
            for (std::size_t i = first; i < first + length / 2; ++i) {
                const auto odd         = values[i + length / 2] * turn;
                values[i + length / 2] = values[i] - odd;
                values[i] += odd;
                turn *= step;
            }
        }
    }
}

} // namespace

double Waveform::seconds() const
{
    return rate == 0 ? 0 : static_cast<double>(frames()) / static_cast<double>(rate);
}

Waveform parse_raw(std::span<const std::byte> bytes, unsigned rate, unsigned channels)
{
    Waveform          wave{.rate = rate, .channels = std::vector<Samples>(channels)};
    const std::size_t frame = k_sample * channels;
    for (std::size_t at = 0; frame != 0 && bytes.size() - at >= frame; at += frame) {
        for (unsigned i = 0; i < channels; ++i) {
            wave.channels[i].push_back(number<std::int16_t>(bytes, at + k_sample * i));
        }
    }
    return wave;
}

std::optional<Waveform> parse_wav(std::span<const std::byte> bytes)
{
    constexpr std::size_t k_riff   = 12;
    constexpr std::size_t k_chunk  = 8;  // a name, and how much follows
    constexpr std::size_t k_format = 16; // kind, channels, rate, bytes a second, a frame, bits
    if (bytes.size() < k_riff || text(bytes.first(4)) != "RIFF" ||
        text(bytes.subspan(8, 4)) != "WAVE") {
        return std::nullopt;
    }
    unsigned rate     = 0;
    unsigned channels = 0;
    for (auto rest = bytes.subspan(k_riff); rest.size() >= k_chunk;) {
        const auto        name = text(rest.first(4));
        const std::size_t said = number<std::uint32_t>(rest, 4);
        rest                   = rest.subspan(k_chunk);
        const auto size        = std::min(said, rest.size());
        if (name == "fmt " && size >= k_format) {
            if (number<std::uint16_t>(rest, 0) != 1 || number<std::uint16_t>(rest, 14) != 16) {
                return std::nullopt;
            }
            channels = number<std::uint16_t>(rest, 2);
            rate     = number<std::uint32_t>(rest, 4);
        }
        if (name == "data") {
            return rate == 0 || channels == 0
                       ? std::nullopt
                       : std::optional(
                             parse_raw(said == 0 ? rest : rest.first(size), rate, channels));
        }
        rest = rest.subspan(std::min(size + size % 2, rest.size()));
    }
    return std::nullopt;
}

std::optional<Waveform> read_wav(const std::filesystem::path& file)
{
    std::ifstream     stream(file, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    return parse_wav(std::as_bytes(std::span{content}));
}

std::vector<Stretch> stretches(std::span<const std::int16_t> samples, std::size_t pause, int level)
{
    std::vector<Stretch> found;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (std::abs(int{samples[i]}) <= level) {
            continue;
        }
        if (found.empty() || i - found.back().end >= pause) {
            found.push_back({.begin = i, .end = i});
        }
        found.back().end = i + 1;
    }
    return found;
}

double strongest_frequency(std::span<const std::int16_t> samples, unsigned rate)
{
    const auto size = std::bit_floor(samples.size());
    if (size < 8) {
        return 0;
    }
    std::vector<Complex> values(size);
    for (std::size_t i = 0; i < size; ++i) {
        // Hann's window: a tone between two lines shows in these two and hardly elsewhere.
        const double window =
            1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
        values[i] = window * samples[i];
    }
    transform(values);
    std::size_t peak = 1;
    for (std::size_t i = 1; i < size / 2; ++i) {
        peak = std::abs(values[i]) > std::abs(values[peak]) ? i : peak;
    }
    // A parabola through the logarithms of three lines has its top where the tone is.
    const double left   = std::log(std::abs(values[peak - 1]) + 1e-9);
    const double middle = std::log(std::abs(values[peak]) + 1e-9);
    const double right  = std::log(std::abs(values[peak + 1]) + 1e-9);
    const double curve  = left - 2 * middle + right;
    const double offset = curve == 0 ? 0 : (left - right) / (2 * curve);
    return (static_cast<double>(peak) + offset) * rate / static_cast<double>(size);
}

Tone fit_tone(std::span<const std::int16_t> samples, unsigned rate, double frequency)
{
    const double step = 2 * std::numbers::pi * frequency / rate;
    // Least squares: a sine and a cosine whose sum has the phase.
    double ss = 0;
    double cc = 0;
    double sc = 0;
    double sy = 0;
    double cy = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double s = std::sin(step * static_cast<double>(i));
        const double c = std::cos(step * static_cast<double>(i));
        ss += s * s;
        cc += c * c;
        sc += s * c;
        sy += s * samples[i];
        cy += c * samples[i];
    }
    const double determinant = ss * cc - sc * sc;
    if (determinant == 0) {
        return {};
    }
    const double a = (sy * cc - cy * sc) / determinant;
    const double b = (cy * ss - sy * sc) / determinant;
    Tone         tone{.amplitude = std::hypot(a, b), .worst = 0};
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double angle = step * static_cast<double>(i);
        const double here  = a * std::sin(angle) + b * std::cos(angle);
        tone.worst         = std::max(tone.worst, std::abs(here - samples[i]));
    }
    return tone;
}

std::optional<std::size_t> find(std::span<const std::int16_t> whole,
                                std::span<const std::int16_t> part)
{
    const auto found = std::ranges::search(whole, part);
    return found.empty() && !part.empty()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found.begin() - whole.begin()));
}

} // namespace kit
