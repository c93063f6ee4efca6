// SPDX-License-Identifier: BSD-2-Clause
// Plays a tone, another one on each channel; what exactly, and whether it switches the board off
// afterwards, follows from its name in the system.
#include "client.hpp"
#include "sine.hpp"

#include "arch/smccc.hpp"
#include "microkit/debug.hpp"
#include "microkit/microkit.hpp"
#include "microkit/smc.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <string_view>

SDDF_CONFIG(".sound_client_config") sddf::sound::ClientConfig sound_config;

namespace {

using sddf::sound::Code;
using sddf::sound::Status;
using sound_test::Frame;

constexpr auto     k_left  = sound_test::period<100>(); // 480 Hz
constexpr auto     k_right = sound_test::period<40>();  // 1200 Hz
constexpr unsigned k_ahead = 8;                         ///< buffers given in advance

struct Part {
    std::string_view name;
    unsigned         buffers; ///< to be played
    bool             on_left;
    bool             on_right;
    bool             is_last;          ///< switches the board off
    unsigned         last_words = ~0U; ///< buffers after which it does nothing any more
};
constexpr std::array<Part, 6> k_parts{{
    {"tone", 94, true, true, true}, // two seconds
    {"left", 60, true, false, false},
    {"right", 80, false, true, false},
    {"long", 500, true, true, true},
    {"gone", 94, true, true, false, 20},
    {"heir", 94, true, true, true}, // wants the stream that `gone` has
}};

const Part*        part = nullptr;
sound_test::Client client{sound_config};
std::uint32_t      stream = 0;
std::uint32_t      time   = 0; ///< in frames
unsigned           given  = 0;
unsigned           played = 0;
unsigned           failed = 0;
bool               begun  = false;

void fill_and_give(unsigned buffer)
{
    for (Frame& frame : client.frames(buffer)) {
        frame = {part->on_left ? k_left[time % k_left.size()] : std::int16_t{0},
                 part->on_right ? k_right[time % k_right.size()] : std::int16_t{0}};
        ++time;
    }
    client.give(buffer, stream);
    ++given;
}

void end(const char* what)
{
    microkit::debug_print(microkit::name(), ": ", what, ": ", played, " buffers, ", failed,
                          " failed\n");
    if (part->is_last) {
        (void)microkit::smc({arch::psci::k_system_off});
    }
}

void begin()
{
    const auto found = client.stream(0);
    if (!found) {
        end("there is no stream to play on");
        return;
    }
    begun  = true;
    stream = *found;
    client.command(Code::take, stream);
}

void obeyed(const sddf::sound::Command& answer)
{
    if (answer.code == Code::take && answer.status() == Status::busy) {
        client.command(Code::take, stream);
        return;
    }
    if (answer.status() != Status::ok) {
        microkit::debug_print(microkit::name(), ": command ", static_cast<unsigned>(answer.code),
                              " failed: ", static_cast<unsigned>(answer.status()), '\n');
        end("gave up");
        return;
    }
    if (answer.code == Code::start) {
        for (unsigned i = 0; i < k_ahead; ++i) {
            fill_and_give(i);
        }
    } else if (answer.code == Code::release) {
        end("done");
    } else {
        client.go_on(answer);
    }
}

void was_played(const sddf::sound::Pcm& answer)
{
    failed += answer.status != Status::ok ? 1U : 0U;
    ++played;
    if (given < part->buffers) {
        fill_and_give(answer.cookie);
    } else if (played == part->buffers) {
        client.command(Code::stop, stream);
    }
}

void run()
{
    if (played >= part->last_words) {
        return;
    }
    if (!begun && client.is_ready()) {
        begin();
    }
    while (const auto answer = client.answer()) {
        obeyed(*answer);
    }
    while (const auto answer = client.take()) {
        was_played(*answer);
    }
    client.publish();
}

} // namespace

void init()
{
    part = std::ranges::find(k_parts, microkit::name(), &Part::name);
    client.open();
    run();
}

void notified(microkit::Channel) { run(); }
