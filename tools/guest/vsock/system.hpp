// SPDX-License-Identifier: BSD-2-Clause
// As much of Linux as the program needs, without a library: calls, sockets, text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

enum class Call : long {
    dup3      = 24,
    fcntl     = 25,
    ioctl     = 29,
    openat    = 56,
    close     = 57,
    read      = 63,
    write     = 64,
    ppoll     = 73,
    exit      = 93,
    nanosleep = 101,
    sigaction = 134,
    socket    = 198,
    bind      = 200,
    listen    = 201,
    accept    = 202,
    connect   = 203,
    shutdown  = 210,
    clone     = 220,
    execve    = 221,
    wait4     = 260,
};

/// What the kernel answers; negative: an error's number.
inline long call(Call number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0)
{
    register long x8 asm("x8") = static_cast<long>(number);
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

template <class T>
long address_of(T* object)
{
    return reinterpret_cast<long>(object);
}

inline constexpr long k_again      = -11; // EAGAIN
inline constexpr long k_no_device  = -19; // ENODEV
inline constexpr long k_no_family  = -97; // EAFNOSUPPORT
inline constexpr long k_in_use     = -98; // EADDRINUSE
inline constexpr long k_reset      = -104;
inline constexpr long k_timed_out  = -110;
inline constexpr long k_refused    = -111;
inline constexpr long k_family     = 40; // AF_VSOCK
inline constexpr long k_stream     = 1;
inline constexpr long k_end_of_out = 1; // SHUT_WR

struct SocketAddress {
    std::uint16_t family   = static_cast<std::uint16_t>(k_family);
    std::uint16_t reserved = 0;
    std::uint32_t port     = 0;
    std::uint32_t cid      = 0;
    std::uint32_t unused   = 0;
};

struct Poll {
    int          file   = -1;
    std::int16_t wanted = 0;
    std::int16_t found  = 0;
};
inline constexpr std::int16_t k_readable = 1;
inline constexpr std::int16_t k_writable = 4;
inline constexpr std::int16_t k_over     = 0x18; // error, hang-up

inline std::size_t length(const char* text)
{
    std::size_t size = 0;
    while (text[size] != 0) {
        ++size;
    }
    return size;
}

inline bool equal(const char* a, const char* b)
{
    while (*a != 0 && *a == *b) {
        ++a;
        ++b;
    }
    return *a == *b;
}

inline void complain(const char* text)
{
    call(Call::write, 2, address_of(text), static_cast<long>(length(text)));
}

[[noreturn]] inline void leave(int code)
{
    for (;;) {
        call(Call::exit, code);
    }
}

} // namespace guest
