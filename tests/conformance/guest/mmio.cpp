// SPDX-License-Identifier: BSD-2-Clause
// Every kind of load and store at a device (the distributor): what a VMM has to take apart.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include "guest/exception.hpp"

namespace conformance {
namespace {

constexpr const char* k_name = "DDI0487 C3.2 loads and stores at a device";

std::uint64_t word() { return address_of(Reg::priority, k_spi); }

void put(std::uint32_t value) { write32(word(), value); }

void check_loads()
{
    put(0x9080'c070);
    const auto    at = word();
    std::uint64_t value, other;
    asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(at));
    check_equal(value, 0x70, k_name, "LDRB");
    asm volatile("ldrb %w0, [%1, #3]" : "=r"(value) : "r"(at));
    check_equal(value, 0x90, k_name, "LDRB with an offset");
    asm volatile("ldrsb %w0, [%1, #1]" : "=r"(value) : "r"(at));
    check_equal(value, 0xffff'ffc0, k_name, "LDRSB to 32 bits");
    asm volatile("ldrsb %0, [%1, #1]" : "=r"(value) : "r"(at));
    check_equal(value, 0xffff'ffff'ffff'ffc0, k_name, "LDRSB to 64 bits");
    asm volatile("mov %0, #-1\n ldr %w0, [%1]" : "=&r"(value) : "r"(at));
    check_equal(value, 0x9080'c070, k_name, "LDR of 32 bits clears the upper half");
    asm volatile("ldrsw %0, [%1]" : "=r"(value) : "r"(at));
    check_equal(value, 0xffff'ffff'9080'c070, k_name, "LDRSW");
    asm volatile("ldr %w0, [%1, %2]" : "=r"(value) : "r"(at - 64), "r"(64ULL));
    check_equal(value, 0x9080'c070, k_name, "LDR with a register offset");
    other = at - 4;
    asm volatile("ldr %w0, [%1, #4]!" : "=r"(value), "+r"(other));
    check(value == 0x9080'c070 && other == at, k_name, "LDR, pre-indexed");
    other = at;
    asm volatile("ldr %w0, [%1], #8" : "=r"(value), "+r"(other));
    check(value == 0x9080'c070 && other == at + 8, k_name, "LDR, post-indexed");
    other = at;
    asm volatile("ldrb %w0, [%1], #1" : "=r"(value), "+r"(other));
    check(value == 0x70 && other == at + 1, k_name, "LDRB, post-indexed");
    asm volatile("ldur %w0, [%1, #-4]" : "=r"(value) : "r"(at + 4));
    check_equal(value, 0x9080'c070, k_name, "LDUR");
    asm volatile("ldar %w0, [%1]" : "=r"(value) : "r"(at));
    check_equal(value, 0x9080'c070, k_name, "LDAR");
    asm volatile("ldr wzr, [%0]" ::"r"(at));
    std::uint64_t zero;
    asm volatile("mov %0, xzr" : "=r"(zero));
    check_equal(zero, 0, k_name, "LDR to WZR leaves it zero");
    write32(at + 4, 0x1020'3040);
    asm volatile("ldp %w0, %w1, [%2]" : "=&r"(value), "=&r"(other) : "r"(at));
    check(value == 0x9080'c070 && other == 0x1020'3040, k_name, "LDP of 32 bits");
    std::uint64_t base = at;
    asm volatile("ldp %w0, %w1, [%2], #8" : "=&r"(value), "=&r"(other), "+&r"(base));
    check(value == 0x9080'c070 && other == 0x1020'3040 && base == at + 8, k_name,
          "LDP, post-indexed");
    asm volatile("ldpsw %0, %1, [%2]" : "=&r"(value), "=&r"(other) : "r"(at));
    check(value == 0xffff'ffff'9080'c070 && other == 0x1020'3040, k_name, "LDPSW");
}

void check_stores()
{
    const auto at = word();
    put(0);
    asm volatile("strb %w0, [%1, #2]" ::"r"(0x50), "r"(at));
    check_equal(read32(at), 0x0050'0000, k_name, "STRB with an offset");
    asm volatile("strb %w0, [%1, #2]" ::"r"(0x1'4060), "r"(at));
    check_equal(read32(at), 0x0060'0000, k_name, "STRB stores the lowest byte");
    std::uint64_t base = at;
    asm volatile("str %w1, [%0], #4" : "+r"(base) : "r"(0x1020'3040) : "memory");
    check(read32(at) == 0x1020'3040 && base == at + 4, k_name, "STR, post-indexed");
    base = at + 4;
    asm volatile("str %w1, [%0, #-4]!" : "+r"(base) : "r"(0x2030'4050) : "memory");
    check(read32(at) == 0x2030'4050 && base == at, k_name, "STR, pre-indexed");
    asm volatile("str wzr, [%0]" ::"r"(at) : "memory");
    check_equal(read32(at), 0, k_name, "STR of WZR");
    asm volatile("stp %w0, %w1, [%2]" ::"r"(0x5060'7080), "r"(0x90a0'b0c0), "r"(at) : "memory");
    check(read32(at) == 0x5060'7080 && read32(at + 4) == 0x90a0'b0c0, k_name, "STP of 32 bits");
    asm volatile("stp wzr, wzr, [%0]" ::"r"(at) : "memory");
    check(read32(at) == 0 && read32(at + 4) == 0, k_name, "STP of WZR");
    base = at;
    asm volatile("stp %w1, %w1, [%0], #8" : "+r"(base) : "r"(0x3030'3030) : "memory");
    check(read32(at) == 0x3030'3030 && read32(at + 4) == 0x3030'3030 && base == at + 8, k_name,
          "STP, post-indexed");
    asm volatile("stlr %w0, [%1]" ::"r"(0x1818'1818), "r"(at) : "memory");
    check_equal(read32(at), 0x1818'1818, k_name, "STLR");
    asm volatile("stur %w0, [%1, #-4]" ::"r"(0x2828'2828), "r"(at + 4) : "memory");
    check_equal(read32(at), 0x2828'2828, k_name, "STUR");
}

void check_wide()
{
    if (!is_v3()) {
        return;
    }
    const auto at = distributor() + 0x6000 + 8 * std::uint64_t{k_spi};
    const auto to = platform().cpus[platform().cpus.size() - 1];
    asm volatile("str %0, [%1]" ::"r"(to), "r"(at) : "memory");
    std::uint64_t value, other;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(at));
    check_equal(value, to, k_name, "LDR and STR of 64 bits");
    asm volatile("stp xzr, %0, [%1]" ::"r"(to), "r"(at) : "memory");
    asm volatile("ldp %0, %1, [%2]" : "=&r"(value), "=&r"(other) : "r"(at));
    check(value == 0 && other == to, k_name, "LDP and STP of 64 bits");
    asm volatile("str xzr, [%0]" ::"r"(at + 8) : "memory");
    check_equal(read64(at + 8), 0, k_name, "STR of XZR");
}

/// Accesses that a device cannot answer end in an exception or in nothing, and the CPU lives on.
void check_odd()
{
    constexpr const char* k_odd = "DDI0487 B2.7.2 device memory";
    put(0x4040'4040);
    const auto zeroed = guest::survive(
        [](std::uint64_t address) { asm volatile("dc zva, %0" ::"r"(address)
                                                 : "memory"); },
        word());
    check(zeroed == 0 || zeroed >> 26 == 0x25, k_odd,
          "DC ZVA: done, or a data abort; the CPU lives on");
    const auto unaligned =
        guest::survive([](std::uint64_t address) { (void)read32(address + 1); }, word());
    check(unaligned == 0 || (unaligned >> 26 == 0x25 && (unaligned & 0x3f) == 0x21), k_odd,
          "unaligned: done, or an alignment fault; the CPU lives on");
    const auto cleaned = guest::survive(
        [](std::uint64_t address) { asm volatile("dc cvac, %0" ::"r"(address)
                                                 : "memory"); },
        word());
    check_equal(cleaned, 0, "DDI0487 DC CVAC", "of a device: nothing happens");
    const auto prefetched = guest::survive(
        [](std::uint64_t address) { asm volatile("prfm pldl1keep, [%0]" ::"r"(address)); }, word());
    check_equal(prefetched, 0, "DDI0487 PRFM", "of a device: nothing happens");
}

} // namespace

void check_mmio()
{
    quiet();
    check_loads();
    check_stores();
    check_wide();
    check_odd();
    quiet();
}

} // namespace conformance
