// SPDX-License-Identifier: BSD-2-Clause
// A client that does what no client may: it writes anything into the rings that it shares, at
// random, and notifies the virtualiser.
#include "restarts/random.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/sound.hpp"
#include "sddf/timer.hpp"

#include <array>

SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;
SDDF_CONFIG(".sound_client_config") sddf::sound::ClientConfig sound_config;

namespace {

restarts::Random dice{666};

void wait(std::uint64_t nanoseconds)
{
    microkit::set_message_word(0, nanoseconds);
    (void)microkit::Channel{timer_config.driver_id}.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

std::uint32_t* words_of(const sddf::Region& ring)
{
    return reinterpret_cast<std::uint32_t*>(ring.vaddr);
}

/// Overwrites some words of a ring, and moves its counter on, so that somebody looks at them.
void scribble(const sddf::Region& ring)
{
    constexpr std::uint32_t k_near  = 64; ///< words that are soon looked at
    constexpr std::uint32_t k_small = 5;
    for (unsigned i = 0; i < 8; ++i) {
        const auto at    = dice.below(8) == 0 ? dice.below(2) : 2 + dice.below(k_near);
        const auto value = dice.below(4) != 0 ? dice.below(k_small) : dice.next();
        __atomic_store_n(words_of(ring) + at, value, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(words_of(ring), dice.below(8), __ATOMIC_RELAXED);
}

/// A command that may even be one of its own.
void command()
{
    const auto  at = __atomic_load_n(words_of(sound_config.virt.cmd_req), __ATOMIC_RELAXED);
    auto* const slot =
        words_of(sound_config.virt.cmd_req) + 2 + at % sddf::sound::k_command_capacity * 4;
    const std::array<std::uint32_t, 4> words{dice.below(6), dice.next(), dice.below(3),
                                             sddf::sound::Command::parameters(2, 5, 7)};
    for (unsigned i = 0; i < words.size(); ++i) {
        __atomic_store_n(slot + i, words[i], __ATOMIC_RELAXED);
    }
    __atomic_store_n(words_of(sound_config.virt.cmd_req), at + 1, __ATOMIC_RELEASE);
}

} // namespace

void init()
{
    microkit::require(sddf::check(timer_config));
    microkit::require(sddf::check(sound_config));
    wait(100'000'000);
}

void notified(microkit::Channel channel)
{
    if (channel.id() != timer_config.driver_id) {
        return;
    }
    const auto& link = sound_config.virt;
    if (dice.below(2) == 0) {
        command();
    } else {
        for (const auto* ring : {&link.cmd_req, &link.cmd_resp, &link.pcm_req, &link.pcm_resp}) {
            scribble(*ring);
        }
    }
    microkit::Channel{link.id}.notify();
    wait(2'000'000 + dice.below(4'000'000));
}
