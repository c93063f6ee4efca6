/* SPDX-License-Identifier: BSD-2-Clause */
/* Touches what is not its own; what, its name says. */
#include <microkit.h>
#include <stdint.h>

static void reads_other_pd(void)
{
    /* Where the witness has mapped its memory. */
    (void)*(volatile uint64_t*)0x5000000;
}

static void reads_kernel(void)
{
    (void)*(volatile uint64_t*)0x70000000; /* where the image is loaded */
}

static void writes_device(void)
{
    *(volatile uint32_t*)0x8000000 = 0; /* the distributor: would switch all interrupts off */
}

static void writes_read_only(void)
{
    (void)*(volatile uint64_t*)0x3000000; /* reading is allowed */
    *(volatile uint64_t*)0x3000000 = 1;
}

static void executes_data(void)
{
    *(volatile uint32_t*)0x3000000 = 0xd65f03c0; /* ret */
    ((void (*)(void))0x3000000)();
}

static void writes_its_code(void) { *(volatile uint32_t*)0x200000 = 0; }

static void uses_fpu(void) { __asm__ volatile("fmov d0, #1.0"); }

/* Not a tail call and not a loop: each level needs its own buffer. */
__attribute__((noinline)) static unsigned overflow(unsigned depth)
{
    volatile char buffer[256];
    buffer[0] = (char)depth;
    if (depth == 1000000) {
        return 0; /* the compiler wants an end; no stack is that large */
    }
    return overflow(depth + 1) + (unsigned)buffer[0];
}

static void overflows_stack(void) { (void)overflow(0); }

static void uses_missing_child(void)
{
    microkit_pd_stop(3); /* error 2, an invalid capability: the library stores to address 2 */
}

static const struct {
    const char* name;
    void (*function)(void);
} offences[] = {
    {"reads_other_pd", reads_other_pd},
    {"reads_kernel", reads_kernel},
    {"writes_device", writes_device},
    {"writes_read_only", writes_read_only},
    {"executes_data", executes_data},
    {"writes_its_code", writes_its_code},
    {"uses_fpu", uses_fpu},
    {"overflows_stack", overflows_stack},
    {"uses_missing_child", uses_missing_child},
};

static int is_my_name(const char* name)
{
    unsigned i = 0;
    while (name[i] != '\0' && name[i] == microkit_name[i]) {
        i++;
    }
    return name[i] == microkit_name[i];
}

void init(void)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": begins\n");
    for (unsigned i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
        if (is_my_name(offences[i].name)) {
            offences[i].function();
        }
    }
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": got away with it\n");
}

void notified(microkit_channel ch) { (void)ch; }
