// SPDX-License-Identifier: BSD-2-Clause
// Data cache maintenance by address (DDI 0487, D7.5.9), as far as EL0 may do it: on kernels that
// set SCTLR_EL1.UCI, as seL4 does for its threads. On other machines nothing happens.
#pragma once

#include <cstddef>
#include <cstdint>

namespace arch {

#if defined(__aarch64__)

/// Smallest line of all data caches, in bytes (CTR_EL0.DminLine).
[[nodiscard]] inline std::size_t data_cache_line()
{
    std::uint64_t ctr = 0;
    asm("mrs %0, ctr_el0" : "=r"(ctr));
    return std::size_t{4} << ((ctr >> 16) & 0xf);
}

    /// One instruction of data cache maintenance on every line of a range. Eight lines a turn, in
    /// assembler lest the compiler make a loop of it: this walks over tens of megabytes at every
    /// boot, and was most of the time to a guest's first instruction.
    #define ARCH_EACH_DATA_CACHE_LINE(operation, start, size)                                      \
        do {                                                                                       \
            const std::size_t line_ = data_cache_line();                                           \
            auto              at_   = reinterpret_cast<std::uintptr_t>(start) & ~(line_ - 1);      \
            const auto        end_  = reinterpret_cast<std::uintptr_t>(start) + (size);            \
            while (at_ < end_ && end_ - at_ >= 8 * line_) {                                        \
                asm volatile(".rept 8\n"                                                           \
                             "dc " operation ", %0\n"                                              \
                             "add %0, %0, %1\n"                                                    \
                             ".endr"                                                               \
                             : "+r"(at_)                                                           \
                             : "r"(line_)                                                          \
                             : "memory");                                                          \
            }                                                                                      \
            for (; at_ < end_; at_ += line_) {                                                     \
                asm volatile("dc " operation ", %0" : : "r"(at_) : "memory");                      \
            }                                                                                      \
            asm volatile("dsb sy" : : : "memory");                                                 \
        } while (false)

/// Cleans every line of a range to the point of coherency: what was written with caches on can be
/// read with caches off. Completes before it returns.
inline void clean_data_cache(const void* start, std::size_t size)
{
    ARCH_EACH_DATA_CACHE_LINE("cvac", start, size);
}

/// As clean_data_cache(), and drops the lines: what a device has written is read from memory. (EL0
/// cannot drop a line without writing it back.)
inline void clean_invalidate_data_cache(const void* start, std::size_t size)
{
    ARCH_EACH_DATA_CACHE_LINE("civac", start, size);
}

/// Bytes that DC ZVA zeroes (DCZID_EL0.BS).
[[nodiscard]] inline unsigned zero_block_size()
{
    std::uint64_t dczid = 0;
    asm("mrs %0, dczid_el0" : "=r"(dczid));
    return 4U << (dczid & 0xf);
}

#else

[[nodiscard]] inline unsigned zero_block_size() { return 64; }
inline void                   clean_data_cache(const void*, std::size_t) {}
inline void                   clean_invalidate_data_cache(const void*, std::size_t) {}

#endif

} // namespace arch
