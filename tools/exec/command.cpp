// SPDX-License-Identifier: BSD-2-Clause
#include "command.hpp"

#include "caller.hpp"
#include "channel.hpp"
#include "systems.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace control {

namespace {

namespace fs = std::filesystem;

constexpr const char* k_help =
    R"(vmm exec [options] [--] COMMAND [ARGUMENT…]     run COMMAND in a guest of a running system
vmm exec [options] --put H:G | --get G:H         copy files
vmm exec --list                                  which systems and guests there are

  --guest NAME     the guest, by its name in the layout or its context ID (default: the only one)
  --system NAME    the system, if several are running; or
  --socket PATH    its control socket, as ./run shows it
  --put H:G        before COMMAND: file H of this host becomes G in the guest. Again for more
  --get G:H        after COMMAND: file G of the guest becomes H on this host. Again for more.
                   A name that ends in / is a folder
  --most BYTES     no file of the guest may be larger (default: 4 GiB)
  --no-input       COMMAND gets no input. Otherwise it gets ours, unless that is a terminal
  --wait S         seconds for the guest to start (default: 60)
  --timeout S      seconds for everything else (default: no limit)
  --help           this text

COMMAND is not read by a shell: for that write  -- sh -c 'A | B'.  Ctrl-C goes to COMMAND; twice
ends us. The exit code is COMMAND's (128 + N after signal N); 126 or 127 when it cannot be run or is
not there, 125 when the guest cannot be reached or a file cannot be copied, 1 for a wrong call.
)";

volatile std::sig_atomic_t signal_for_command = 0;

extern "C" void note_signal(int number)
{
    if (signal_for_command != 0) {
        ::_exit(128 + number);
    }
    signal_for_command = number;
}

int complain(const std::string& text, int code = k_exit_trouble)
{
    fmt::print(stderr, "vmm exec: {}\n", text);
    return code;
}

/// "A:B", where the guest's side may have more colons.
std::expected<Copy, std::string> parse_copy(const std::string& option, const std::string& text,
                                            bool guest_first)
{
    const auto colon = guest_first ? text.rfind(':') : text.find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == text.size()) {
        return std::unexpected(fmt::format("{} {}: write two names with a colon between, {}",
                                           option, text,
                                           guest_first ? "GUEST:HOST" : "HOST:GUEST"));
    }
    Copy copy{.from = text.substr(0, colon), .to = text.substr(colon + 1)};
    if (copy.to.ends_with('/')) {
        copy.to += fs::path(copy.from).filename();
    }
    return copy;
}

std::string sentence(const Outcome& outcome)
{
    const std::string text = outcome.text.data();
    const bool        has_number =
        outcome.kind == Outcome::Kind::refused || outcome.kind == Outcome::Kind::local;
    return has_number ? fmt::format("{}: {}", text, std::strerror(outcome.code)) : text;
}

Clock::time_point after(double seconds)
{
    return Clock::now() +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// What comes after the agent was reached.
int do_all(Channel& channel, const ExecOptions& options)
{
    Caller caller{channel};
    if (options.timeout) {
        const auto deadline = after(*options.timeout);
        channel.set_deadline(deadline);
        caller.set_deadline(
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline.time_since_epoch())
                .count());
    }
    caller.set_signal(&signal_for_command);
    if (const auto met = caller.greet(); met.kind != Outcome::Kind::ok) {
        return complain(sentence(met));
    }
    for (const auto& copy : options.put) {
        const auto ended = caller.put(copy.from.c_str(), copy.to);
        if (ended.kind != Outcome::Kind::ok) {
            return complain(sentence(ended));
        }
    }
    int exit_code = 0;
    if (!options.command.empty()) {
        const std::vector<std::string_view> words(options.command.begin(), options.command.end());
        const bool has_input = !options.no_input && ::isatty(STDIN_FILENO) == 0;
        const auto ended     = caller.run(words, {.input = has_input ? STDIN_FILENO : -1});
        if (ended.kind != Outcome::Kind::ok) {
            const bool is_refused = ended.kind == Outcome::Kind::refused;
            return complain(sentence(ended), !is_refused            ? k_exit_trouble
                                             : ended.code == ENOENT ? k_exit_missing
                                                                    : k_exit_refused);
        }
        exit_code = ended.code;
    }
    for (const auto& copy : options.get) {
        const auto ended = caller.get(copy.from, copy.to.c_str(), options.most);
        if (ended.kind != Outcome::Kind::ok) {
            return complain(sentence(ended));
        }
    }
    return exit_code;
}

