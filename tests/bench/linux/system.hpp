// SPDX-License-Identifier: BSD-2-Clause
// As much of Linux as the measuring program needs, without a library: calls, time, text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench_linux {

using Word = std::uint64_t;

enum class Call : long {
    ioctl    = 29,
    openat   = 56,
    close    = 57,
    read     = 63,
    write    = 64,
    pread64  = 67,
    pwrite64 = 68,
    exit     = 93,
    gettime  = 113,
    socket   = 198,
    connect  = 203,
    sendto   = 206,
    shutdown = 210,
    mmap     = 222,
};

/// What the kernel answers; negative: an error's number.
inline long call(Call number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0)
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

inline long number_of(const void* pointer) { return reinterpret_cast<long>(pointer); }

/// Virtual time in nanoseconds, as coarse as the counter is: 16.
inline Word now()
{
    Word value = 0, frequency = 0;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return value * (1'000'000'000 / frequency);
}

/// A line of text for standard output.
class Line {
public:
    Line& operator<<(const char* text)
    {
        while (*text != 0 && size_ != sizeof(bytes_)) {
            bytes_[size_++] = *text++;
        }
        return *this;
    }
    Line& operator<<(Word number)
    {
        char        digits[21];
        std::size_t at = sizeof(digits);
        digits[--at]   = 0;
        do {
            digits[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return *this << digits + at;
    }
    void print() { call(Call::write, 1, number_of(bytes_), static_cast<long>(size_)); }

private:
    char        bytes_[200]{};
    std::size_t size_ = 0;
};

/// Says what failed, and ends the program.
[[noreturn]] inline void fail(const char* what, long error)
{
    (Line{} << "requests: " << what << ": error " << static_cast<Word>(-error) << "\n").print();
    call(Call::exit, 1);
    __builtin_trap();
}

/// The result of a call that must not fail.
inline long must(const char* what, long result)
{
    if (result < 0) {
        fail(what, result);
    }
    return result;
}

/// Nanoseconds of many tries. Prints "bench NAME mean N min N max N count N". Its life is what
/// tests/bench/profile counts.
class Tries {
public:
    explicit Tries(const char* name)
        : name_{name}
    {
        asm volatile("hint #50");
    }
    void add(Word took)
    {
        sum_ += took;
        least_ = count_ == 0 || took < least_ ? took : least_;
        most_  = took > most_ ? took : most_;
        ++count_;
    }
    template <class Operation>
    void time(Operation operation)
    {
        const auto begin = now();
        operation();
        add(now() - begin);
    }
    void print() const
    {
        asm volatile("hint #51");
        (Line{} << "bench " << name_ << " mean " << (sum_ + count_ / 2) / count_ << " min "
                << least_ << " max " << most_ << " count " << count_ << "\n")
            .print();
    }

private:
    const char* name_;
    Word        sum_   = 0;
    Word        least_ = 0;
    Word        most_  = 0;
    Word        count_ = 0;
};

} // namespace bench_linux
