// SPDX-License-Identifier: BSD-2-Clause
// What is measured of each device, and how.
#pragma once

#include "device.hpp"

#include "guest/stamp.hpp"

#include "samples.hpp"

#include <cstdint>
#include <string_view>

namespace bench {

/// 4 KiB, 64 KiB and 1 MiB, read and written at random places.
void measure_disk(Device& disk);

/// Frames out, and there and back: QEMU's user network answers echo requests by itself.
void measure_network(Device& network);

/// Lines of 64 bytes.
void measure_console(Device& console);

/// Instructions between two stamps with nothing in between.
extern std::uint64_t stamp_cost;

/// Instructions of all programs while `operation` runs.
template <class Operation>
std::uint64_t count(Operation operation)
{
    const auto begin = guest::stamp();
    operation();
    return guest::stamp() - begin - stamp_cost;
}

/// Marks for who counts every instruction (tests/bench/profile): run before and after the samples
/// of a measure.
extern "C" void bench_samples_begin();
extern "C" void bench_samples_end();

/// The one measure that is wanted; empty: all.
extern std::string_view only;

/// As report(), between the marks.
template <class Sample>
void measure(std::string_view name, Sample sample)
{
    if (only.empty() || only == name) {
        report(name, sample, bench_samples_begin, bench_samples_end);
    }
}

} // namespace bench
