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

#include <algorithm>
#include <numeric>
#include <utility>

namespace vmm {

namespace {

constexpr std::uint64_t k_page                    = 4096;
constexpr std::uint64_t k_milliseconds_per_second = 1000;
/// Pages in which one look searches for the kernel's notes: 64 MiB, well below a millisecond.
constexpr std::uint64_t k_pages_at_once = 16384;
/// Bytes in which it searches for the log that there is before the notes: a few milliseconds, once
/// in a life at most, since the log is near the end of the kernel.
constexpr std::uint64_t k_bytes_at_once = 4 << 20;
constexpr std::size_t   k_line          = 64;
/// How long a Linux may do without its timer until we look at it all the same, and at most.
constexpr std::uint64_t k_first_look_ms   = 2000;
constexpr std::uint64_t k_longest_wait_ms = 64'000;

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
    watch_.early = EarlyLog{linux_};
    if (config_.hang_ms != 0) {
        watch_again(now, ticks(config_.hang_ms));
    }
    if (config_.watch_ms != 0 && linux_.size() != 0) {
        watch_.first_look_in = ticks(k_first_look_ms);
        watch_.look_at       = now; // its timer's first interrupt says that it has one
        watch_again(now, watch_.first_look_in);
    }
}

/// Has on_watch() called after so many ticks or before: all machines of a VMM share the alarm.
void Machine::watch_again(std::uint64_t now, std::uint64_t delay)
{
    auto& clock = dispatcher.alarm_clock();
    if (clock.is_usable()) {
        const auto earlier = clock.deadline(AlarmClock::k_watch).value_or(Watch::k_never);
        clock.set(AlarmClock::k_watch, std::min(earlier, now + delay), now);
    }
}

/// Whether the guest's kernel has said that it panicked since we looked last. Its notes are
/// searched for in so many pages, the log that is there before them in so many bytes.
bool Machine::has_panicked(std::uint64_t pages, std::uint64_t bytes)
{
    KernelView               kernel{memory_, stage1_of(vcpu(0))};
    std::array<char, k_line> text{};
    if (!find_notes(kernel, pages)) {
        if (!watch_.early.find(memory_, bytes)) {
            return false;
        }
        kernel.use(watch_.early);
        return !kernel.find_panic(watch_.early.follow(memory_), text).empty();
    }
    const auto* const log = kernel.log();
    if (log == nullptr) {
        return false;
    }
    const auto fresh = log->count_after(watch_.seen_message);
    if (fresh == 0) {
        return false;
    }
    watch_.seen_message = log->newest();
    return !kernel.find_panic(std::min(fresh, k_panic_messages), text).empty();
}

/// When it is time: at an exit of the timer, or by look_without_timer().
void Machine::look(std::uint64_t now)
{
    watch_.look_at = now + ticks(config_.watch_ms);
    if (std::exchange(watch_.first_look_in, Watch::k_never) != Watch::k_never) {
        dispatcher.end_watch();
        if (now - started_at_ < ticks(config_.watch_ms)) {
            watch_.look_at = started_at_ + ticks(config_.watch_ms);
            return;
        }
    }
    if (state_ == State::running && !watch_.reported &&
        has_panicked(k_pages_at_once, k_bytes_at_once)) {
        report_trouble(Trouble::panic, handling_ < vcpus_ ? handling_ : 0);
    }
}

void Machine::look_before_reset()
{
    if (config_.watch_ms != 0 && state_ == State::running && !watch_.reported &&
        has_panicked(memory_.size() / k_page, memory_.size())) {
        report_trouble(Trouble::panic, handling_ < vcpus_ ? handling_ : 0);
    }
}

/// Looks at a Linux whose timer has not interrupted it yet: it may have died before. Each time it
/// gets twice as long, and then it is none of ours.
void Machine::look_without_timer(std::uint64_t now)
{
    const auto waited = watch_.first_look_in;
    if (waited == Watch::k_never) {
        return;
    }
    const auto passed = now - started_at_;
    if (passed < waited) {
        return watch_again(now, waited - passed);
    }
    const auto generation = generation_;
    watch_.first_look_in  = Watch::k_never;
    look(now);
    if (generation == generation_ && !watch_.reported && waited < ticks(k_longest_wait_ms)) {
        watch_.first_look_in = 2 * waited;
        watch_again(now, waited);
    }
}

bool Machine::wants_watch() const
{
    return state_ != State::off && (config_.hang_ms != 0 || watch_.first_look_in != Watch::k_never);
}

void Machine::on_watch(std::uint64_t now)
{
    if (state_ != State::off) {
        look_without_timer(now);
    }
    if (config_.hang_ms == 0 || state_ == State::off) {
        return;
    }
    const auto patience = ticks(config_.hang_ms);
    for (VcpuId id = 0; id < vcpus_ && state_ == State::running && !watch_.reported; ++id) {
        if (records_[id].run != Run::running || !std::exchange(watch_.quiet[id], true)) {
            watch_.silent_since[id] = now;
        } else if (now - watch_.silent_since[id] >= patience) {
            const bool panicked = has_panicked(memory_.size() / k_page, memory_.size());
            report_trouble(panicked ? Trouble::panic : Trouble::hang, id);
        }
    }
    if (state_ != State::off) {
        // Twice as often as needed, so that it takes one and a half times as long at most.
        watch_again(now, patience / 2);
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
