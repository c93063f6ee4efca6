// SPDX-License-Identifier: BSD-2-Clause
// Requests to run a command: its input, its output and its end.
#include "agent.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace agent {

using control::Conversation;
using control::Fields;
using control::Kind;
using control::Message;
using control::MessageWriter;

namespace {

constexpr std::size_t k_most_words = 1024;

/// The words of a request as execvp() wants them.
class Words {
public:
    /// False: there is none, too many, or one with a NUL inside.
    [[nodiscard]] bool read(Fields& fields)
    {
        const auto count = fields.u32();
        if (count == 0 || count > k_most_words) {
            return false;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto word = fields.string();
            if (word.size() >= bytes_.size() - used_ || word.find('\0') != word.npos) {
                return false;
            }
            words_[i] = bytes_.data() + used_;
            std::ranges::copy(word, words_[i]);
            words_[i][word.size()] = '\0';
            used_ += word.size() + 1;
        }
        return fields.are_right();
    }
    [[nodiscard]] char* const* data() const { return words_.data(); }
    [[nodiscard]] const char*  name() const { return words_[0]; }

private:
    std::array<char*, k_most_words + 1>       words_{};
    std::array<char, control::k_most_payload> bytes_{}; ///< all words fit, with their NULs
    std::size_t                               used_ = 0;
};

struct Pipe {
    File out; ///< to read from
    File in;  ///< to write to

    [[nodiscard]] bool open()
    {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            return false;
        }
        out.reset(ends[0]);
        in.reset(ends[1]);
        return true;
    }
};

/// A program that runs in a session of its own.
class Command {
public:
    Command()                          = default;
    Command(const Command&)            = delete;
    Command& operator=(const Command&) = delete;
    /// What still runs is told that nobody listens any more.
    ~Command()
    {
        if (id_ > 0) {
            (void)::kill(-id_, SIGHUP);
            (void)::waitpid(id_, nullptr, WNOHANG);
        }
    }

    /// Zero, or why it does not run.
    [[nodiscard]] int start(const Words& words, bool with_input);

    /// Goes on until the command has ended and all is told. False: the connection is of no use.
    [[nodiscard]] bool attend(Conversation& talk);

private:
    [[noreturn]] void         become(const Words& words, int report) const;
    [[nodiscard]] bool        hear(Conversation& talk);
    [[nodiscard]] bool        hear(const Message& message);
    [[nodiscard]] bool        feed(Conversation& talk);
    [[nodiscard]] static bool tell(Conversation& talk, File& from, Kind kind, std::size_t most);
    [[nodiscard]] static bool tell_rest(Conversation& talk, File& from, Kind kind);

    Pipe  input_;
    Pipe  output_;
    Pipe  errors_;
    File  end_; ///< readable when the command has ended
    pid_t id_ = -1;

    /// Input that the command has not taken yet.
    std::array<std::byte, control::k_window> waiting_{};
    std::size_t                              first_    = 0;
    std::size_t                              size_     = 0;
    bool                                     complete_ = false; ///< no more comes
};

void Command::become(const Words& words, int report) const
{
    (void)::setsid();
    const int input = input_.out.is_open() ? input_.out.number() : ::open("/dev/null", O_RDONLY);
    (void)::dup2(input, STDIN_FILENO);
    (void)::dup2(output_.in.number(), STDOUT_FILENO);
    (void)::dup2(errors_.in.number(), STDERR_FILENO);
    // A shell that starts the agent in the background has it ignore some.
    for (const int number : {SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGCHLD}) {
        (void)::signal(number, SIG_DFL);
    }
    const char* const home = ::getenv("HOME");
    if (home == nullptr || ::chdir(home) != 0) {
        (void)::chdir("/");
    }
    (void)::execvp(words.data()[0], words.data());
    const int error = errno;
    (void)control::write_all(report, std::as_bytes(std::span{&error, 1}));
    ::_exit(127);
}

int Command::start(const Words& words, bool with_input)
{
    Pipe report; // closed by exec; what comes out of it is why there was none
    if ((with_input && !input_.open()) || !output_.open() || !errors_.open() || !report.open()) {
        return errno;
    }
    id_ = ::fork();
    if (id_ < 0) {
        return errno;
    }
    if (id_ == 0) {
        become(words, report.in.number());
    }
    report.in.close();
    input_.out.close();
    output_.in.close();
    errors_.in.close();
    int        error = 0;
    const auto count = ::read(report.out.number(), &error, sizeof(error));
    if (count == sizeof(error)) {
        (void)::waitpid(id_, nullptr, 0);
        id_ = -1;
        return error;
    }
    end_.reset(static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)));
    for (const auto* file : {&input_.in, &output_.out, &errors_.out}) {
        if (file->is_open()) {
            (void)::fcntl(file->number(), F_SETFL, O_NONBLOCK);
        }
    }
    return end_.is_open() ? 0 : errno;
}

