// SPDX-License-Identifier: BSD-2-Clause
#include "session.hpp"

#include "installation.hpp"
#include "shell.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <future>

namespace vmm {

namespace {

using namespace std::chrono_literals;
using Kind = qemu::Outcome::Kind;

constexpr auto k_boot_silence = 120s; // Debian's kernel on a busy host is never quiet for so long
constexpr auto k_command_silence = 600s;
constexpr auto k_prompt_settles  = 400ms;
constexpr auto k_answer_patience = 5s;
constexpr auto k_unasked_probe   = 10s; // a shell may have no prompt: type after so much silence
constexpr auto k_power_off       = 120s;
constexpr auto k_last_of_several = 30s; // may be none that ends the machine
constexpr auto k_last_lines      = 25;
constexpr auto k_report          = 1s;
constexpr auto k_black_box       = 10s;

struct Trouble {
    const char* line_start; ///< may be empty
    const char* text;       ///< further on in the line
    const char* reason;
    bool        has_black_box; ///< its VMM follows with one
};

// What a machine prints when it is lost.
constexpr std::array<Trouble, 5> k_trouble{{
    {"", "Kernel panic - not syncing", "the guest's kernel panicked", true},
    {"MON|ERROR", "", "a protection domain faulted", false},
    {"vmm: guest", "\": error: ", "the VMM reports an error", false},
    {"vmm: guest", "\" stopped: ", "the VMM stopped the guest", true},
    {"KERNEL PANIC: ", "", "the kernel panicked", false},
}};

// Whatever the guest has of these.
constexpr const char* k_power_off_command =
    "poweroff -f||busybox poweroff -f||echo o>/proc/sysrq-trigger\n";

std::vector<qemu::Pattern> trouble_patterns()
{
    std::vector<qemu::Pattern> patterns;
    for (const auto& trouble : k_trouble) {
        patterns.push_back(qemu::line_with(trouble.line_start, trouble.text));
    }
    return patterns;
}

/// The end of what was printed: from a black-box report on, if there is one, else some lines.
std::string last_lines(const std::string& text)
{
    if (const auto box = text.rfind("\nvmm: black box of guest"); box != text.npos) {
        const auto stopped = text.rfind("\" stopped: ", box);
        const auto line    = stopped == text.npos ? stopped : text.rfind('\n', stopped);
        return text.substr((line == text.npos ? box : line) + 1);
    }
    auto start = text.size();
    for (int line = 0; line <= k_last_lines && start != 0 && start != text.npos; line++) {
        start = text.rfind('\n', start - 1);
    }
    return start == text.npos || start == 0 ? text : text.substr(start + 1);
}

class Session {
public:
    Session(qemu::Process process, const Options& options, const qemu::Board& board)
        : options_(options)
        , board_(board)
        , console_(std::move(process), [this](std::string_view piece) { show(piece); })
    {
        if (!options.log.empty()) {
            log_.open(options.log, std::ios::binary);
        }
        if (options.timeout) {
            deadline_ = qemu::Clock::now() + std::chrono::duration_cast<qemu::Duration>(
                                                 std::chrono::duration<double>(*options.timeout));
        }
    }

    int wait_for_lines(const std::vector<std::string>& lines);
    int pass_through();
    /// Shows `stops` in the guest's shell; in all that was printed `lines` must stand.
    int tour(const std::vector<Stop>& stops, const std::vector<std::string>& lines);
    int execute(const std::string& command);
    /// The same by the agent in a guest.
    int execute(const std::string& command, const control::RunningSystem& system);

private:
    void show(std::string_view piece);
    /// What came from place `start` of the transcript on, while nothing was to be seen.
    void show_again(std::size_t start) const;
    /// Reads until a shell answers. What is not a shell becomes the exit code.
    std::expected<Shell, int> boot_to_shell();
    /// `visible`: what the guest says on its way down is shown.
    int power_off(int exit_code, bool visible);
    /// Explains why the machine cannot be used further.
    int fail(const qemu::Outcome& outcome, std::size_t first_trouble);
    int fail(std::string_view reason);

    [[nodiscard]] qemu::Limits limits(qemu::Duration silence) const
    {
        return {.silence = silence, .deadline = deadline_};
    }

