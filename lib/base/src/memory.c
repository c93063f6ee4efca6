/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of <string.h> that compilers call by themselves, for programs without a C library.
 * Every access is aligned, so that they also work on device memory. Weak: a program may bring
 * better. */
#include <stddef.h>
#include <stdint.h>

#define WEAK __attribute__((weak))
/* Words that overlap the ends of an object are read whole; they never leave an aligned word. */
#define READS_WHOLE_WORDS __attribute__((no_sanitize("address")))

typedef uint64_t __attribute__((may_alias)) Word;
typedef uint32_t __attribute__((may_alias)) HalfWord;
enum { word_size = sizeof(Word), word_mask = word_size - 1 };

void*  memcpy(void* restrict to, const void* restrict from, size_t size);
void*  memmove(void* to, const void* from, size_t size);
void*  memset(void* to, int value, size_t size);
int    memcmp(const void* left, const void* right, size_t size);
void*  memchr(const void* bytes, int value, size_t size);
size_t strlen(const char* text);

/* Both addresses are multiples of eight. Eight words at a time become four pair instructions each
 * way: twelve instructions for 64 bytes. */
static inline void copy_words(Word* to, const Word* from, size_t count)
{
    for (; count >= 8; count -= 8) {
        const Word a = from[0];
        const Word b = from[1];
        const Word c = from[2];
        const Word d = from[3];
        const Word e = from[4];
        const Word f = from[5];
        const Word g = from[6];
        const Word h = from[7];
        to[0]        = a;
        to[1]        = b;
        to[2]        = c;
        to[3]        = d;
        to[4]        = e;
        to[5]        = f;
        to[6]        = g;
        to[7]        = h;
        to += 8;
        from += 8;
    }
    for (; count != 0; --count) {
        *to++ = *from++;
    }
}

/* `to` is a multiple of eight, `from` is not: aligned loads, each word put together from two. */
READS_WHOLE_WORDS static inline void copy_shifted(Word* to, const uint8_t* from, size_t count)
{
    const unsigned offset = (unsigned)((uintptr_t)from & word_mask);
    const unsigned right  = 8 * offset;
    const unsigned left   = 64 - right;
    const Word*    source = (const Word*)(uintptr_t)(from - offset);
    Word           low    = *source++;
    for (; count != 0; --count) {
        const Word high = *source++;
        *to++           = low >> right | high << left;
        low             = high;
    }
}

/* Four bytes from addresses that allow no more. All are read before one is written. */
static inline void copy_4_bytes(uint8_t* to, const uint8_t* from)
{
    const uint8_t a = from[0];
    const uint8_t b = from[1];
    const uint8_t c = from[2];
    const uint8_t d = from[3];
    to[0]           = a;
    to[1]           = b;
    to[2]           = c;
    to[3]           = d;
}

/* Less than two words, without a loop. */
static inline void copy_few(uint8_t* to, const uint8_t* from, size_t size)
{
    const uintptr_t both = (uintptr_t)to | (uintptr_t)from;
    if ((size & 8) != 0) {
        if ((both & word_mask) == 0) {
            *(Word*)(uintptr_t)to = *(const Word*)(uintptr_t)from;
        } else {
            copy_4_bytes(to, from);
            copy_4_bytes(to + 4, from + 4);
        }
        to += 8;
        from += 8;
    }
    if ((size & 4) != 0) {
        if ((both & 3) == 0) {
            *(HalfWord*)(uintptr_t)to = *(const HalfWord*)(uintptr_t)from;
        } else {
            copy_4_bytes(to, from);
        }
        to += 4;
        from += 4;
    }
    if ((size & 2) != 0) {
        const uint8_t a = from[0];
        const uint8_t b = from[1];
        to[0]           = a;
        to[1]           = b;
        to += 2;
        from += 2;
    }
    if ((size & 1) != 0) {
        *to = *from;
    }
}

/* From the lowest address up; right also where `to` lies below `from` and the two overlap. */
static void* copy_up(void* to, const void* from, size_t size)
{
    uint8_t*       destination = to;
    const uint8_t* source      = from;
    if (size >= 2 * word_size) {
        for (; ((uintptr_t)destination & word_mask) != 0; --size) {
            *destination++ = *source++;
        }
        const size_t words = size / word_size;
        if (((uintptr_t)source & word_mask) == 0) {
            copy_words((Word*)(uintptr_t)destination, (const Word*)(uintptr_t)source, words);
        } else {
            copy_shifted((Word*)(uintptr_t)destination, source, words);
        }
        destination += words * word_size;
        source += words * word_size;
        size &= word_mask;
    }
    copy_few(destination, source, size);
    return to;
}

WEAK void* memcpy(void* restrict to, const void* restrict from, size_t size)
{
    return copy_up(to, from, size);
}

WEAK void* memmove(void* to, const void* from, size_t size)
{
    uint8_t*       destination = to;
    const uint8_t* source      = from;
    if ((uintptr_t)destination - (uintptr_t)source >= size) {
        return copy_up(to, from, size);
    }
    const int both_aligned = (((uintptr_t)destination | (uintptr_t)source) & word_mask) == 0;
    for (; size != 0 && !(both_aligned && (size & word_mask) == 0); --size) {
        destination[size - 1] = source[size - 1];
    }
    for (; size != 0; size -= word_size) {
        *(Word*)(uintptr_t)(destination + size - word_size) =
            *(const Word*)(uintptr_t)(source + size - word_size);
    }
    return to;
}

WEAK void* memset(void* to, int value, size_t size)
{
    uint8_t*   destination = to;
    const Word pattern     = 0x0101010101010101U * (uint8_t)value;
    if (size >= 2 * word_size) {
        for (; ((uintptr_t)destination & word_mask) != 0; --size) {
            *destination++ = (uint8_t)value;
        }
        Word* word = (Word*)(uintptr_t)destination;
        for (; size >= 4 * word_size; size -= 4 * word_size) {
            word[0] = pattern;
            word[1] = pattern;
            word[2] = pattern;
            word[3] = pattern;
            word += 4;
        }
        for (; size >= word_size; size -= word_size) {
            *word++ = pattern;
        }
        destination = (uint8_t*)word;
    }
    for (; size != 0; --size) {
        *destination++ = (uint8_t)value;
    }
    return to;
}

WEAK int memcmp(const void* left, const void* right, size_t size)
{
    const uint8_t* a = left;
    const uint8_t* b = right;
    for (; size != 0 && *a == *b; --size) {
        ++a;
        ++b;
    }
    return size == 0 ? 0 : *a - *b;
}

WEAK void* memchr(const void* bytes, int value, size_t size)
{
    const uint8_t* byte = bytes;
    for (; size != 0; --size, ++byte) {
        if (*byte == (uint8_t)value) {
            return (void*)(uintptr_t)byte;
        }
    }
    return NULL;
}

WEAK size_t strlen(const char* text)
{
    const char* end = text;
    while (*end != '\0') {
        ++end;
    }
    return (size_t)(end - text);
}
