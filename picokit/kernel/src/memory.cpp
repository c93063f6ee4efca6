// SPDX-License-Identifier: BSD-2-Clause
// The functions that a compiler may call without being asked.
#include <cstddef>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size)
{
    auto*       d = static_cast<unsigned char*>(to);
    const auto* s = static_cast<const unsigned char*>(from);
    for (std::size_t i = 0; i < size; ++i) {
        d[i] = s[i];
    }
    return to;
}

void* memset(void* to, int value, std::size_t size)
{
    auto* d = static_cast<unsigned char*>(to);
    for (std::size_t i = 0; i < size; ++i) {
        d[i] = static_cast<unsigned char>(value);
    }
    return to;
}

int memcmp(const void* a, const void* b, std::size_t size)
{
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < size; ++i) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}
}
