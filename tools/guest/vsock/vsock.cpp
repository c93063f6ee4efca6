// SPDX-License-Identifier: BSD-2-Clause
// vsock: standard input and output, or a command's, as one end of a connection over AF_VSOCK. A
// Linux program without a library; k_usage says how it is called.
#include "system.hpp"

using namespace guest;

namespace {

constexpr const char* k_usage =
    "vsock connect [-w] CID PORT   sends standard input, prints what comes back; with -w it tries\n"
    "                              for a minute, until somebody listens there\n"
    "vsock listen PORT             the same with the first who connects\n"
    "vsock serve PORT COMMAND      runs COMMAND (of sh) for each connection, as its input and "
    "output\n";

[[noreturn]] void fail(const char* what, long error)
{
    complain("vsock: ");
    complain(what);
    switch (error) {
    case k_reset:
    case k_refused:
        complain(": nobody listens there\n");
        break;
    case k_timed_out:
        complain(": no answer\n");
        break;
    case k_no_device:
        complain(": this machine has no socket device that leads there\n");
        break;
    case k_no_family:
        complain(": the kernel has no AF_VSOCK; modprobe vsock\n");
        break;
    case k_in_use:
        complain(": somebody else has this port\n");
        break;
    default: {
        char digits[] = ": error 000\n";
        for (long at = 10, rest = -error; at > 7; --at, rest /= 10) {
            digits[at] = static_cast<char>('0' + rest % 10);
        }
        complain(digits);
    }
    }
    leave(1);
}

long must(const char* what, long result)
{
    if (result < 0) {
        fail(what, result);
    }
    return result;
}

std::uint32_t number(const char* text)
{
    std::uint64_t value = 0;
    const char*   at    = text;
    while (*at >= '0' && *at <= '9' && value <= 0xffff'ffff) {
        value = value * 10 + static_cast<std::uint64_t>(*at++ - '0');
    }
    if (*at != 0 || at == text || value > 0xffff'ffff) {
        complain("vsock: not a number: ");
        complain(text);
        complain("\n");
        leave(2);
    }
    return static_cast<std::uint32_t>(value);
}

/// One direction: what was read from one file and not yet written to the other.
struct Pump {
    int         from  = 0;
    int         to    = 0;
    std::size_t begin = 0;
    std::size_t end   = 0;
    bool        over  = false; ///< `from` has ended
    std::byte   bytes[16384]{};

    [[nodiscard]] bool is_empty() const { return begin == end; }