    const Options&          options_;
    const qemu::Board&      board_;
    bool                    visible_ = true;
    std::ofstream           log_;
    qemu::Clock::time_point deadline_ = qemu::Clock::time_point::max();
    qemu::Console           console_;
};

void Session::show(std::string_view piece)
{
    if (visible_) {
        std::fwrite(piece.data(), 1, piece.size(), stdout);
        std::fflush(stdout);
    }
    if (log_.is_open()) {
        log_ << piece << std::flush;
    }
}

void Session::show_again(std::size_t start) const
{
    if (visible_) {
        const auto text = std::string_view(console_.transcript()).substr(start);
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
    }
}

int Session::fail(std::string_view reason)
{
    if (!visible_) {
        fmt::print(stderr, "{}\n", last_lines(console_.transcript()));
    }
    fmt::print(stderr, "{}\nvmm run: {}.\n", console_.complaints(), reason);
    return k_exit_trouble;
}

int Session::fail(const qemu::Outcome& outcome, std::size_t first_trouble)
{
    switch (outcome.kind) {
    case Kind::ended: {
        const auto exit = console_.process().wait();
        if (exit.is_success()) {
            return 0; // the guest has powered the machine off
        }
        return fail(fmt::format("QEMU ended with {}", exit.text()));
    }
    case Kind::silent:
        return fail("the machine stalled: nothing was printed for a long time");
    case Kind::late:
        return fail(
            fmt::format("it took longer than the {} s of --timeout", options_.timeout.value_or(0)));
    case Kind::matched:
        break;
    }
    // A report has more than one line: let it come. That of a guest begins up to a second after a
    // panic; builds that print nothing have none.
    const auto& trouble = k_trouble.at(outcome.index - first_trouble);
    const bool  prints  = options_.config.empty() || options_.config == "debug";
    (void)console_.wait_for({qemu::line_starting("vmm: end of the black box")},
                            limits(trouble.has_black_box && prints ? k_black_box : k_report));
    return fail(trouble.reason);
}

int Session::wait_for_lines(const std::vector<std::string>& lines)
{
    for (const auto& line : lines) {
        const auto outcome = console_.wait_for({qemu::line_with(line)}, limits(k_boot_silence));
        if (outcome.kind != Kind::matched) {
            fmt::print(stderr, "\nvmm run: waited for the line: {}", line);
            const int code = fail(outcome, 0);
            return code == 0 ? k_exit_trouble : code;
        }
    }
    console_.process().stop();
    return 0;
}

int Session::pass_through()
{
    const auto outcome = console_.wait_for(trouble_patterns(), limits(k_boot_silence));
    return fail(outcome, 0);
}

std::expected<Shell, int> Session::boot_to_shell()
{
    auto                  patterns = trouble_patterns();
    constexpr std::size_t k_others = 3;
    const auto            unasked  = [](std::string_view unread, qemu::Duration quiet) {
        return quiet < k_unasked_probe ? std::nullopt
                                                   : std::optional<qemu::Span>({unread.size(), unread.size()});
    };
    // Our own initramfs' prompt needs no second look.
    patterns.insert(patterns.begin(), {qemu::text("guest:/root# "), prompt(k_prompt_settles),
                                       login_prompt(k_prompt_settles)});
    patterns.push_back(unasked);
    const auto first_silence = qemu::Clock::now();
    auto       last_progress = first_silence;
    auto       seen          = console_.transcript().size();
    while (true) {
        const auto outcome = console_.wait_for(patterns, limits(k_boot_silence));
        const bool probe   = outcome.kind == Kind::matched &&
                           (outcome.index < 2 || outcome.index == patterns.size() - 1);
        if (outcome.kind == Kind::matched && outcome.index == 2) {
            return std::unexpected(
                fail("the guest asks for a login; give an initramfs with a shell on its console"));
        }
        if (!probe) {
            return std::unexpected(fail(outcome, k_others));
        }
        if (console_.transcript().size() != seen) {
            seen          = console_.transcript().size();
            last_progress = qemu::Clock::now();
        } else if (qemu::Clock::now() - last_progress > k_boot_silence) {
            return std::unexpected(
                fail("the machine stalled: no shell answers and nothing is printed"));
        }
        const bool was_visible = std::exchange(visible_, false);
        const auto before      = console_.transcript().size();
        Shell      shell(console_);
        if (shell.answers(k_answer_patience)) {
            return shell;
        }
        // No shell: what came meanwhile is the guest's own.
        visible_ = was_visible;
        show_again(before);
    }
}

int Session::power_off(int exit_code, bool visible)
{
    if (!console_.send(k_power_off_command)) {
        return exit_code;
    }
    auto down = console_.wait_for({qemu::line_with("reboot: Power down")}, limits(k_power_off));
    if (down.kind == Kind::matched) {
        visible_ = visible;
        if (visible) {
            fmt::print("{}", down.match);
        }
        if (!board_.powers_off) {
            console_.process().stop();
            return exit_code;
        }
        down = console_.wait_for({}, limits(k_power_off));
    }
    if (down.kind == Kind::ended) {
        const auto exit = console_.process().wait();
        return exit.is_success() ? exit_code : fail(fmt::format("QEMU ended with {}", exit.text()));
    }
    return fail("the guest did not power off");
}

int Session::tour(const std::vector<Stop>& stops, const std::vector<std::string>& lines)
{
    auto shell = boot_to_shell();
    if (!shell) {
        return shell.error();
    }
    fmt::print("\n");
    for (const auto& stop : stops) {
        const auto result = shell->run(stop.command, limits(k_boot_silence), trouble_patterns());
        if (!result) {
            return fail(result.error(), 1);
        }
        fmt::print("== {}\n{}", stop.title, result->output);
        std::fflush(stdout);
    }
    for (const auto& line : lines) {
        if (!console_.transcript().contains(line)) {
            return fail(fmt::format("it did not print: {}", line));
        }
    }
    fmt::print("== poweroff\n");
    return power_off(0, true);
}

int Session::execute(const std::string& command)
{
    visible_   = false;
    auto shell = boot_to_shell();
    if (!shell) {
        return shell.error();
    }
    const auto result = shell->run(command, limits(k_command_silence), trouble_patterns());
    if (!result) {
        return fail(result.error(), 1);
    }
    std::fwrite(result->output.data(), 1, result->output.size(), stdout);
    std::fflush(stdout);
    return power_off(result->exit_code, false);
}

int Session::execute(const std::string& command, const control::RunningSystem& system)
{
    visible_            = false;
    const auto deadline = std::min(deadline_, qemu::Clock::now() + k_command_silence);
    const auto in_guest = [&](const std::string& words) {
        return std::async(std::launch::async, [&system, words, deadline] {
            return run_in_guest(system, words, deadline);
        });
    };
    auto answer = in_guest(command);
    // The machine stops when nobody reads what it prints.
    while (answer.wait_for(0s) != std::future_status::ready) {
        const auto outcome = console_.wait_for(trouble_patterns(), limits(100ms));
        if (outcome.kind != Kind::silent) {
            const int code = fail(outcome, 0);
            console_.process().stop(); // and with it the call
            return code == 0 ? fail("the machine was switched off before the command had ended")
                             : code;
        }
    }
    const auto result = answer.get();
    if (!result) {
        return fail(result.error());
    }
    // A guest that ends the machine does that now; of several it may be none.
    answer = in_guest("sync; poweroff -f");
    if (console_.wait_for({}, limits(k_last_of_several)).kind != Kind::ended) {
        console_.process().stop();
    }
    return *result;
}

} // namespace

int run_session(const Boot& boot, const Options& options)
{
    const auto& system    = boot.system;
    const bool  is_debug  = system.config == "debug"; // others print nothing of what programs say
    const auto  lines     = is_debug ? expected_lines(system) : std::vector<std::string>{};
    const bool  has_guest = system.guest.has_value();
    const bool  interactive =
        is_interactive() && !options.command && !options.timeout && (has_guest || lines.empty());

    if (const auto there = qemu::provide(qemu::version_needed(boot.board, boot.devices)); !there) {
        fmt::print(stderr, "vmm run: {}\n", there.error());
        return k_exit_trouble;
    }
    const auto command =
        qemu::command_line(boot.board, system.image,
                           {.serial  = interactive ? qemu::Serial::terminal : qemu::Serial::stream,
                            .time    = options.icount ? qemu::Time::instructions : qemu::Time::host,
                            .devices = boot.devices,
                            .log     = options.log,
                            .extra   = options.qemu_arguments});
    if (boot.control && !options.command) {
        fmt::print(stderr, "-- `{} exec -- COMMAND` runs it in a guest; control socket: {}\n",
                   installation().is_source_tree ? "./run" : "vmm", boot.control->socket.string());
    }
    if (interactive) {
        return run_at_terminal(command);
    }
    auto process = qemu::Process::start(command, qemu::Streams::piped);
    if (!process) {
        fmt::print(stderr, "vmm run: {}\n", process.error());
        return k_exit_trouble;
    }
    Session session(std::move(*process), options, boot.board);
    if (options.command) {
        return boot.control ? session.execute(*options.command, *boot.control)
                            : session.execute(*options.command);
    }
    if (!has_guest) {
        if (!is_debug) {
            fmt::print(stderr, "-- only debug configurations print what programs say\n");
        }
        return session.wait_for_lines(lines);
    }
    if (system.tour.empty() && !lines.empty()) {
        return session.wait_for_lines(lines); // several guests: none of them ends the system
    }
    return boot.kind == KernelKind::linux_image ? session.tour(tour_of(system), lines)
                                                : session.pass_through();
}

} // namespace vmm
