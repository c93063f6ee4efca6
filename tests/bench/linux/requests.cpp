// SPDX-License-Identifier: BSD-2-Clause
// What requests to a guest's disk, network and console cost, as a Linux program without a library:
//     requests disk FILE [MEASURE]      reads and writes, O_DIRECT, one at a time; overwrites FILE
//     requests console FILE             lines of 64 bytes
//     requests ping ADDRESS             one byte there and back (ICMP echo)
//     requests out ADDRESS PORT         16 MiB by TCP to who reads it
//     requests in ADDRESS PORT          all that who listens there sends by TCP
// Each measure is a line "bench NAME mean NANOSECONDS min … max … count …"; for `out` and `in` it
// is that of 1,000,000 bytes.
#include "system.hpp"

namespace {

using namespace bench_linux;

constexpr long k_here       = -100; // AT_FDCWD
constexpr long k_read_write = 2, k_write_only = 1, k_direct = 0x10000;

constexpr std::size_t k_most = std::size_t{1} << 20;

long open(const char* file, long flags)
{
    return must(file, call(Call::openat, k_here, number_of(file), flags));
}

/// Memory of its own pages, all there.
char* memory(std::size_t size)
{
    constexpr long k_both = 3, k_private_populated = 0x8022;
    return reinterpret_cast<char*>(must(
        "mmap", call(Call::mmap, 0, static_cast<long>(size), k_both, k_private_populated, -1)));
}

Word size_of(long disk)
{
    constexpr long k_blkgetsize64 = 0x80081272;
    Word           size           = 0;
    must("BLKGETSIZE64", call(Call::ioctl, disk, k_blkgetsize64, number_of(&size)));
    return size;
}

/// Numbers that look random and are the same each time.
Word random(Word below)
{
    static Word state = 1;
    state             = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return (state >> 33) % below;
}

bool is(const char* a, const char* b)
{
    for (; *a == *b; ++a, ++b) {
        if (*a == 0) {
            return true;
        }
    }
    return false;
}

void measure_disk(const char* file, const char* only)
{
    struct Row {
        const char* name;
        Call        call;
        std::size_t size;
        unsigned    count;
        bool        is_random;
    };
    constexpr Row k_rows[]{{"linux_read_4k", Call::pread64, 4096, 400, true},
                           {"linux_read_64k", Call::pread64, 65536, 100, false},
                           {"linux_read_1m", Call::pread64, k_most, 48, false},
                           {"linux_write_4k", Call::pwrite64, 4096, 400, true},
                           {"linux_write_64k", Call::pwrite64, 65536, 100, false},
                           {"linux_write_1m", Call::pwrite64, k_most, 48, false}};
    const long    disk = open(file, k_read_write | k_direct);
    const Word    size = size_of(disk);
    char* const   data = memory(k_most);
    for (const auto& row : k_rows) {
        if (only != nullptr && !is(only, row.name)) {
            continue;
        }
        Tries tries{row.name};
        Word  place = 0;
        for (unsigned i = 0; i < row.count; ++i) {
            place = row.is_random || place + 2 * row.size > size
                        ? random(size / row.size) * row.size
                        : place + row.size;
            tries.time([&] {
                must(row.name, call(row.call, disk, number_of(data), static_cast<long>(row.size),
                                    static_cast<long>(place)));
            });
        }
        tries.print();
    }
}

void measure_console(const char* file)
{
    constexpr long k_drain = 0x5409; // TCSBRK: tcdrain() with the argument 1
    char           line[64];
    for (char& c : line) {
        c = '-';
    }
    line[62]           = '\r';
    line[63]           = '\n';
    const long console = open(file, k_write_only);
    Tries      tries{"linux_console_line"};
    for (unsigned i = 0; i < 100; ++i) {
        tries.time([&] {
            must("write", call(Call::write, console, number_of(line), sizeof(line)));
            call(Call::ioctl, console, k_drain, 1);
        });
    }
    tries.print();
}

/// struct sockaddr_in.
struct Address {
    std::uint16_t family = 2;
    std::uint16_t port   = 0; ///< big-endian
    std::uint8_t  ip[4]{};
    std::uint8_t  zero[8]{};
};

Word number(const char*& text)
{
    Word value = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
        value = value * 10 + static_cast<Word>(*text - '0');
    }
    return value;
}