    /// False: the other side takes no more.
    bool move(const Poll& source, const Poll& sink)
    {
        if (is_empty() && !over && source.found != 0) {
            const long got = call(Call::read, from, address_of(&bytes[0]), sizeof(bytes));
            over           = got != k_again && got <= 0;
            begin          = 0;
            end            = got > 0 ? static_cast<std::size_t>(got) : 0;
        } else if (!is_empty() && sink.found != 0) {
            constexpr std::size_t k_at_once = 4096; // a pipe that can be written takes as much
            const auto            size      = end - begin < k_at_once ? end - begin : k_at_once;
            const long            put =
                call(Call::write, to, address_of(&bytes[begin]), static_cast<long>(size));
            if (put < 0 && put != k_again) {
                return false;
            }
            begin += put > 0 ? static_cast<std::size_t>(put) : 0;
        }
        return true;
    }
};

constinit Pump out;
constinit Pump in;

/// Until the other side has sent all; ours ends with standard input.
[[noreturn]] void converse(int socket)
{
    constexpr long k_set_flags   = 4; // F_SETFL
    constexpr long k_nonblocking = 04000;
    call(Call::fcntl, socket, k_set_flags, k_nonblocking);
    struct {
        long handler = 1; // SIG_IGN
        long more[3]{};
    } const ignore;
    constexpr long k_pipe = 13; // SIGPIPE: a peer that takes no more may still send
    call(Call::sigaction, k_pipe, address_of(&ignore), 0, 8);
    out.from  = 0;
    out.to    = socket;
    in.from   = socket;
    in.to     = 1;
    bool told = false;
    while (!in.over || !in.is_empty()) {
        const auto wish = [](const Pump& pump, bool reads) {
            return pump.is_empty() == reads && !(reads && pump.over);
        };
        const auto flags = [](bool reads, bool writes) {
            return static_cast<std::int16_t>((reads ? k_readable : 0) | (writes ? k_writable : 0));
        };
        Poll files[3] = {{.file = wish(out, true) ? 0 : -1, .wanted = k_readable},
                         {.file = socket, .wanted = flags(wish(in, true), wish(out, false))},
                         {.file = wish(in, false) ? 1 : -1, .wanted = k_writable}};
        must("cannot wait", call(Call::ppoll, address_of(&files[0]), 3));
        Poll write_side  = files[1];
        write_side.found = static_cast<std::int16_t>(files[1].found & (k_writable | k_over));
        Poll read_side   = files[1];
        read_side.found  = static_cast<std::int16_t>(files[1].found & (k_readable | k_over));
        if (!out.move(files[0], write_side)) {
            out.begin = out.end;
            out.over  = true;
        }
        if (!in.move(read_side, files[2])) {
            leave(1);
        }
        if (out.over && out.is_empty() && !told) {
            told = true;
            call(Call::shutdown, socket, k_end_of_out);
        }
    }
    leave(0);
}

int make_socket()
{
    return static_cast<int>(must("cannot make a socket", call(Call::socket, k_family, k_stream)));
}

int connect(std::uint32_t cid, std::uint32_t port, bool wait)
{
    constexpr unsigned  k_tries  = 600;
    const std::int64_t  pause[2] = {0, 100'000'000}; // there is no event for somebody's listening
    const SocketAddress to{.port = port, .cid = cid};
    for (unsigned tries = 1;; ++tries) {
        const int  file = make_socket();
        const long done = call(Call::connect, file, address_of(&to), sizeof(to));
        if (done == 0) {
            return file;
        }
        if (!wait || tries == k_tries) {
            fail("cannot connect", done);
        }
        call(Call::close, file);
        call(Call::nanosleep, address_of(&pause[0]), 0);
    }
}

int listen(std::uint32_t port)
{
    constexpr std::uint32_t k_any_cid = 0xffff'ffff;
    constexpr long          k_backlog = 128;
    const SocketAddress     here{.port = port, .cid = k_any_cid};
    const int               file = make_socket();
    must("cannot have this port", call(Call::bind, file, address_of(&here), sizeof(here)));
    must("cannot listen", call(Call::listen, file, k_backlog));
    return file;
}

[[noreturn]] void serve(int listener, const char* command, char** environment)
{
    for (;;) {
        const long     file           = must("cannot accept", call(Call::accept, listener, 0, 0));
        constexpr long k_child_signal = 17; // SIGCHLD: fork()
        const long     child          = must("cannot fork", call(Call::clone, k_child_signal));
        if (child == 0) {
            call(Call::dup3, file, 0, 0);
            call(Call::dup3, file, 1, 0);
            call(Call::close, file);
            call(Call::close, listener);
            const char* const words[] = {"sh", "-c", command, nullptr};
            call(Call::execve, address_of("/bin/sh"), address_of(&words[0]),
                 address_of(environment));
            complain("vsock: cannot run /bin/sh\n");
            leave(127);
        }
        call(Call::close, file);
        constexpr long k_any_child = -1;
        constexpr long k_no_wait   = 1; // WNOHANG
        while (call(Call::wait4, k_any_child, 0, k_no_wait, 0) > 0) {
        }
    }
}

/// Prints it in decimal digits.
[[noreturn]] void print_own_cid()
{
    constexpr long k_this_folder = -100;  // AT_FDCWD
    constexpr long k_get_cid     = 0x7b9; // IOCTL_VM_SOCKETS_GET_LOCAL_CID
    const long     file          = must("cannot open /dev/vsock",
                                        call(Call::openat, k_this_folder, address_of("/dev/vsock"), 0));
    std::uint32_t  cid           = 0;
    must("cannot ask for the context ID", call(Call::ioctl, file, k_get_cid, address_of(&cid)));
    char  text[12]{};
    char* at = text + sizeof(text);
    *--at    = '\n';
    do {
        *--at = static_cast<char>('0' + cid % 10);
        cid /= 10;
    } while (cid != 0);
    call(Call::write, 1, address_of(at), text + sizeof(text) - at);
    leave(0);
}

[[noreturn]] void run(int count, char** words)
{
    char** const environment = words + count + 1;
    if (count >= 4 && equal(words[1], "connect")) {
        const bool wait = equal(words[2], "-w");
        if (count == 4 + (wait ? 1 : 0)) {
            converse(connect(number(words[count - 2]), number(words[count - 1]), wait));
        }
    } else if (count == 3 && equal(words[1], "listen")) {
        const int listener = listen(number(words[2]));
        const int peer =
            static_cast<int>(must("cannot accept", call(Call::accept, listener, 0, 0)));
        call(Call::close, listener);
        converse(peer);
    } else if (count == 4 && equal(words[1], "serve")) {
        serve(listen(number(words[2])), words[3], environment);
    }
    if (count == 2 && equal(words[1], "id")) {
        print_own_cid();
    }
    complain(k_usage);
    leave(2);
}

} // namespace

extern "C" [[noreturn]] void enter(long* stack)
{
    run(static_cast<int>(stack[0]), reinterpret_cast<char**>(stack + 1));
}

// The kernel enters with the arguments on the stack, and nothing to return to.
asm(".global _start\n_start:\n\tmov x0, sp\n\tmov x29, xzr\n\tmov x30, xzr\n\tb enter\n");
