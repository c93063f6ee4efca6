// SPDX-License-Identifier: BSD-2-Clause
// Records what counts up, a step a frame, and says whether a frame is missing; then switches the
// board off if it is the last.
#include "client.hpp"

#include "arch/smccc.hpp"
#include "microkit/debug.hpp"
#include "microkit/microkit.hpp"
#include "microkit/smc.hpp"
#include "sddf/config.hpp"

SDDF_CONFIG(".sound_client_config") sddf::sound::ClientConfig sound_config;

namespace {

using sddf::sound::Code;
using sddf::sound::Status;

constexpr unsigned     k_total = 94; ///< buffers: two seconds
constexpr unsigned     k_ahead = 8;
constexpr std::int16_t k_mark  = 0x5555; ///< between the channels of the source

sound_test::Client client{sound_config};
std::uint32_t      stream = 0;
std::int16_t       next   = 0; ///< left channel of the next frame; 0: nothing was heard yet
unsigned           heard  = 0; ///< frames
unsigned           breaks = 0;
unsigned           filled = 0;
unsigned           failed = 0;
bool               begun  = false;

void end(const char* what)
{
    microkit::debug_print(microkit::name(), ": ", what, ": ", filled, " buffers, ", failed,
                          " failed, ", heard, " frames, ", breaks, " breaks\n");
    (void)microkit::smc({arch::psci::k_system_off});
}

void listen(std::span<const sound_test::Frame> frames)
{
    for (const auto& [left, right] : frames) {
        if (next == 0 && left == 0) {
            continue; // it has not begun
        }
        const bool good =
            (next == 0 || left == next) && right == static_cast<std::int16_t>(left ^ k_mark);
        breaks += good ? 0U : 1U;
        ++heard;
        next = static_cast<std::int16_t>(left % 30'000 + 1);
    }
}

void obeyed(const sddf::sound::Command& answer)
{
    if (answer.status() != Status::ok) {
        end("a command failed");
        return;
    }
    if (answer.code == Code::start) {
        for (unsigned i = 0; i < k_ahead; ++i) {
            client.give(i, stream);
        }
    } else if (answer.code == Code::release) {
        end("done");
    } else {
        client.go_on(answer);
    }
}

void was_filled(const sddf::sound::Pcm& answer)
{
    if (filled >= k_total) {
        return; // those that were under way
    }
    failed += answer.status != Status::ok ? 1U : 0U;
    listen(client.frames(answer.cookie).first(answer.len / sizeof(sound_test::Frame)));
    if (++filled == k_total) {
        client.command(Code::stop, stream);
    } else {
        client.give(answer.cookie, stream);
    }
}

void run()
{
    if (!begun && client.is_ready()) {
        begun            = true;
        const auto found = client.stream(1);
        if (!found) {
            end("there is no stream to record from");
            return;
        }
        stream = *found;
        client.command(Code::take, stream);
    }
    while (const auto answer = client.answer()) {
        obeyed(*answer);
    }
    while (const auto answer = client.take()) {
        was_filled(*answer);
    }
    client.publish();
}

} // namespace

void init()
{
    client.open();
    run();
}

void notified(microkit::Channel) { run(); }
