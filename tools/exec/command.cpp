// SPDX-License-Identifier: BSD-2-Clause
#include "command.hpp"

#include "caller.hpp"
#include "channel.hpp"
#include "command_line.hpp"
#include "systems.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sys/mman.h>
#include <unistd.h>

namespace control {

namespace {

namespace fs = std::filesystem;

constexpr const char* k_description =
    "Run a command in a guest of a running system, and copy files.\n"
    "The system has a control channel (`vmm new` with the device control); it runs elsewhere, from "
    "this "
    "project or from libvmm's examples. COMMAND is not read by a shell: for that write "
    "-- sh -c 'A | B'. Ctrl-C goes to COMMAND; a second one ends vmm exec.";

constexpr const char* k_exits =
    "Exit codes: COMMAND's (128 + N after signal N); 126 or 127 when it cannot be run or is not "
    "there, "
    "125 when the guest cannot be reached or a file cannot be copied, 1 for a wrong call.";

volatile std::sig_atomic_t signal_for_command = 0;

extern "C" void note_signal(int number)
{
    if (signal_for_command != 0) {
        ::_exit(128 + number);
    }
    signal_for_command = number;
}

/// What --json keeps of a command's output, which a guest could make endless.
constexpr std::uint64_t k_most_captured = 64ULL << 20;

int complain(const std::string& text, int code = k_exit_trouble)
{
    return command_line::complain(std::cerr, "vmm exec", text, code);
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

/// Where a command's output goes: to ours, or for --json into files without a name.
class Capture {
public:
    explicit Capture(bool wanted)
        : output_{wanted ? ::memfd_create("output", MFD_CLOEXEC) : -1}
        , errors_{wanted ? ::memfd_create("errors", MFD_CLOEXEC) : -1}
    {
    }
    Capture(const Capture&)            = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture()
    {
        for (const int file : {output_, errors_}) {
            if (file >= 0) {
                ::close(file);
            }
        }
    }

    [[nodiscard]] int output() const { return output_ < 0 ? STDOUT_FILENO : output_; }
    [[nodiscard]] int errors() const { return errors_ < 0 ? STDERR_FILENO : errors_; }

    /// Nothing, if nothing was captured.
    void print(int exit_code) const
    {
        if (output_ < 0) {
            return;
        }
        const nlohmann::json json{{"exit_code", exit_code},
                                  {"output", content_of(output_)},
                                  {"errors", content_of(errors_)}};
        // What is no UTF-8 cannot be in JSON.
        fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    }

private:
    static std::string content_of(int file)
    {
        std::string content(
            static_cast<std::size_t>(std::max<off_t>(0, ::lseek(file, 0, SEEK_END))), '\0');
        const auto read = ::pread(file, content.data(), content.size(), 0);
        content.resize(read < 0 ? 0 : static_cast<std::size_t>(read));
        return content;
    }

    int output_;
    int errors_;
};

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
        Capture    capture{options.json};
        const auto ended =
            caller.run(words, {.input  = has_input ? STDIN_FILENO : -1,
                               .output = capture.output(),
                               .errors = capture.errors(),
                               .most   = options.json ? k_most_captured : ~std::uint64_t{0}});
        if (ended.kind != Outcome::Kind::ok) {
            const bool is_refused = ended.kind == Outcome::Kind::refused;
            return complain(sentence(ended), !is_refused            ? k_exit_trouble
                                             : ended.code == ENOENT ? k_exit_missing
                                                                    : k_exit_refused);
        }
        exit_code = ended.code;
        capture.print(exit_code);
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

/// Words as they come.
struct Words {
    ExecOptions              options;
    std::vector<std::string> put;
    std::vector<std::string> get;
    std::string              socket;
    double                   timeout = 0;

    void add_to(CLI::App& app);
};

void Words::add_to(CLI::App& app)
{
    app.description(k_description);
    app.footer(k_exits);
    app.prefix_command(); // what is not ours, and all behind it, is the command's
    app.add_option("--guest", options.guest,
                   "the guest, by its name in the layout or its context ID (default: the only one)")
        ->type_name("GUEST");
    app.add_option("--system", options.system, "the system, if several are running")
        ->type_name("SYSTEM");
    app.add_option("--socket", socket,
                   "in place of that, its control socket, as `vmm run` shows it")
        ->type_name("FILE");
    app.add_option(
           "--put", put,
           "before COMMAND: file H of this host becomes G in the guest. Again for more. A name "
           "that ends in / is a folder")
        ->type_name("H:G")
        ->allow_extra_args(false);
    app.add_option("--get", get,
                   "after COMMAND: file G of the guest becomes H on this host. Again for more")
        ->type_name("G:H")
        ->allow_extra_args(false);
    app.add_option("--most", options.most, "no file of the guest may be larger (default: 4 GiB)")
        ->type_name("BYTES");
    app.add_flag("--no-input", options.no_input,
                 "COMMAND gets no input. Otherwise it gets ours, unless that is a terminal");
    app.add_option("--wait", options.wait, "seconds for the guest to start (default: 60)")
        ->type_name("S");
    app.add_option("--timeout", timeout, "seconds for everything else (default: no limit)")
        ->type_name("S");
    app.add_flag("--list", options.list, "which systems and guests there are; runs nothing");
    app.add_flag(
        "--json", options.json,
        "as JSON: the list; of a command its exit code, output and errors, when it has ended");
}

int list_as_json(const std::vector<RunningSystem>& systems)
{
    auto json = nlohmann::json::array();
    for (const auto& system : systems) {
        auto guests = nlohmann::json::array();
        for (const auto& guest : system.guests) {
            guests.push_back({{"name", guest.name}, {"cid", guest.cid}});
        }
        json.push_back(
            {{"system", system.name}, {"socket", system.socket.string()}, {"guests", guests}});
    }
    fmt::print("{}\n", json.dump(2));
    return 0;
}

} // namespace

void describe_exec(CLI::App& app) { command_line::describe<Words>(app); }

std::expected<ExecOptions, std::string> parse_exec(std::vector<std::string> text)
{
    Words    words;
    CLI::App parser{"", "vmm exec"};
    words.add_to(parser);
    if (auto parsed = command_line::parse(parser, std::move(text)); !parsed) {
        return std::unexpected(std::move(parsed.error()));
    }
    auto& [options, put, get, socket, timeout] = words;
    options.socket                             = socket.empty() ? fs::path{} : fs::absolute(socket);
    options.command                            = parser.remaining();
    if (!options.command.empty() && options.command.front() == "--") {
        options.command.erase(options.command.begin());
    }
    if (!options.command.empty() && options.command.front().starts_with("--")) {
        return std::unexpected(
            fmt::format("{} is no option (vmm exec --help shows them); a command "
                        "comes after --",
                        options.command.front()));
    }
    for (const auto& words_of_copy : put) {
        auto copy = parse_copy("--put", words_of_copy, false);
        if (!copy) {
            return std::unexpected(copy.error());
        }
        options.put.push_back(*std::move(copy));
    }
    for (const auto& words_of_copy : get) {
        auto copy = parse_copy("--get", words_of_copy, true);
        if (!copy) {
            return std::unexpected(copy.error());
        }
        options.get.push_back(*std::move(copy));
    }
    if (parser.get_option("--timeout")->count() != 0) {
        options.timeout = timeout;
    }
    if (options.wait <= 0 || (options.timeout && *options.timeout <= 0)) {
        return std::unexpected("--wait and --timeout: give seconds, more than 0");
    }
    if (options.command.empty() && put.empty() && get.empty() && !options.list) {
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
    const auto systems = running_systems(runs);
    if (options->list) {
        return options->json ? list_as_json(systems) : list(systems);
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
