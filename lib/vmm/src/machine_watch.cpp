// SPDX-License-Identifier: BSD-2-Clause
// A look at the guest now and then: whether its kernel has panicked, whether a vCPU hangs.
//
// A Linux that panics says so in its log and then, with panic=0, spins for ever with its interrupts
// on: the timer's are when we look, so that nobody has to wake up for it. With panic=N it resets,
// and we look then.
#include "vmm/machine.hpp"

#include "black_box.hpp"

#include "arch/counter.hpp"
#include "vmm/dispatcher.hpp"

#include <numeric>

namespace vmm {

namespace {

constexpr std::uint64_t k_milliseconds_per_second = 1000;
/// Pages in which one look searches for the kernel's notes: 64 MiB, well below a millisecond.
constexpr std::uint64_t k_pages_at_once = 16384;
constexpr std::size_t   k_line          = 64;

std::uint64_t ticks(std::uint64_t milliseconds)
{
    return arch::counter_frequency() * milliseconds / k_milliseconds_per_second;
}

} // namespace

/// A new life.
void Machine::begin_watch(std::uint64_t now)
{
    exit_log_.clear();
    watch_              = {};
    watch_.exits_before = std::accumulate(exits_.begin(), exits_.end(), std::uint64_t{0});
    watch_.look_at      = config_.watch_ms == 0 ? Watch::k_never : now + ticks(config_.watch_ms);
    watch_.quiet.fill(true);
    watch_.silent_since.fill(now);
    if (config_.hang_ms != 0 && dispatcher.alarm_clock().is_usable()) {
        dispatcher.alarm_clock().set(AlarmClock::k_watch, now + ticks(config_.hang_ms), now);
    }
}

/// Whether the guest's kernel has said that it panicked since we looked last.
bool Machine::has_panicked(std::uint64_t pages)
{
    KernelView        kernel{memory_, stage1_of(vcpu(0))};
    const auto* const log = find_notes(kernel, pages) ? kernel.log() : nullptr;
    if (log == nullptr) {
        return false;
    }
    std::array<char, k_line> text{};
    const auto               fresh = log->count_after(watch_.seen_message);
    if (fresh == 0) {
        return false;
    }
    watch_.seen_message = log->newest();
    return !kernel.find_panic(std::min(fresh, k_panic_messages), text).empty();
}

void Machine::look(std::uint64_t now)
{
    watch_.look_at = now + ticks(config_.watch_ms);
    if (state_ == State::running && !watch_.reported && has_panicked(k_pages_at_once)) {
        report_trouble(Trouble::panic, handling_ < vcpus_ ? handling_ : 0);
    }
}

void Machine::look_before_reset()
{
    if (config_.watch_ms != 0 && state_ == State::running && !watch_.reported &&
        has_panicked(memory_.size() / 4096)) {
        report_trouble(Trouble::panic, handling_ < vcpus_ ? handling_ : 0);
    }
}

void Machine::on_watch(std::uint64_t now)
{
    if (config_.hang_ms == 0 || state_ == State::off) {
        return;
    }
    const auto patience = ticks(config_.hang_ms);
    for (VcpuId id = 0; id < vcpus_ && state_ == State::running && !watch_.reported; ++id) {
        if (records_[id].run != Run::running || !std::exchange(watch_.quiet[id], true)) {
            watch_.silent_since[id] = now;
        } else if (now - watch_.silent_since[id] >= patience) {
            report_trouble(Trouble::hang, id);
        }
    }
    if (state_ != State::off) {
        // Twice as often as needed, so that it takes one and a half times as long at most.
        dispatcher.alarm_clock().set(AlarmClock::k_watch, now + patience / 2, now);
    }
}

/// Reports, and lets the guest go on as it was.
void Machine::report_trouble(Trouble trouble, VcpuId id)
{
    watch_.reported = true;
    pause();
    black_box(trouble, id, nullptr, {});
    resume();
    tell(trouble == Trouble::panic ? Event::panicked : Event::hung);
}

} // namespace vmm