int list(const std::vector<RunningSystem>& systems)
{
    for (const auto& system : systems) {
        for (const auto& guest : system.guests) {
            fmt::print("{}  {}  cid {}  {}\n", system.name, guest.name, guest.cid,
                       system.socket.string());
        }
    }
    return 0;
}

} // namespace

std::expected<ExecOptions, std::string> parse_exec(std::vector<std::string> words)
{
    ExecOptions              options;
    std::vector<std::string> put;
    std::vector<std::string> get;
    std::string              socket;
    double                   timeout = 0;

    CLI::App parser;
    parser.set_help_flag();
    parser.prefix_command(); // what is not ours, and all behind it, is the command's
    parser.add_flag("-h,--help", options.help);
    parser.add_flag("--list", options.list);
    parser.add_flag("--no-input", options.no_input);
    parser.add_option("--guest", options.guest);
    parser.add_option("--system", options.system);
    parser.add_option("--socket", socket);
    parser.add_option("--put", put)->allow_extra_args(false);
    parser.add_option("--get", get)->allow_extra_args(false);
    parser.add_option("--most", options.most);
    parser.add_option("--wait", options.wait);
    const auto* const has_timeout = parser.add_option("--timeout", timeout);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& error) {
        return std::unexpected(fmt::format("{} (vmm exec --help shows the options)", error.what()));
    }
    options.socket  = socket.empty() ? fs::path{} : fs::absolute(socket);
    options.command = parser.remaining();
    if (!options.command.empty() && options.command.front() == "--") {
        options.command.erase(options.command.begin());
    }
    if (!options.command.empty() && options.command.front().starts_with("--")) {
        return std::unexpected(
            fmt::format("{} is no option (vmm exec --help shows them); a command "
                        "comes after --",
                        options.command.front()));
    }
    for (const auto& text : put) {
        auto copy = parse_copy("--put", text, false);
        if (!copy) {
            return std::unexpected(copy.error());
        }
        options.put.push_back(*std::move(copy));
    }
    for (const auto& text : get) {
        auto copy = parse_copy("--get", text, true);
        if (!copy) {
            return std::unexpected(copy.error());
        }
        options.get.push_back(*std::move(copy));
    }
    if (has_timeout->count() != 0) {
        options.timeout = timeout;
    }
    if (options.wait <= 0 || (options.timeout && *options.timeout <= 0)) {
        return std::unexpected("--wait and --timeout: give seconds, more than 0");
    }
    if (options.command.empty() && put.empty() && get.empty() && !options.list && !options.help) {
        return std::unexpected("say what to run: vmm exec [--guest NAME] -- COMMAND");
    }
    return options;
}

int exec_main(const std::vector<std::string>& words, const std::filesystem::path& runs)
{
    const auto options = parse_exec(words);
    if (!options) {
        return complain(options.error(), k_exit_usage);
    }
    if (options->help) {
        fmt::print("{}", k_help);
        return 0;
    }
    const auto systems = running_systems(runs);
    if (options->list) {
        return list(systems);
    }
    RunningSystem system{.name = "the system", .socket = options->socket, .guests = {}};
    const auto    known = std::ranges::find(systems, options->socket, &RunningSystem::socket);
    if (options->socket.empty()) {
        auto chosen = choose_system(systems, options->system);
        if (!chosen) {
            return complain(chosen.error());
        }
        system = *std::move(chosen);
    } else if (known != systems.end()) {
        system = *known;
    }
    const auto cid = choose_guest(system, options->guest);
    if (!cid) {
        return complain(cid.error());
    }
    (void)std::signal(SIGPIPE, SIG_IGN);
    const auto deadline = after(options->wait);
    auto       channel  = Channel::connect(system.socket, deadline);
    if (!channel) {
        return complain(channel.error());
    }
    if (const auto opened = (*channel)->open({.cid = *cid, .port = k_agent_port}, deadline);
        !opened) {
        return complain(opened.error());
    }
    (void)std::signal(SIGINT, note_signal);
    (void)std::signal(SIGTERM, note_signal);
    return do_all(**channel, *options);
}

} // namespace control
