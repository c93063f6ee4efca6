// SPDX-License-Identifier: BSD-2-Clause
// Serves first; then answers each notification with another, until it has had enough.
#include <microkit/microkit.hpp>

namespace {

constexpr microkit::Channel k_ball{3};
constexpr microkit::Channel k_second{0};
constexpr microkit::Channel k_one_way{1};

constexpr unsigned k_rounds = 3;
unsigned           rounds   = 0;

} // namespace

void init()
{
    microkit::debug_print("ping: serves\n");
    k_ball.notify();
}

void notified(microkit::Channel channel)
{
    if (channel == k_ball) {
        microkit::debug_print("ping: round ", ++rounds, '\n');
        if (rounds < k_rounds) {
            // With the end of this function: one system call less than notify().
            k_ball.notify_at_end();
        } else {
            // pong runs before ping, so that it answers the first of these before it sees the
            // second; what it answers waits for ping, all in one word.
            k_second.notify();
            k_one_way.notify(); // This end may not: does nothing but a line on the debug console.
            k_ball.notify();
        }
    } else {
        microkit::debug_print("ping: notified on ", channel.id(), '\n');
    }
}
