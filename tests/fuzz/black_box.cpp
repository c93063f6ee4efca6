// SPDX-License-Identifier: BSD-2-Clause
// A kernel's memory as reports read it, in which the guest has changed whatever it liked: every
// reader ends, and reads nothing but RAM.
#include "input.hpp"

#include "kit/early_kernel.hpp"
#include "kit/linux_memory.hpp"
#include "vmm/early_log.hpp"
#include "vmm/instruction_text.hpp"
#include "vmm/kallsyms.hpp"
#include "vmm/kernel_log.hpp"
#include "vmm/kernel_notes.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::uint64_t k_start = 0x4010'0000;
constexpr std::uint64_t k_size  = 2 << 20;

void nowhere(char c) { fuzz::require(c >= ' ' && c < 0x7f); }

/// Somewhere in what a report reads, more often at the beginning of a part.
std::uint64_t somewhere(fuzz::Input& input, const kit::LinuxMemory& kernel)
{
    const std::array starts{kernel.notes,       kernel.names,   kernel.num_syms, kernel.token_table,
                            kernel.token_index, kernel.offsets, kernel.base_at,  kernel.prb,
                            kernel.ring,        kernel.descs,   kernel.infos,    kernel.data};
    return starts[input.take(1) % starts.size()] + input.take(2) % 4096;
}

void read_all(vmm::GuestMemory& memory, std::uint64_t address)
{
    vmm::KernelNotesSearch search;
    std::uint64_t          pages = 2 * k_size / 4096;
    const auto             found = search.next(memory, pages);
    if (!found) {
        return;
    }
    const auto notes = vmm::read_kernel_notes(memory.window(*found, 4096)->bytes());
    if (!notes) {
        return;
    }
    fuzz::require(notes->name().size() < notes->release.size());
    base::print(&nowhere, notes->name());
    vmm::GuestSpace space{memory, {}};
    if (const auto log = vmm::KernelLog::create(space, *notes)) {
        auto id = log->newest();
        for (unsigned i = 0; i < 40; ++i, id = vmm::KernelLog::before(id)) {
            std::array<char, 64> room{};
            if (const auto record = log->record(id)) {
                base::print(&nowhere, log->text(*record, room));
            }
        }
    }
    if (const auto names = vmm::Kallsyms::create(space, *notes)) {
        for (unsigned i = 0; i < 16; ++i) {
            if (const auto symbol = names->find(base::GuestVirtual{address + 37UL * i})) {
                fuzz::require(symbol->name().size() <= symbol->text.size());
                base::print(&nowhere, symbol->name());
            }
        }
    }
}

/// The log of a kernel without notes, a message at a time, in memory that changes meanwhile.
void read_early(vmm::GuestMemory& memory, fuzz::Input& input)
{
    constexpr std::uint64_t k_image = k_start + 0x10'0000;
    constexpr std::uint64_t k_bytes = 0x8000;
    kit::EarlyKernel        kernel{memory, k_image + 0x4000};
    vmm::EarlyLog           log{*base::GuestRange::create(base::GuestPhysical{k_image}, k_bytes)};
    kernel.say(kit::EarlyKernel::k_first);
    (void)log.find(memory, 1ULL << input.take(1) % 64);
    for (unsigned steps = 0; steps < 24 && !input.ended(); ++steps) {
        switch (input.take(1) % 4) {
        case 0:
            kernel.say(std::string(input.take(1), 'x'));
            break;
        case 1: // anything, near the ring or in it
            kernel.put(input.take(2) % (k_bytes - 8) & ~7ULL, input.take(8));
            break;
        case 2: // a number that may follow
            kernel.put(input.take(2) % 1024 & ~7ULL, kernel.head + input.take(1));
            break;
        default:
            (void)log.find(memory, input.take(2));
            fuzz::require(log.follow(memory) <= log.size());
        }
    }
    fuzz::require(log.size() <= vmm::EarlyLog::k_tail);
    for (std::size_t i = 0; i < log.size(); ++i) {
        std::array<char, 64> room{};
        base::print(&nowhere, log.text(memory, i, room));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static auto* const bytes = static_cast<std::byte*>(std::aligned_alloc(4096, k_size));
    std::memset(bytes, 0, k_size);
    fuzz::Input      input{data, size};
    vmm::GuestMemory memory;
    fuzz::require(memory
                      .add(base::GuestPhysical{k_start},
                           base::PdVirtual{reinterpret_cast<std::uint64_t>(bytes)}, k_size)
                      .has_value());

    kit::LinuxMemory kernel{memory};
    kernel.base = k_start;
    kernel.write_notes();
    kernel.write_symbols({{0, "T_text"}, {0x40, "t\1one"}, {0x80, "Ttwo"}, {0x100, "Tend"}});
    kernel.write_log();
    for (unsigned i = 0; i < 20; ++i) {
        kernel.say("message");
    }
    for (unsigned changes = 0; changes < 64 && !input.ended(); ++changes) {
        const auto at = somewhere(input, kernel);
        switch (input.take(1) % 3) {
        case 0:
            kernel.put(at, static_cast<std::uint8_t>(input.take(1)));
            break;
        case 1:
            kernel.put(at & ~std::uint64_t{3}, static_cast<std::uint32_t>(input.take(4)));
            break;
        default: // an address that makes sense
            kernel.put(at & ~std::uint64_t{7}, somewhere(input, kernel));
            break;
        }
    }
    read_all(memory, k_start + input.take(2) % 0x120);
    vmm::print_instruction(&nowhere, static_cast<std::uint32_t>(input.take(4)));
    read_early(memory, input);
    return 0;
}
