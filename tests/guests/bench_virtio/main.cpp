// SPDX-License-Identifier: BSD-2-Clause
// Counts what requests to virtIO devices cost, in instructions of everything that runs on the
// machine, from the driver's first to its last, and prints
//     bench NAME mean M min M max M count N
// for what devices there are, or with `only=NAME` on the command line for that name. One request is
// under way at a time, and the CPU sleeps until its interrupt comes. Runs on QEMU's own devices as
// well: what is counted there is the driver alone, since they take no time. Needs QEMU with -icount
// shift=0.
#include "guest/main.hpp"
#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/exception.hpp"
#include "guest/gic.hpp"
#include "guest/timer.hpp"

#include "measures.hpp"

#include <algorithm>
#include <array>

namespace bench {

constinit std::uint64_t    stamp_cost = 0;
constinit std::string_view only{};

} // namespace bench

namespace {

using namespace bench;

constinit Device disk;
constinit Device network;
constinit Device console;

void on_interrupt(guest::Frame& /*frame*/, std::uint32_t intid)
{
    (void)(disk.take_interrupt(intid) || network.take_interrupt(intid) ||
           console.take_interrupt(intid));
}

constinit std::array<char, 256> line{};
constinit std::size_t           line_size = 0;

void send_line()
{
    constexpr unsigned k_transmit = 1;
    console.add(k_transmit,
                {{address_of(line.data()), static_cast<std::uint32_t>(line_size), false}});
    console.notify(k_transmit);
    (void)console.wait(k_transmit);
    line_size = 0;
}

/// Where the machine has no other place for text.
void to_virtio_console(char c)
{
    line[line_size++] = c;
    if (c == '\n' || line_size == line.size()) {
        send_line();
    }
}

/// What follows `key` on the kernel's command line.
std::string_view word_of(std::string_view text, std::string_view key)
{
    const auto at = text.find(key);
    if (at == text.npos) {
        return {};
    }
    text.remove_prefix(at + key.size());
    text.remove_suffix(text.size() - std::min(text.find(' '), text.size()));
    return text;
}

} // namespace

extern "C" {
void bench_samples_begin() { asm volatile("hint #50"); }
void bench_samples_end() { asm volatile("hint #51"); }
}

void guest::run(const Platform& platform)
{
    only = word_of(platform.bootargs, "only=");
    set_interrupt_handler(on_interrupt);
    select_gic(platform).configure();
    gic().configure_cpu();
    const bool has_console = console.open(platform, Type::console, 2);
    if (has_console && platform.uart == 0) {
        set_console(to_virtio_console);
    }
    stamp_cost = count([] {});
    bool exact = ticks_per_second() * k_nanoseconds_per_tick == 1'000'000'000;
    for (unsigned i = 0; i < k_samples; ++i) {
        exact = exact && count([] {}) == 0;
    }
    if (!exact) {
        print("bench: not exact: start QEMU with -icount shift=0,sleep=off\n");
    }
    if (disk.open(platform, Type::block, 1)) {
        measure_disk(disk);
    }
    if (network.open(platform, Type::network, 2)) {
        measure_network(network);
    }
    if (has_console) {
        measure_console(console);
    }
    print("bench: done\n");
}
