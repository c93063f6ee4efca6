// SPDX-License-Identifier: BSD-2-Clause
// Requests to put a file into the guest, and to get one.
#include "agent.hpp"

#include "base/crc32.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent {

using control::Conversation;
using control::Fields;
using control::Kind;
using control::Message;
using control::MessageWriter;

namespace {

constexpr mode_t k_mode_bits = 07777;

/// What comes after a request to put, into `file` (if it is open) up to its end. Nothing: the
/// connection is of no use.
struct Arrived {
    bool complete = false; ///< with the right size and checksum
    int  error    = 0;     ///< errno of what could not be written
};
std::optional<Arrived> take_data(Conversation& talk, int file)
{
    Arrived       arrived;
    std::uint64_t size = 0;
    std::uint32_t crc  = 0;
    while (const auto message = talk.wait()) {
        if (message->kind == Kind::data_end) {
            Fields fields{message->payload};
            arrived.complete = fields.u64() == size && fields.u32() == crc && fields.are_right();
            return arrived;
        }
        if (message->kind != Kind::data) {
            return std::nullopt;
        }
        size += message->payload.size();
        crc = base::crc32(message->payload, crc);
        // What cannot be written is taken nevertheless: the caller listens when it has sent all.
        if (file >= 0 && arrived.error == 0 && !control::write_all(file, message->payload)) {
            arrived.error = errno;
        }
    }
    return std::nullopt;
}

/// Whether there is something at this path that must stay what it is: a device, a pipe.
bool is_special(const char* path)
{
    struct stat facts {};
    return ::stat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
}

} // namespace

bool put(Conversation& talk, const Message& request)
{
    Fields      fields{request.payload};
    const auto  mode = fields.u32() & k_mode_bits;
    const auto  name = fields.string();
    const Path  path{name};
    const Path  beside{name, ".part"};
    const bool  good    = fields.are_right() && path.is_good() && beside.is_good();
    const bool  special = good && is_special(path.c_str());
    const auto* target  = special ? path.c_str() : beside.c_str();

    File file;
    int  error = good ? 0 : EINVAL;
    if (good) {
        const int flags = special ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC;
        file.reset(::open(target, flags | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
        error = file.is_open() ? 0 : errno;
    }
    const auto arrived = take_data(talk, file.number());
    if (arrived && error == 0) {
        error = arrived->error != 0 ? arrived->error : arrived->complete ? 0 : EIO;
    }
    if (arrived && error == 0 && !special &&
        (::fchmod(file.number(), mode) != 0 || ::rename(target, path.c_str()) != 0)) {
        error = errno;
    }
    if (file.is_open() && !special && (!arrived || error != 0)) {
        (void)::unlink(target);
    }
    if (!arrived) {
        return false;
    }
    return error == 0 ? talk.send(MessageWriter{Kind::done})
                      : fail(talk, error, "cannot write ", path.c_str());
}

bool get(Conversation& talk, const Message& request)
{
    Fields      fields{request.payload};
    const Path  path{fields.string()};
    const File  file{fields.are_right() && path.is_good()
                         ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)
                         : (errno = EINVAL, -1)};
    struct stat facts {};
    if (!file.is_open() || ::fstat(file.number(), &facts) != 0) {
        return fail(talk, errno, "cannot read ", path.c_str());
    }
    if (S_ISDIR(facts.st_mode)) {
        return fail(talk, EISDIR, "cannot read ", path.c_str());
    }
    if (!talk.send(MessageWriter{Kind::file}.u32(facts.st_mode & k_mode_bits))) {
        return false;
    }
    std::byte     bytes[control::k_most_payload];
    std::uint64_t size = 0;
    std::uint32_t crc  = 0;
    while (const auto count = ::read(file.number(), bytes, sizeof(bytes))) {
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail(talk, errno, "cannot read ", path.c_str());
        }
        const auto part = std::span{bytes}.first(static_cast<std::size_t>(count));
        size += part.size();
        crc = base::crc32(part, crc);
        if (!talk.send(MessageWriter{Kind::data}.raw(part))) {
            return false;
        }
    }
    return talk.send(MessageWriter{Kind::data_end}.u64(size).u32(crc));
}

} // namespace agent
