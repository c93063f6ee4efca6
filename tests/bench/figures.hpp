// SPDX-License-Identifier: BSD-2-Clause
// The figures of a benchmark run, and the lines in which guests report theirs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Instructions that an operation took, over several tries.
struct Spread {
    std::uint64_t mean  = 0;
    std::uint64_t least = 0;
    std::uint64_t most  = 0;
    std::uint64_t count = 0;

    bool operator==(const Spread&) const = default;
};

/// Instructions since power-on at the guest's first instruction, and what the guest's own counter
/// said then: their difference is constant as long as the guest runs.
struct FirstInstruction {
    std::uint64_t since_power_on = 0;
    std::uint64_t guest_count    = 0;

    bool operator==(const FirstInstruction&) const = default;
};

/// What the program tests/guests/bench printed.
struct GuestFigures {
    std::map<std::string, Spread>   exits; ///< by name: "hypercall"
    std::optional<FirstInstruction> first;
    bool                            is_exact    = true;  ///< the machine counted instructions
    bool                            is_complete = false; ///< the program came to its end
};

/// Reads the console's text; lines that are not the program's are ignored.
[[nodiscard]] GuestFigures parse_guest(std::string_view text);

/// The line of /bin/clock (tools/guest/clock.S) in nanoseconds: what the counter said when user
/// space began. Nothing if it is not in the text.
[[nodiscard]] std::optional<std::uint64_t> parse_clock(std::string_view text);

/// How many vCPUs a guest with several has.
inline constexpr unsigned k_smp_vcpus = 4;

/// Everything that `./run bench` measures.
struct Figures {
    std::string                          board;
    std::string                          config;
    std::string                          sdk;       ///< "picokit", or the SDK's folder
    std::map<std::string, Spread>        exits;     ///< with one vCPU
    std::map<std::string, Spread>        smp_exits; ///< with k_smp_vcpus
    std::map<std::string, std::uint64_t> boot;      ///< instructions
    std::map<std::string, std::uint64_t> size;      ///< bytes

    // Requests to virtIO devices: of tests/guests/bench_virtio in instructions, of Linux in
    // nanoseconds, which is the same.
    std::map<std::string, Spread> requests;
    std::map<std::string, Spread> native_requests; ///< on QEMU's own devices
    std::map<std::string, double> switches;        ///< of threads, for a request in `requests`
    std::map<std::string, Spread> linux_requests;
    std::map<std::string, Spread> native_linux;

    // Sockets of a Linux guest, in nanoseconds: with another one, with a program that is no guest,
    // and with itself on QEMU's own machine.
    std::map<std::string, Spread> sockets_guest;
    std::map<std::string, Spread> sockets_program;
    std::map<std::string, Spread> sockets_loopback;

    // Instructions that a period of a Linux guest's sound takes, by direction and whose they are:
    // "playback_domains". native_sound is on QEMU's own device.
    std::map<std::string, std::uint64_t> sound;
    std::map<std::string, std::uint64_t> native_sound;
};

} // namespace bench
