/* SPDX-License-Identifier: BSD-2-Clause */
/* Restarts its child a thousand times, then looks at its registers and lets it go on. */
#include <microkit.h>
#include <stdint.h>

#define CHILD 0
#define ENTRY 0x200000
#define RESTARTS 1000

static unsigned faults;

void init(void) {}

void notified(microkit_channel ch) { (void)ch; }

static void look_at_registers(void)
{
    seL4_UserContext regs;
    seL4_Error       err = seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD, seL4_False, 0,
                                                  sizeof(regs) / sizeof(seL4_Word), &regs);
    microkit_dbg_puts(err == seL4_NoError && regs.x19 == 19 && regs.x28 == 28
                          ? "PARENT: the registers are right\n"
                          : "PARENT: the registers are wrong\n");
    regs.pc += 4; /* past the instruction that faults */
    regs.x0 = 42;
    err     = seL4_TCB_WriteRegisters(BASE_TCB_CAP + CHILD, seL4_True, 0,
                                      sizeof(regs) / sizeof(seL4_Word), &regs);
    if (err != seL4_NoError) {
        microkit_internal_crash(err);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo* reply_msginfo)
{
    (void)reply_msginfo;
    const seL4_Fault_tag_t kind = (seL4_Fault_tag_t)microkit_msginfo_get_label(msginfo);
    if (child != CHILD || kind != seL4_Fault_VMFault ||
        microkit_mr_get(seL4_VMFault_Addr) != 0x18) {
        microkit_dbg_puts("PARENT: an unexpected fault\n");
        return seL4_False;
    }
    if (faults < RESTARTS) {
        faults++;
        microkit_pd_restart(child, ENTRY);
        return seL4_False;
    }
    microkit_dbg_puts("PARENT: restarted it ");
    microkit_dbg_put32(faults);
    microkit_dbg_puts(" times\n");
    look_at_registers();
    return seL4_False;
}
