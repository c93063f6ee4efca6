// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controller as the checks use it: GICv2 and GICv3 keep the same registers per
// interrupt, so most checks are written once.
#pragma once

#include "io.hpp"

#include <cstdint>

namespace conformance {

/// Offsets in a GICv2's or GICv3's distributor, and in the SGI frame of a redistributor.
enum class Reg : std::uint32_t {
    group         = 0x080,
    set_enable    = 0x100,
    clear_enable  = 0x180,
    set_pending   = 0x200,
    clear_pending = 0x280,
    set_active    = 0x300,
    clear_active  = 0x380,
    priority      = 0x400,
    target        = 0x800,
    configuration = 0xc00,
};

inline constexpr std::uint32_t k_number = 0x3ff, k_spurious = 1023;
/// Interrupts that neither QEMU's `virt` nor a VM uses: a PPI and SPIs.
inline constexpr std::uint32_t k_ppi = 18, k_spi = 96, k_spis = 16;
inline constexpr std::uint8_t  k_usual_priority = 0xa0;

/// Finds the frames; the distributor and this CPU's interface are on afterwards. After
/// guest::select_gic().
void set_up_controller();
/// This CPU's interface.
void set_up_interface();

[[nodiscard]] bool          is_v3();
[[nodiscard]] std::uint64_t distributor();
/// GICv2 only.
[[nodiscard]] std::uint64_t cpu_interface();
/// GICv3 only: RD_base of the CPU with this affinity.
[[nodiscard]] std::uint64_t redistributor(std::uint64_t mpidr);

/// The register that holds an interrupt's bit (or, of Reg::priority and Reg::target, its byte).
[[nodiscard]] std::uint64_t address_of(Reg reg, std::uint32_t intid);
[[nodiscard]] bool          bit(Reg reg, std::uint32_t intid);
void                        set(Reg reg, std::uint32_t intid);
[[nodiscard]] std::uint8_t  priority(std::uint32_t intid);
void                        set_priority(std::uint32_t intid, std::uint8_t value);
void                        set_edge(std::uint32_t intid, bool edge);
/// Sends an SPI to the CPU with that index in the device tree.
void route(std::uint32_t intid, unsigned cpu);
/// An edge-triggered interrupt that is enabled here and has this priority.
void prepare(std::uint32_t intid, std::uint8_t priority = k_usual_priority);

void distributor_on(bool on);

// The CPU interface, group 1 of a GICv3 and group 0 of a GICv2.
[[nodiscard]] std::uint32_t acknowledge();
void                        end(std::uint32_t raw);
void                        deactivate(std::uint32_t raw);
void                        interface_on(bool on);
void                        set_priority_mask(std::uint8_t mask);
[[nodiscard]] std::uint8_t  priority_mask();
void                        set_binary_point(std::uint32_t value);
[[nodiscard]] std::uint32_t binary_point();
void                        separate_end(bool separate); ///< EOImode
[[nodiscard]] std::uint32_t running_priority();
[[nodiscard]] std::uint32_t highest_pending();

/// Acknowledges until there is an interrupt; its raw number, or k_spurious after `limit`
/// microseconds.
[[nodiscard]] std::uint32_t take(std::uint64_t limit = k_soon);
/// Takes one and ends it at once.
std::uint32_t take_and_end(std::uint64_t limit = k_soon);
/// No interrupt comes for a while. One that does is ended.
[[nodiscard]] bool nothing_comes();

/// Everything that checks change back to where it was: nothing enabled, pending or active.
void quiet();

} // namespace conformance
