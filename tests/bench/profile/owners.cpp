// SPDX-License-Identifier: BSD-2-Clause
// A plugin of QEMU (9.1 or newer) that counts whose instructions run:
//     -plugin …/owners_plugin.so,to=FILE
// At each mark in the guest, which is the hint 50, FILE gets a line
//     GUEST-KERNEL GUEST-PROGRAMS HYPERVISOR DOMAINS
// with what these have executed since power-on. They differ in their addresses: Linux' kernel is in
// the upper half, its dynamic programs are high up in the lower one; the hypervisor is where RAM is
// or above, and protection domains are below that, as are static programs of the guest.
//
// What of QEMU's interface is used is declared here, since Debian has no package with its header.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

extern "C" {

using PluginId = std::uint64_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_info_t;
struct Counter {
    qemu_plugin_scoreboard* score;
    std::size_t             offset;
};

std::size_t       qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, std::size_t index);
std::uint64_t     qemu_plugin_insn_vaddr(const qemu_plugin_insn* instruction);
std::size_t       qemu_plugin_insn_data(const qemu_plugin_insn* instruction, void* to, std::size_t);
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, void (*done)(PluginId, qemu_plugin_tb*));
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* instruction,
                                            void (*runs)(unsigned, void*), int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(qemu_plugin_insn* instruction,
                                                         int operation, Counter counter,
                                                         std::uint64_t value);
qemu_plugin_scoreboard* qemu_plugin_scoreboard_new(std::size_t size);
std::uint64_t           qemu_plugin_u64_sum(Counter counter);

[[gnu::visibility("default")]] extern int qemu_plugin_version;
int                                       qemu_plugin_version = 3; // QEMU 9.1

[[gnu::visibility("default")]] int qemu_plugin_install(PluginId id, const qemu_info_t* info,
                                                       int count, char** words);
}

namespace {

constexpr std::uint32_t k_mark         = 0xd503'265f; // hint #50
constexpr int           k_no_registers = 0;
constexpr int           k_add          = 0;

constexpr std::uint64_t k_kernel = 0xffff'0000'0000'0000, k_dynamic = 1ULL << 44,
                        k_hypervisor = 0x4000'0000;

using Totals                   = std::array<std::uint64_t, 4>;
qemu_plugin_scoreboard* totals = nullptr; // a Totals for each CPU
std::FILE*              out    = nullptr;

Counter counter(std::size_t owner) { return {totals, owner * sizeof(std::uint64_t)}; }

std::size_t owner_of(std::uint64_t address)
{
    return address >= k_kernel ? 0 : address >= k_dynamic ? 1 : address >= k_hypervisor ? 2 : 3;
}

void marked(unsigned /*cpu*/, void* /*data*/)
{
    for (std::size_t i = 0; i < Totals{}.size(); ++i) {
        std::fprintf(out, "%llu ",
                     static_cast<unsigned long long>(qemu_plugin_u64_sum(counter(i))));
    }
    std::fputs("\n", out);
    std::fflush(out);
}

void translated(PluginId /*id*/, qemu_plugin_tb* block)
{
    for (std::size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
        auto* const   it   = qemu_plugin_tb_get_insn(block, i);
        std::uint32_t word = 0;
        if (qemu_plugin_insn_data(it, &word, sizeof(word)) == sizeof(word) && word == k_mark) {
            qemu_plugin_register_vcpu_insn_exec_cb(it, marked, k_no_registers, nullptr);
        }
        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
            it, k_add, counter(owner_of(qemu_plugin_insn_vaddr(it))), 1);
    }
}

} // namespace

int qemu_plugin_install(PluginId id, const qemu_info_t* /*info*/, int count, char** words)
{
    const std::string key = "to=";
    for (int i = 0; i < count; ++i) {
        if (std::string{words[i]}.starts_with(key)) {
            out = std::fopen(words[i] + key.size(), "w");
        }
    }
    if (out == nullptr) {
        std::fputs("owners_plugin: say where to write: to=FILE\n", stderr);
        return -1;
    }
    totals = qemu_plugin_scoreboard_new(sizeof(Totals));
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
