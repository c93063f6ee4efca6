// SPDX-License-Identifier: BSD-2-Clause
// The exit decoder, the instruction decoder and the walk over a guest's tables, on anything.
#include "vmm/exit.hpp"
#include "kit/fake_microkit.hpp"
#include "vmm/instruction.hpp"
#include "vmm/stage1_walk.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::uint64_t k_ram      = 0x4000'0000;
constexpr std::uint64_t k_ram_size = 0x1'0000;

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

struct Check {
    void operator()(const vmm::MmioRead& read) const
    {
        require(read.target.reg < 32 && bytes(read.target.size) <= 8);
        const auto value = read.target.extend(0x8877'6655'4433'2281);
        require(read.target.wide || value >> 32 == 0 || !read.target.sign_extend);
    }
    void operator()(const vmm::MmioWrite& write) const
    {
        require(write.source < 32 && bytes(write.size) <= 8);
    }
    void operator()(const vmm::SysregRead& read) const { require(read.target < 32); }
    void operator()(const vmm::SysregWrite& write) const { require(write.source < 32); }
    template <class Other>
    void operator()(const Other&) const
    {
    }
};

void decode_instruction(std::uint32_t word)
{
    const auto found = vmm::decode_memory_instruction(word);
    if (!found) {
        return;
    }
    require(found->base < 32 && found->index < 32 && found->regs[0] < 32 && found->regs[1] < 32);
    require(found->count >= 1 && found->count <= 2 && found->shift <= 4);
    require(found->unit % bytes(found->size) == 0 && found->unit <= 16);
    require(found->unit <= 8 || found->bank == vmm::RegisterBank::vector);
    require(found->operation != vmm::MemoryOperation::load || !found->stores);
    require(found->operation != vmm::MemoryOperation::store || found->stores);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::array<std::uint64_t, 20> words{};
    std::memcpy(words.data(), data, std::min(size, sizeof(words)));
    for (unsigned i = 0; i < 14; ++i) {
        microkit::set_message_word(i, words[i]);
    }
    vmm::decode_exit(microkit::MessageInfo::create(words[14] % 12, 14), Check{});
    decode_instruction(static_cast<std::uint32_t>(words[15]));

    // The rest of the input is the guest's memory, repeated.
    static std::vector<std::byte> backing(k_ram_size + 4096);
    const auto       start = (reinterpret_cast<std::uint64_t>(backing.data()) + 4095) & ~4095ULL;
    vmm::GuestMemory memory;
    require(memory.add(base::GuestPhysical{k_ram}, base::PdVirtual{start}, k_ram_size).has_value());
    if (size > sizeof(words)) {
        const auto rest = size - sizeof(words);
        for (std::uint64_t at = 0; at < k_ram_size; at += rest) {
            std::memcpy(reinterpret_cast<void*>(start + at), data + sizeof(words),
                        std::min<std::uint64_t>(rest, k_ram_size - at));
        }
    }
    const vmm::Stage1Registers registers{.sctlr = arch::SctlrEl1{words[16] | 1},
                                         .tcr   = arch::TcrEl1{words[17]},
                                         .ttbr0 = arch::TtbrEl1{k_ram | (words[18] & 0xffff)},
                                         .ttbr1 =
                                             arch::TtbrEl1{k_ram | (words[18] >> 16 & 0xffff)}};
    for (unsigned i = 0; i < 12; ++i) {
        const auto place =
            vmm::walk_stage1(base::GuestVirtual{words[19] + i * 0x20'1000}, registers, memory,
                             {.kind       = static_cast<vmm::Stage1Access::Kind>(i % 3),
                              .privileged = (i & 4) != 0,
                              .pan        = (i & 8) != 0});
        require(place || (place.error().status & 0x20) == 0);
    }
    return 0;
}
