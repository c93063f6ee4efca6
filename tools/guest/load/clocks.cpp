// SPDX-License-Identifier: BSD-2-Clause
// clocks SECONDS: a Linux program without a library. One process on each CPU reads the virtual
// counter, one at a time, for SECONDS; none may see an earlier time than the one before it, on
// whichever CPU. Prints "clocks: N reads on C CPUs, M back, longest gap G us" and fails if M is not
// 0. The gap is how long nobody read: what the machine below took away from all of them at once.
#include <cstddef>
#include <cstdint>

namespace {

using Word = std::uint64_t;

enum class Call : long {
    sched_setaffinity = 122,
    exit              = 93,
    write             = 64,
    mmap              = 222,
    clone             = 220,
    wait4             = 260,
};

long call(Call number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0)
{
    register long x8 asm("x8") = static_cast<long>(number);
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    register long x5 asm("x5") = f;
    asm volatile("svc #0"
                 : "+r"(x0)
                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                 : "memory");
    return x0;
}

Word count()
{
    Word value = 0;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
}

Word frequency()
{
    Word value = 0;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

/// What all processes share; guarded by `turn`, a ticket lock.
struct Shared {
    std::uint32_t next_ticket;
    std::uint32_t turn;
    Word          last;
    Word          reads;
    Word          backward;
    Word          gap;
};

void read_until(Shared& shared, Word end)
{
    while (true) {
        const auto ticket = __atomic_fetch_add(&shared.next_ticket, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&shared.turn, __ATOMIC_ACQUIRE) != ticket) {
        }
        const Word now = count();
        shared.backward += now < shared.last ? 1 : 0;
        shared.gap =
            now > shared.last && now - shared.last > shared.gap ? now - shared.last : shared.gap;
        shared.last = now;
        shared.reads++;
        __atomic_store_n(&shared.turn, ticket + 1, __ATOMIC_RELEASE);
        if (now >= end) {
            return;
        }
    }
}

/// Moves the caller to `cpu`. False: there is no such CPU.
bool move_to(unsigned cpu)
{
    const Word mask = Word{1} << cpu;
    return call(Call::sched_setaffinity, 0, sizeof(mask), reinterpret_cast<long>(&mask)) == 0;
}

class Line {
public:
    Line& operator<<(const char* text)
    {
        while (*text != 0) {
            bytes_[size_++] = *text++;
        }
        return *this;
    }
    Line& operator<<(Word number)
    {
        char        digits[20];
        std::size_t length = 0;
        do {
            digits[length++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        while (length != 0) {
            bytes_[size_++] = digits[--length];
        }
        return *this;
    }
    void print() { call(Call::write, 1, reinterpret_cast<long>(bytes_), static_cast<long>(size_)); }

private:
    char        bytes_[200]{};
    std::size_t size_ = 0;
};

} // namespace

/// `arguments`: argc, then argv[0] …
extern "C" [[noreturn]] void run(const Word* arguments)
{
    Word seconds = 0;
    if (arguments[0] > 1) {
        for (const auto* at = reinterpret_cast<const char*>(arguments[2]); *at != 0; ++at) {
            seconds = seconds * 10 + static_cast<Word>(*at - '0');
        }
    }
    constexpr long k_read_write = 3, k_shared_anonymous = 0x21, k_child_signal = 17;
    auto&          shared =
        *reinterpret_cast<Shared*>(call(Call::mmap, 0, 4096, k_read_write, k_shared_anonymous, -1));
    shared.last     = count();
    const auto end  = shared.last + seconds * frequency();
    Word       cpus = 0;
    while (cpus < 63 && move_to(static_cast<unsigned>(cpus))) {
        if (call(Call::clone, k_child_signal) == 0) {
            read_until(shared, end);
            call(Call::exit, 0);
        }
        ++cpus;
    }
    for (Word i = 0; i < cpus; ++i) {
        call(Call::wait4, -1);
    }
    (Line{} << "clocks: " << shared.reads << " reads on " << cpus << " CPUs, " << shared.backward
            << " back, longest gap " << shared.gap * 1'000'000 / frequency() << " us\n")
        .print();
    call(Call::exit, shared.backward == 0 && shared.reads != 0 ? 0 : 1);
    __builtin_trap();
}

asm(".global _start\n_start:\n\tmov x0, sp\n\tbl run\n");
