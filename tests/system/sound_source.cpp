// SPDX-License-Identifier: BSD-2-Clause
#include "sound_source.hpp"

#include "linux_disk.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <random>

namespace system_test {
namespace {

constexpr unsigned k_rate = 48'000;
constexpr int      k_loud = 9'000;

std::string configuration(const std::filesystem::path& given, const std::filesystem::path& played)
{
    return fmt::format("pcm.null {{ type null }}\n"
                       "pcm.source {{ type file slave.pcm null file /dev/null infile \"{}\" "
                       "format raw }}\n"
                       "pcm.played {{ type file slave.pcm null file \"{}\" format raw }}\n",
                       given.string(), played.string());
}

} // namespace

SoundSource::SoundSource(std::size_t frames)
    : given_{.rate = k_rate, .channels = std::vector<kit::Samples>(2)}
    , played_{new_image("played.raw")}
{
    std::mt19937 random{1}; // the same in every run
    std::string  bytes;
    for (std::size_t i = 0; i < 2 * frames; ++i) {
        // Never silent: where a recording begins and ends shows in it.
        const auto value = static_cast<std::int16_t>(static_cast<int>(random() % k_loud + 1) *
                                                     (random() % 2 == 0 ? 1 : -1));
        given_.channels[i % 2].push_back(value);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    const auto file  = new_image("given.raw");
    const auto setup = new_image("asound.conf");
    std::ofstream(file, std::ios::binary) << bytes;
    std::ofstream(setup) << configuration(file, played_);
    ::setenv("ALSA_CONFIG_PATH", setup.c_str(), 1); // QEMU inherits it
}

std::string SoundSource::backend() const
{
    // Files are always ready: it is QEMU's timer that keeps time, a buffer of 10 ms each 10 ms.
    return fmt::format("alsa,timer-period=10000,"
                       "in.dev=source,in.try-poll=off,in.buffer-length=10000,in.frequency={0},"
                       "out.dev=played,out.try-poll=off,out.buffer-length=10000,out.frequency={0}",
                       k_rate);
}

kit::Waveform SoundSource::played() const
{
    std::ifstream     stream(played_, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    return kit::parse_raw(std::as_bytes(std::span{content}), k_rate, 2);
}

} // namespace system_test
