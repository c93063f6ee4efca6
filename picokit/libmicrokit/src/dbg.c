/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug output, and the last words of a program that cannot go on. */
#include <microkit.h>

void microkit_dbg_putc(int c)
{
#ifdef CONFIG_PRINTING
    seL4_DebugPutChar((char)c);
#else
    (void)c;
#endif
}

void microkit_dbg_puts(const char* s)
{
    while (*s != '\0') {
        microkit_dbg_putc(*s++);
    }
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    char  digits[11];
    char* first = &digits[sizeof(digits) - 1];
    *first      = '\0';
    do {
        *--first = (char)('0' + x % 10);
        x /= 10;
    } while (x != 0);
    microkit_dbg_puts(first);
}

void microkit_dbg_put8(seL4_Uint8 x) { microkit_dbg_put32(x); }

/* The name may fill its 64 bytes without a terminator. */
void picokit_put_name(void)
{
    for (int i = 0; i < MICROKIT_PD_NAME_LENGTH && microkit_name[i] != '\0'; i++) {
        microkit_dbg_putc(microkit_name[i]);
    }
}

void picokit_wrong_channel(const char* call, microkit_channel ch)
{
    picokit_put_name();
    microkit_dbg_puts(" ");
    microkit_dbg_puts(call);
    microkit_dbg_puts(": channel ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts(" is not granted by the system description\n");
}

void picokit_call_failed(const char* call, seL4_Error err)
{
    picokit_put_name();
    microkit_dbg_puts(" ");
    microkit_dbg_puts(call);
    microkit_dbg_puts(": the kernel answers error ");
    microkit_dbg_put32((seL4_Uint32)err);
    microkit_dbg_puts("\n");
    microkit_internal_crash(err);
}

__attribute__((weak)) void __assert_fail(const char* expression, const char* file, int line,
                                         const char* function)
{
    picokit_put_name();
    microkit_dbg_puts(" assertion failed: ");
    microkit_dbg_puts(expression);
    microkit_dbg_puts(", function ");
    microkit_dbg_puts(function);
    microkit_dbg_puts(" at ");
    microkit_dbg_puts(file);
    microkit_dbg_puts(":");
    microkit_dbg_put32((seL4_Uint32)line);
    microkit_dbg_puts("\n");
    microkit_internal_crash(seL4_NoError);
}