Address address(const char* ip, const char* port)
{
    Address result;
    for (auto& byte : result.ip) {
        byte = static_cast<std::uint8_t>(number(ip));
        ip += *ip == '.' ? 1 : 0;
    }
    const auto value = static_cast<std::uint16_t>(number(port));
    result.port      = static_cast<std::uint16_t>(value << 8 | value >> 8);
    return result;
}

long connected(const Address& to, long type, long protocol)
{
    const long socket = must("socket", call(Call::socket, 2, type, protocol));
    must("connect", call(Call::connect, socket, number_of(&to), sizeof(to)));
    return socket;
}

constexpr long k_stream = 1, k_datagram = 2, k_icmp = 1;

void measure_ping(const Address& to)
{
    const long socket = connected(to, k_datagram, k_icmp);
    char       message[9]{8}; // echo request; the kernel sees to number and checksum
    char       answer[64];
    Tries      tries{"linux_ping_pong"};
    const auto once = [&] {
        must("send", call(Call::write, socket, number_of(message), sizeof(message)));
        must("receive", call(Call::read, socket, number_of(answer), sizeof(answer)));
    };
    once(); // neighbours get to know each other
    for (unsigned i = 0; i < 200; ++i) {
        tries.time(once);
    }
    tries.print();
}

/// Both ways of TCP; each connection is a try.
constexpr unsigned    k_connections = 5;
constexpr std::size_t k_chunk       = 65536;

/// The same time for 1,000,000 bytes.
Word for_a_million(Word took, Word bytes) { return took * 1'000'000 / bytes; }

void measure_out(const Address& to)
{
    constexpr Word k_bytes = Word{4} << 20;
    constexpr long k_write = 1; // SHUT_WR
    char* const    data    = memory(k_chunk);
    Tries          tries{"linux_tcp_out"};
    for (unsigned i = 0; i < k_connections; ++i) {
        const long socket = connected(to, k_stream, 0);
        const auto begin  = now();
        for (Word sent = 0; sent < k_bytes;) {
            sent += static_cast<Word>(
                must("send", call(Call::write, socket, number_of(data), k_chunk)));
        }
        // All of it has arrived when the other end closes, too.
        call(Call::shutdown, socket, k_write);
        (void)call(Call::read, socket, number_of(data), 1);
        tries.add(for_a_million(now() - begin, k_bytes));
        call(Call::close, socket);
    }
    tries.print();
}

void measure_in(const Address& to)
{
    char* const data = memory(k_chunk);
    Tries       tries{"linux_tcp_in"};
    for (unsigned i = 0; i < k_connections; ++i) {
        const long socket = connected(to, k_stream, 0);
        const auto begin  = now();
        Word       bytes  = 0;
        while (const auto size =
                   must("receive", call(Call::read, socket, number_of(data), k_chunk))) {
            bytes += static_cast<Word>(size);
        }
        tries.add(for_a_million(now() - begin, bytes));
        call(Call::close, socket);
    }
    tries.print();
}

bool measure(long count, const char* const* words)
{
    if ((count == 3 || count == 4) && is(words[1], "disk")) {
        measure_disk(words[2], count == 4 ? words[3] : nullptr);
    } else if (count == 3 && is(words[1], "console")) {
        measure_console(words[2]);
    } else if (count == 3 && is(words[1], "ping")) {
        measure_ping(address(words[2], "0"));
    } else if (count == 4 && is(words[1], "out")) {
        measure_out(address(words[2], words[3]));
    } else if (count == 4 && is(words[1], "in")) {
        measure_in(address(words[2], words[3]));
    } else if (count == 2 && is(words[1], "mark")) {
        asm volatile("hint #50"); // for tests/bench/profile
    } else {
        return false;
    }
    return true;
}

} // namespace

/// `arguments`: argc, then argv[0] …
extern "C" [[noreturn]] void run(const long* arguments)
{
    const bool good = measure(arguments[0], reinterpret_cast<const char* const*>(arguments + 1));
    if (!good) {
        (Line{}
         << "requests: disk FILE [MEASURE] | console FILE | ping ADDRESS | out ADDRESS PORT | "
            "in ADDRESS PORT | mark\n")
            .print();
    }
    call(Call::exit, good ? 0 : 1);
    __builtin_trap();
}

asm(".global _start\n_start:\n\tmov x0, sp\n\tbl run\n");

// GCC may make calls of it.
extern "C" void* memset(void* to, int value, std::size_t size)
{
    auto* bytes = static_cast<volatile unsigned char*>(to);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<unsigned char>(value);
    }
    return to;
}
