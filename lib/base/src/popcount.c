/* SPDX-License-Identifier: BSD-2-Clause */
/* What GCC calls for std::popcount where it may not use SIMD registers, which is how AArch64 counts
 * bits; programs have no compiler runtime to take it from. */
#include <stdint.h>

int __popcountdi2(uint64_t bits);

__attribute__((weak)) int __popcountdi2(uint64_t bits)
{
    /* Sums of neighbours in fields of 2, 4 and 8 bits; the multiplication adds up the bytes. */
    bits = bits - (bits >> 1 & 0x5555555555555555U);
    bits = (bits & 0x3333333333333333U) + (bits >> 2 & 0x3333333333333333U);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return (int)(bits * 0x0101010101010101U >> 56);
}
