// SPDX-License-Identifier: BSD-2-Clause
// The system table: everything the tool decided, as the kernel reads it. Written once at build
// time, read-only ever after. Little-endian, natural alignment; every address is the physical
// address at which the kernel also sees the object (the kernel's map is the identity).
#pragma once

#include <cstdint>

namespace picokit {

/// First word of the table: "picokit" and the layout's version.
inline constexpr std::uint64_t k_table_magic = 0x0001'74'69'6b'6f'63'69'70;

inline constexpr std::uint32_t k_max_pds      = 63;
inline constexpr std::uint32_t k_max_vcpus    = 64;
inline constexpr std::uint32_t k_max_threads  = k_max_pds + k_max_vcpus;
inline constexpr std::uint32_t k_max_channels = 62;
inline constexpr std::uint32_t k_max_irqs     = 256;
inline constexpr std::uint32_t k_name_length  = 64;
inline constexpr std::uint32_t k_max_domains  = 16;
inline constexpr std::uint16_t k_no_parent    = 0xffff;

/// A table inside the table.
struct TableArray {
    std::uint64_t address; ///< physical address of the first entry
    std::uint64_t count;
};

/// What a capability slot of a PD names.
enum class CapType : std::uint8_t {
    none,
    notification, ///< object = PD index, badge = the peer's channel
    endpoint,     ///< object = PD index (the callee), badge = the callee's channel
    irq,          ///< object = index into irqs
    tcb,          ///< object = thread index: PDs first, then vCPUs
    vcpu,         ///< object = vCPU index
    smc,
    sched_context, ///< object = thread index
    vspace,        ///< object = PD index
};

struct CapEntry {
    CapType       type;
    std::uint8_t  badge;
    std::uint16_t object;
};
static_assert(sizeof(CapEntry) == 4);

/// What PDs and vCPUs have in common.
struct ThreadEntry {
    std::uint64_t stage2_root; ///< physical address, for VTTBR_EL2.BADDR: see arch/stage2.hpp
    std::uint16_t vmid;        ///< 1..255; all vCPUs of a VM share one
    std::uint16_t parent;      ///< PD index that gets the faults, or k_no_parent: the monitor
    std::uint8_t  child_id;    ///< number inside the parent: low byte of the fault badge
    std::uint8_t  priority;    ///< 0..254
    std::uint8_t  cpu;
    std::uint8_t  domain;
    std::uint64_t budget_us;
    std::uint64_t period_us;
    char          name[k_name_length]; ///< no terminator if all 64 bytes are used
};
static_assert(sizeof(ThreadEntry) == 96);

struct PdEntry {
    ThreadEntry   thread;
    std::uint64_t entry;        ///< EL0 virtual address of _start
    std::uint64_t stack_top;    ///< initial SP
    std::uint64_t stack_bottom; ///< lowest mapped byte of the stack
    std::uint64_t ipc_buffer;   ///< physical, 4 KiB; mapped read-write in the kernel
    TableArray    caps;         ///< PICOKIT_CAP_SLOTS entries of CapEntry
    TableArray    user_caps;    ///< 0 or PICOKIT_CAP_USER_SLOTS entries of CapEntry (<cspace>)
    bool          passive;
    bool          fpu;
    std::uint8_t  reserved[6];
};
static_assert(sizeof(PdEntry) == 168);

struct VcpuEntry {
    ThreadEntry thread; ///< name is the VM's
};

struct IrqEntry {
    std::uint32_t intid;
    std::uint16_t pd;
    std::uint8_t  channel;
    bool          edge; ///< else level
};
static_assert(sizeof(IrqEntry) == 8);

/// Memory that must read as zero before the first PD runs; both multiples of 4 KiB.
struct ClearEntry {
    std::uint64_t address;
    std::uint64_t size;
};

/// Data of the image that belongs elsewhere (an explicit phys_addr): copied once at boot.
/// All three are multiples of 16; the tail beyond the source up to `size` is not touched.
struct CopyEntry {
    std::uint64_t source;
    std::uint64_t destination;
    std::uint64_t size;
};

struct DomainEntry {
    std::uint64_t duration; ///< in microseconds, or in timer ticks if `ticks`
    std::uint8_t  domain;
    bool          ticks;
    std::uint8_t  reserved[6];
};
static_assert(sizeof(DomainEntry) == 16);

struct SystemTable {
    std::uint64_t magic;
    std::uint64_t image_start;  ///< load address of the image
    std::uint64_t image_size;   ///< bytes, multiple of 4 KiB
    std::uint64_t kernel_root;  ///< EL2 stage 1 root table (TTBR0_EL2): see arch/stage1.hpp
    TableArray    pds;          ///< PdEntry, in depth-first document order
    TableArray    vcpus;        ///< VcpuEntry
    TableArray    irqs;         ///< IrqEntry, ascending by intid
    TableArray    clears;       ///< ClearEntry
    TableArray    copies;       ///< CopyEntry
    TableArray    domains;      ///< DomainEntry; empty: one domain, no schedule
    std::uint64_t domain_start; ///< first entry of the schedule
};

} // namespace picokit
