// SPDX-License-Identifier: BSD-2-Clause
// From what is known to what most likely happened, one sentence each.
#include "black_box.hpp"

#include <array>

namespace vmm {
namespace {

/// What a kernel says, and what that means. Those that say more come first.
struct Saying {
    std::string_view text;
    std::string_view cause;
};

/// PID 1 ends at once where it cannot write.
constexpr std::string_view k_dead_init    = "Attempted to kill init";
constexpr std::string_view k_no_console[] = {"unable to open an initial console"};

constexpr Saying k_panics[] = {
    {"Unable to mount root fs",
     "the kernel found no root file system: it was given no initramfs, or root= names a disk that "
     "this machine does not have or whose driver is a module that is not in the initramfs"},
    {"No working init found",
     "the root file system has no program to start with (/sbin/init, /bin/sh): it is empty, or "
     "made for another architecture"},
    {"Requested init", "init= or rdinit= names a program that is not there or cannot run"},
    {k_dead_init,
     "the first program (PID 1) ended or crashed; exitcode 0x0000000b is a segmentation fault, "
     "0x00000100 a return of 1"},
    {"sysrq triggered crash", "somebody asked for it: SysRq c, or a write to /proc/sysrq-trigger"},
    {"Out of memory", "the guest has too little RAM for what it runs: give it more"},
    {"System is deadlocked on memory",
     "the guest has too little RAM for what it runs: give it more"},
    {"stack-protector", "a function of the guest's kernel wrote over its own stack"},
    {"hung_task", "a task of the guest waits for something that does not come: look at the "
                  "devices below for requests that nobody has finished"},
    {"softlockup", "a CPU of the guest was busy in its kernel for too long"},
    {"RCU", "a CPU of the guest was busy in its kernel for too long"},
    {"Asynchronous SError", "a bus reported an error to the guest: a passed-through device, or an "
                            "access to nothing on the board"},
};

/// The same in messages before the panic.
constexpr Saying k_messages[] = {
    {"synchronous external abort", "the guest touched an address with nothing behind it, and got "
                                   "the abort that StrayPolicy::abort "
                                   "gives"},
    {"NULL pointer dereference",
     "a bug in the guest's kernel or in one of its drivers: it used a null pointer; pc and call "
     "chain of its own messages say where"},
    {"Unable to handle kernel",
     "a bug in the guest's kernel or in one of its drivers: it used an address that is not mapped; "
     "pc and call chain of its own messages say where"},
    {"undefined instruction",
     "the guest's kernel used an instruction or a system register that this CPU does not have"},
};

std::string_view cause_of_panic(std::string_view message, const KernelView& kernel)
{
    if (message.contains(k_dead_init) && kernel.find_text(k_no_console)) {
        return "the first program (PID 1) ended because it had no console: console= names a device "
               "that the kernel does not have, or whose driver is a module";
    }
    for (const Saying& saying : k_panics) {
        if (message.contains(saying.text)) {
            return saying.cause;
        }
    }
    std::array<std::string_view, std::size(k_messages)> texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i] = k_messages[i].text;
    }
    if (const auto found = kernel.find_text(texts)) {
        return k_messages[*found].cause;
    }
    return "the guest's kernel gave up, for the reason in its own message";
}

std::string_view cause_of_missing_device(const Evidence& it)
{
    if (it.in_ram) {
        return "this is RAM by the machine's description, which the virtual machine has not "
               "mapped, or not for this kind of access";
    }
    if (!it.node.empty()) {
        return "a driver of the guest is at work on a device that its device tree shows and that "
               "the machine does not have";
    }
    if (it.after_ram) {
        return "the guest believes that it has more RAM than it has: its device tree or mem= says "
               "so, or a pointer ran over the end";
    }
    if (it.cpu != nullptr && !it.cpu->is_privileged()) {
        return "a program of the guest mapped physical memory (/dev/mem, UIO, VFIO) that is not "
               "there";
    }
    constexpr std::uint64_t k_page = 4096;
    if (it.access->address.raw() < k_page) {
        return "a null pointer, used while the guest's MMU was off or maps address 0";
    }
    if (it.bootargs.contains("earlycon=") || it.bootargs.contains("earlyprintk=")) {
        return "no device tree names this address, so it is written down elsewhere: earlycon= on "
               "the command line, or the guest's own code";
    }
    return "no device tree names this address, so it is written down in the guest's own code, or "
           "is a pointer that went wrong";
}

std::string_view cause_of_stray(const Evidence& it)
{
    switch (it.access->kind) {
    case AccessKind::fetch:
        return "the guest jumped to where no code can be: a wrong entry point, a function pointer "
               "or return address that was written over";
    case AccessKind::table_or_bus:
        return "the guest's own page tables lead to where there is no memory: they were written "
               "over, or a passed-through device answered with an error";
    case AccessKind::exception:
        return "a debug event, or an exit that this library does not know";
    case AccessKind::sysreg_read:
    case AccessKind::sysreg_write:
        return "the guest uses a feature of the CPU that its identification registers do not offer";
    case AccessKind::call:
        return "the guest calls firmware that only its board has";
    case AccessKind::read:
    case AccessKind::write:
    case AccessKind::undecodable:
        break;
    }
    return cause_of_missing_device(it);
}

std::string_view cause_of_hang(const Evidence& it)
{
    if (it.cpu != nullptr && it.cpu->state.get<arch::Spsr::i>()) {
        return "the vCPU is in a loop with its interrupts masked: it waits for a lock, a flag or a "
               "device that never comes";
    }
    return it.timer_on ? "the vCPU is in a loop and does not see its timer's interrupt: the "
                         "interrupt is disabled, or of too low a priority, in the guest's GIC"
                       : "the vCPU is in a loop, and its timer is off, so that nothing interrupts "
                         "it";
}

} // namespace

std::string_view likely_cause(const Evidence& evidence, const KernelView& kernel)
{
    switch (evidence.trouble) {
    case Trouble::stray_access:
        return cause_of_stray(evidence);
    case Trouble::panic:
        return cause_of_panic(evidence.message, kernel);
    case Trouble::hang:
        return cause_of_hang(evidence);
    case Trouble::asked:
        break;
    }
    return "none: the report was asked for";
}

} // namespace vmm
