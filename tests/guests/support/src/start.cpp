// SPDX-License-Identifier: BSD-2-Clause
// Between entry.S and the program: finds the device tree, opens the console, runs.
#include "guest/main.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/psci.hpp"

#include "base/endian.hpp"
#include "fdt/format.hpp"

extern "C" const std::byte guest_start[];

namespace guest {
namespace {

constinit Platform         platform;
constinit FirstInstruction first;
constinit unsigned         level = 0;

/// The blob at an address, or nothing where no device tree is.
std::span<const std::byte> blob_at(std::uint64_t address)
{
    if (address == 0 || address % 8 != 0) {
        return {};
    }
    const std::span header{reinterpret_cast<const std::byte*>(address), fdt::k_header_size};
    if (base::load_big<std::uint32_t>(header, 0) != fdt::k_magic) {
        return {};
    }
    const auto size = base::load_big<std::uint32_t>(header, 4).value_or(0);
    return {header.data(), size};
}

/// x0 as Linux gets it; a loader of ELF files may instead leave the tree at the start of memory,
/// which we take for the 1 GiB boundary below us.
std::span<const std::byte> find_device_tree(std::uint64_t x0)
{
    if (const auto blob = blob_at(x0); !blob.empty()) {
        return blob;
    }
    constexpr std::uint64_t k_gib = 1ULL << 30;
    return blob_at(reinterpret_cast<std::uint64_t>(guest_start) & ~(k_gib - 1));
}

[[noreturn]] void stop()
{
    for (;;) {
        wait_for_interrupt();
    }
}

} // namespace

FirstInstruction first_instruction() { return first; }
unsigned         entry_level() { return level; }

void power_off()
{
    call(platform.conduit, Psci::system_off);
    stop();
}

/// Arguments as entry.S leaves them: x0 at entry, the counters, the exception level.
extern "C" [[noreturn]] void guest_primary(std::uint64_t x0, std::uint64_t physical_count,
                                           std::uint64_t virtual_count, std::uint64_t entered_at)
{
    first              = {physical_count, virtual_count};
    level              = static_cast<unsigned>(entered_at);
    const auto created = Platform::create(find_device_tree(x0));
    if (!created) {
        stop(); // without a device tree there is no console to complain on
    }
    platform = *created;
    if (platform.uart != 0) {
        set_console(platform.uart);
    }
    run(platform);
    power_off();
}

} // namespace guest
