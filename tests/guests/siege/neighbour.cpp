// SPDX-License-Identifier: BSD-2-Clause
// A guest beside the hostile one: an honest driver that checks all its devices again and again, and
// rests in between. It must notice nothing. Every now and then it says so.
#include "check.hpp"
#include "voice.hpp"

#include "guest/console.hpp"
#include "guest/exception.hpp"
#include "guest/gic.hpp"
#include "guest/main.hpp"

#include <algorithm>
#include <array>

namespace {

constexpr unsigned k_rest = 200; // ms
constexpr unsigned k_tell = 5;   // rounds

alignas(4096) constinit std::array<std::byte, 64 * 1024> memory{};

void on_interrupt(guest::Frame& /*frame*/, std::uint32_t /*intid*/) { guest::stop_timer(); }

void rest()
{
    const auto end = guest::now() + k_rest * guest::ticks_per_second() / 1000;
    guest::start_timer(end);
    while (guest::now() < end) {
        guest::wait_for_interrupt();
    }
    guest::enable_interrupts(); // it is taken here
    guest::instruction_barrier();
    guest::disable_interrupts();
}

} // namespace

void guest::run(const Platform& platform)
{
    set_interrupt_handler(on_interrupt);
    select_gic(platform).configure();
    gic().configure_cpu();
    gic().enable(platform.virtual_timer);
    const auto        windows = find_windows(platform.device_tree);
    const Scratch     scratch{reinterpret_cast<std::uint64_t>(memory.data()), memory.size()};
    const auto* const console = std::ranges::find(windows, Type::console, &Window::type);
    set_voice(platform, console != windows.end() ? console : nullptr, scratch);
    Random        random{0x9e19};
    std::uint64_t wrongs = 0;
    for (std::uint64_t round = 1;; ++round) {
        for (const auto& window : windows) {
            // The lower half of the disk stays as it is; the test looks at it from outside.
            const auto first    = window.type == Type::block ? window.config64(0) / 2 : 0;
            const auto features = random.one_in(2) ? ~std::uint64_t{0} : random.next();
            if (const auto* const wrong = check(window, features, random, scratch, first)) {
                ++wrongs;
                print("\nneighbour: WRONG: ", name_of(window.type), ": ", wrong, " in round ",
                      round, "\n");
            }
        }
        if (round % k_tell == 0) {
            print("\nneighbour: ", round, " rounds, ");
            if (wrongs == 0) {
                print("all is well\n");
            } else {
                print(wrongs, " wrong\n");
            }
        }
        (void)say();
        rest();
    }
}
