/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what the tool wrote into its variables, and uses it. */
#include <microkit.h>
#include <stdint.h>

/* Eight bytes each. It does not matter whether a variable has an initial value (and hence a place
 * in the file) or not. Volatile: the compiler cannot know who writes them. */
volatile uint64_t fixed_vaddr;
volatile uint64_t fixed_size = 1;
volatile uint64_t fixed_paddr;
volatile uint64_t anywhere_vaddr;
volatile uint64_t anywhere_paddr;
volatile uint64_t file_vaddr;
volatile uint64_t file_size;
volatile uint64_t file_length = 2;
volatile uint64_t irq_id;
volatile uint64_t child_id = ~0ul;
volatile uint64_t reader_end;

static void say(const char* what, uint64_t value)
{
    int shift = 60;
    microkit_dbg_puts("reader: ");
    microkit_dbg_puts(what);
    microkit_dbg_puts(" 0x");
    while (shift > 0 && (value >> shift) == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        microkit_dbg_putc("0123456789abcdef"[value >> shift & 0xf]);
    }
    microkit_dbg_puts("\n");
}

static const char* test_region(uint64_t vaddr)
{
    volatile uint64_t* word = (volatile uint64_t*)vaddr;
    *word                   = 0x1122334455667788;
    return *word == 0x1122334455667788 ? "holds what is written" : "does not hold what is written";
}

void init(void)
{
    say("fixed_vaddr", fixed_vaddr);
    say("fixed_size", fixed_size);
    say("fixed_paddr", fixed_paddr);
    say("anywhere_vaddr", anywhere_vaddr);
    /* Where it is, is the tool's choice; that it is a block of 2 MiB is not. */
    say("anywhere_paddr modulo its page size", anywhere_paddr % 0x200000);
    say("anywhere_paddr is not zero:", anywhere_paddr != 0);
    say("file_vaddr", file_vaddr);
    say("file_size", file_size);
    say("file_length", file_length);
    say("irq_id", irq_id);
    say("child_id", child_id);
    say("reader_end", reader_end);

    microkit_dbg_puts("reader: fixed ");
    microkit_dbg_puts(test_region(fixed_vaddr));
    microkit_dbg_puts("\nreader: anywhere ");
    microkit_dbg_puts(test_region(anywhere_vaddr));
    microkit_dbg_puts("\nreader: ");
    for (uint64_t i = 0; i < file_length; i++) {
        microkit_dbg_putc(((const char*)file_vaddr)[i]);
    }
    microkit_notify((microkit_channel)reader_end);
}

void notified(microkit_channel ch) { (void)ch; }
