// SPDX-License-Identifier: BSD-2-Clause
// What the compiler expects of a C library. Byte by byte: nothing here is measured.
#include <cstddef>

// Else the loops below become calls to the functions that they implement.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size)
{
    auto*       out = static_cast<unsigned char*>(to);
    const auto* in  = static_cast<const unsigned char*>(from);
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = in[i];
    }
    return to;
}

void* memmove(void* to, const void* from, std::size_t size)
{
    auto*       out = static_cast<unsigned char*>(to);
    const auto* in  = static_cast<const unsigned char*>(from);
    if (out < in) {
        return memcpy(to, from, size);
    }
    for (std::size_t i = size; i != 0; --i) {
        out[i - 1] = in[i - 1];
    }
    return to;
}

void* memset(void* to, int value, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = static_cast<unsigned char>(value);
    }
    return to;
}

int memcmp(const void* left, const void* right, std::size_t size)
{
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

void* memchr(const void* bytes, int value, std::size_t size)
{
    const auto* in = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < size; ++i) {
        if (in[i] == static_cast<unsigned char>(value)) {
            return const_cast<unsigned char*>(in + i);
        }
    }
    return nullptr;
}

std::size_t strlen(const char* text)
{
    std::size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    return length;
}

[[noreturn]] void abort() { __builtin_trap(); }
}
