// SPDX-License-Identifier: BSD-2-Clause
#include "caller.hpp"

#include "base/crc32.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace control {

namespace {

constexpr mode_t k_mode_bits = 07777;

/// Printable characters of it, as many as there is place for.
Outcome outcome(Outcome::Kind kind, std::string_view text, int code = 0)
{
    Outcome result{.kind = kind, .code = code, .text = {}};
    for (std::size_t i = 0; i < text.size() && i + 1 < result.text.size(); ++i) {
        result.text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
    return result;
}

Outcome local(const char* file) { return outcome(Outcome::Kind::local, file, errno); }

std::int64_t now()
{
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

/// An open file that closes itself.
struct File {
    explicit File(int descriptor)
        : number{descriptor}
    {
    }
    File(const File&)            = delete;
    File& operator=(const File&) = delete;
    ~File()
    {
        if (number >= 0) {
            (void)::close(number);
        }
    }
    int number;
};

} // namespace

Outcome Caller::lost() const
{
    if (late_ || (deadline_ && now() >= *deadline_)) {
        return outcome(Outcome::Kind::late, "it took too long");
    }
    if (nonsense_ || talk_.is_broken()) {
        return outcome(Outcome::Kind::lost, "the agent does not keep to the protocol");
    }
    return outcome(Outcome::Kind::lost, "the connection to the guest ended");
}

Outcome Caller::no_sense()
{
    nonsense_ = true;
    return lost();
}

Outcome Caller::refused(const Message& message)
{
    Fields     fields{message.payload};
    const auto code = fields.u32();
    const auto text = fields.string();
    if (!fields.are_right()) {
        return no_sense();
    }
    return outcome(Outcome::Kind::refused, text, static_cast<int>(code & 0xfff));
}

bool Caller::pass_on(Input& input)
{
    std::array<std::byte, 8192> bytes{};
    const auto count = ::read(input.file, bytes.data(), std::min(bytes.size(), input.window));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (count <= 0) {
        input.file = -1;
        return talk_.send(MessageWriter{Kind::eof});
    }
    const auto size = static_cast<std::size_t>(count);
    input.window -= size;
    return talk_.send(MessageWriter{Kind::input}.raw(std::span{bytes}.first(size)));
}

bool Caller::pass_on_signal()
{
    if (signal_ == nullptr || *signal_ == 0 || signal_passed_) {
        return true;
    }
    signal_passed_ = true;
    return talk_.send(MessageWriter{Kind::signal}.u32(static_cast<std::uint32_t>(*signal_)));
}

std::optional<Message> Caller::next(Input* input)
{
    while (true) {
        if (const auto message = talk_.poll(); message || talk_.is_over()) {
            return message;
        }
        const bool            reads = input != nullptr && input->file >= 0 && input->window != 0;
        std::array<pollfd, 2> wishes{
            {{talk_.descriptor(), POLLIN, 0}, {reads ? input->file : -1, POLLIN, 0}}};
        constexpr std::int64_t k_look   = 200; // a signal may come just before poll()
        auto                   patience = k_look;
        if (deadline_) {
            patience = std::min(patience, std::max<std::int64_t>(*deadline_ - now(), 0));
            if (patience == 0) {
                late_ = true;
                return std::nullopt;
            }
        }
        (void)::poll(wishes.data(), wishes.size(), static_cast<int>(patience));
        if (!pass_on_signal() || (wishes[1].revents != 0 && !pass_on(*input))) {
            return std::nullopt;
        }
    }
}

Outcome Caller::greet()
{
    const bool sent    = talk_.send(MessageWriter{Kind::hello}.u32(k_version));
    const auto message = sent ? next() : std::nullopt;
    if (!message && (late_ || nonsense_ || talk_.is_broken())) {
        return lost();
    }
    if (!message) {
        return outcome(Outcome::Kind::lost, "the guest's agent does not serve this caller");
    }
    Fields     fields{message->payload};
    const auto version = fields.u32();
    if (message->kind != Kind::hello || !fields.are_right()) {
        return no_sense();
    }
    if (version != k_version) {
        return outcome(Outcome::Kind::lost, "the agent is of another version of libvmm");
    }
    return {};
}

Outcome Caller::run(std::span<const std::string_view> words, const Files& files)
{
    MessageWriter request{Kind::run};
    request.u32(files.input >= 0 ? k_run_with_input : 0)
        .u32(static_cast<std::uint32_t>(words.size()));
    for (const auto word : words) {
        request.string(word);
    }
    if (!request.fits()) {
        return outcome(Outcome::Kind::local, "the command", E2BIG);
    }
    if (!talk_.send(request)) {
        return lost();
    }
    Input         input{.file = files.input};
    std::uint64_t written = 0;
    while (const auto message = next(&input)) {
        Fields fields{message->payload};
        switch (message->kind) {
        case Kind::output:
        case Kind::errors: {
            const bool is_output = message->kind == Kind::output;
            written += message->payload.size();
            if (written > files.most) {
                return outcome(Outcome::Kind::lost, "the command's output is larger than can be "
                                                    "kept for --json");
            }
            if (!write_all(is_output ? files.output : files.errors, message->payload)) {
                return local(is_output ? "standard output" : "standard error");
            }
            break;
        }
        case Kind::taken:
            if (const auto more = fields.u32(); more <= k_window - input.window) {
                input.window += more;
                break;
            }
            return no_sense();
        case Kind::exited: {
            const auto code = fields.u32();
            if (!fields.are_right()) {
                return no_sense();
            }
            return {.kind = Outcome::Kind::ok, .code = static_cast<int>(code & 0xff), .text = {}};
        }
        case Kind::failed:
            return refused(*message);
        default:
            return no_sense();
        }
    }
    return lost();
}

Outcome Caller::put(const char* from, std::string_view to)
{
    const File  file{::open(from, O_RDONLY | O_CLOEXEC)};
    struct stat facts {};
    if (file.number < 0 || ::fstat(file.number, &facts) != 0) {
        return local(from);
    }
    MessageWriter request{Kind::put};
    request.u32(facts.st_mode & k_mode_bits).string(to);
    if (!request.fits()) {
        return outcome(Outcome::Kind::local, "the path in the guest", ENAMETOOLONG);
    }
    if (!talk_.send(request)) {
        return lost();
    }
    std::array<std::byte, k_most_payload> bytes{};
    std::uint64_t                         size = 0;
    std::uint32_t                         crc  = 0;
    while (const auto count = ::read(file.number, bytes.data(), bytes.size())) {
        if (count < 0) {
            return local(from); // the agent takes the end of the connection for the end of this
        }
        const auto part = std::span{bytes}.first(static_cast<std::size_t>(count));
        size += part.size();
        crc = base::crc32(part, crc);
        if (!talk_.send(MessageWriter{Kind::data}.raw(part))) {
            return lost();
        }
    }
    if (!talk_.send(MessageWriter{Kind::data_end}.u64(size).u32(crc))) {
        return lost();
    }
    const auto message = next();
    if (!message) {
        return lost();
    }
    if (message->kind == Kind::failed) {
        return refused(*message);
    }
    return message->kind == Kind::done ? Outcome{} : no_sense();
}

Outcome Caller::fill(int file, const char* name, std::uint64_t most)
{
    std::uint64_t size = 0;
    std::uint32_t crc  = 0;
    while (const auto message = next()) {
        if (message->kind == Kind::failed) {
            return refused(*message);
        }
        if (message->kind == Kind::data_end) {
            Fields     fields{message->payload};
            const bool is_right = fields.u64() == size && fields.u32() == crc;
            return is_right && fields.are_right()
                       ? Outcome{}
                       : outcome(Outcome::Kind::lost, "the file's size or checksum is wrong");
        }
        if (message->kind != Kind::data) {
            return no_sense();
        }
        size += message->payload.size();
        if (size > most) {
            return outcome(Outcome::Kind::lost, "the file is larger than was asked for");
        }
        crc = base::crc32(message->payload, crc);
        if (!write_all(file, message->payload)) {
            return local(name);
        }
    }
    return lost();
}

Outcome Caller::get(std::string_view from, const char* to, std::uint64_t most)
{
    MessageWriter request{Kind::get};
    request.string(from);
    if (!request.fits()) {
        return outcome(Outcome::Kind::local, "the path in the guest", ENAMETOOLONG);
    }
    if (!talk_.send(request)) {
        return lost();
    }
    const auto answer = next();
    if (!answer) {
        return lost();
    }
    if (answer->kind == Kind::failed) {
        return refused(*answer);
    }
    Fields     fields{answer->payload};
    const auto mode = fields.u32() & 0777; // no set-user-ID of a guest's
    if (answer->kind != Kind::file || !fields.are_right()) {
        return no_sense();
    }
    // Beside the place where it goes, so that it appears there as a whole.
    std::array<char, 4096> part{};
    const int              length = std::snprintf(part.data(), part.size(), "%s.part", to);
    if (length < 0 || static_cast<std::size_t>(length) >= part.size()) {
        errno = ENAMETOOLONG;
        return local(to);
    }
    // A new file: not what a link of that name leads to, nor with the mode of what is left over.
    (void)::unlink(part.data());
    const File file{::open(part.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode | S_IWUSR)};
    if (file.number < 0) {
        return local(part.data());
    }
    auto result = fill(file.number, part.data(), most);
    if (result.kind == Outcome::Kind::ok && ::rename(part.data(), to) != 0) {
        result = local(to);
    }
    if (result.kind != Outcome::Kind::ok) {
        (void)::unlink(part.data());
    }
    return result;
}

} // namespace control