bool Command::hear(const Message& message)
{
    switch (message.kind) {
    case Kind::input: {
        if (complete_ || message.payload.size() > waiting_.size() - size_) {
            return false; // more than it was told that there is room for
        }
        if (!input_.in.is_open()) {
            return true; // nobody reads it
        }
        std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(first_), size_,
                    waiting_.begin());
        first_ = 0;
        std::ranges::copy(message.payload, waiting_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += message.payload.size();
        return true;
    }
    case Kind::eof:
        complete_ = true;
        if (size_ == 0) {
            input_.in.close();
        }
        return true;
    case Kind::signal: {
        Fields     fields{message.payload};
        const auto number = static_cast<int>(fields.u32() & 0x7f);
        return fields.are_right() && (number == 0 || ::kill(-id_, number) == 0 || errno == ESRCH);
    }
    default:
        return false;
    }
}

bool Command::hear(Conversation& talk)
{
    while (const auto message = talk.poll()) {
        if (!hear(*message)) {
            return false;
        }
    }
    return !talk.is_over();
}

bool Command::feed(Conversation& talk)
{
    const auto count = ::write(input_.in.number(), waiting_.data() + first_, size_);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    // A command that does not want its input gets rid of it.
    const auto taken = count < 0 ? size_ : static_cast<std::size_t>(count);
    first_ += taken;
    size_ -= taken;
    if (count < 0 || (complete_ && size_ == 0)) {
        input_.in.close();
    }
    return talk.send(MessageWriter{Kind::taken}.u32(static_cast<std::uint32_t>(taken)));
}

bool Command::tell(Conversation& talk, File& from, Kind kind, std::size_t most)
{
    std::byte  bytes[control::k_most_payload];
    const auto count = ::read(from.number(), bytes, std::min(most, sizeof(bytes)));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (count <= 0) {
        from.close();
        return true;
    }
    return talk.send(
        MessageWriter{kind}.raw(std::span{bytes}.first(static_cast<std::size_t>(count))));
}

/// What is there now: a process that the command left behind may write on for ever.
bool Command::tell_rest(Conversation& talk, File& from, Kind kind)
{
    int left = 0;
    if (!from.is_open() || ::ioctl(from.number(), FIONREAD, &left) != 0) {
        return true;
    }
    while (left > 0 && from.is_open()) {
        const auto part = std::min<int>(left, control::k_most_payload);
        if (!tell(talk, from, kind, static_cast<std::size_t>(part))) {
            return false;
        }
        left -= part;
    }
    return true;
}

bool Command::attend(Conversation& talk)
{
    constexpr std::size_t k_all = control::k_most_payload;
    while (true) {
        if (!hear(talk)) {
            return false;
        }
        const auto wish = [](const File& file, bool wanted, short what) {
            return pollfd{.fd = wanted ? file.number() : -1, .events = what, .revents = 0};
        };
        std::array<pollfd, 5> wishes{{{talk.descriptor(), POLLIN, 0},
                                      wish(end_, true, POLLIN),
                                      wish(output_.out, true, POLLIN),
                                      wish(errors_.out, true, POLLIN),
                                      wish(input_.in, size_ != 0, POLLOUT)}};
        if (::poll(wishes.data(), wishes.size(), -1) < 0) {
            continue;
        }
        if (wishes[1].revents != 0) {
            break;
        }
        if ((wishes[2].revents != 0 && !tell(talk, output_.out, Kind::output, k_all)) ||
            (wishes[3].revents != 0 && !tell(talk, errors_.out, Kind::errors, k_all)) ||
            (wishes[4].revents != 0 && !feed(talk))) {
            return false;
        }
    }
    int status = 0;
    (void)::waitpid(id_, &status, 0);
    id_             = -1;
    const auto code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return tell_rest(talk, output_.out, Kind::output) &&
           tell_rest(talk, errors_.out, Kind::errors) &&
           talk.send(MessageWriter{Kind::exited}.u32(static_cast<std::uint32_t>(code)));
}

} // namespace

bool run(Conversation& talk, const Message& request)
{
    Fields     fields{request.payload};
    const auto flags = fields.u32();
    Words      words;
    if (!words.read(fields)) {
        return fail(talk, EINVAL, "the command");
    }
    Command command;
    if (const int error = command.start(words, (flags & control::k_run_with_input) != 0)) {
        return fail(talk, error, "cannot run ", words.name());
    }
    return command.attend(talk);
}

} // namespace agent
