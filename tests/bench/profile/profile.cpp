// SPDX-License-Identifier: BSD-2-Clause
// A plugin of QEMU that counts how often each instruction runs between two marks in the guest:
//     -plugin …/profile_plugin.so,to=FILE
// The marks are the hints 50 and 51, which do nothing on the processor. FILE gets a line "window"
// for each such time, and after it a line
//     VIRTUAL-ADDRESS HOST-ADDRESS WORD COUNT
// for each instruction that ran in it, numbers in hexadecimal but the last. Programs that share an
// address differ in the host's address, which is where QEMU keeps the machine's memory.
//
// What of QEMU's interface is used is declared here, since Debian has no package with its header.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>

extern "C" {

using PluginId = std::uint64_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;

std::size_t       qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, std::size_t index);
std::uint64_t     qemu_plugin_insn_vaddr(const qemu_plugin_insn* instruction);
void*             qemu_plugin_insn_haddr(const qemu_plugin_insn* instruction);
const void*       qemu_plugin_insn_data(const qemu_plugin_insn* instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, void (*done)(PluginId, qemu_plugin_tb*));
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* instruction,
                                            void (*runs)(unsigned, void*), int flags, void* data);

[[gnu::visibility("default")]] extern int qemu_plugin_version;
int                                       qemu_plugin_version = 1;

[[gnu::visibility("default")]] int qemu_plugin_install(PluginId id, const qemu_info_t* info,
                                                       int count, char** words);
}

namespace {

constexpr std::uint32_t k_begin        = 0xd503'265f; // hint #50
constexpr std::uint32_t k_end          = 0xd503'267f; // hint #51
constexpr int           k_no_registers = 0;

struct Instruction {
    std::uint64_t at   = 0;
    const void*   host = nullptr;
    std::uint32_t word = 0;
    std::uint64_t runs = 0;
};

std::deque<Instruction>                                       instructions; // they never move
std::map<std::pair<std::uint64_t, const void*>, Instruction*> known;
bool                                                          counting = false;
std::FILE*                                                    out      = nullptr;

void begins(unsigned /*cpu*/, void* /*data*/) { counting = true; }

void ends(unsigned /*cpu*/, void* /*data*/)
{
    counting = false;
    std::fputs("window\n", out);
    for (auto& it : instructions) {
        if (it.runs != 0) {
            std::fprintf(out, "%llx %llx %x %llu\n", static_cast<unsigned long long>(it.at),
                         static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(it.host)),
                         it.word, static_cast<unsigned long long>(it.runs));
        }
        it.runs = 0;
    }
    std::fflush(out);
}

void runs(unsigned /*cpu*/, void* data)
{
    static_cast<Instruction*>(data)->runs += counting ? 1 : 0;
}

void translated(PluginId /*id*/, qemu_plugin_tb* block)
{
    for (std::size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
        auto* const   it   = qemu_plugin_tb_get_insn(block, i);
        std::uint32_t word = 0;
        std::memcpy(&word, qemu_plugin_insn_data(it), sizeof(word));
        if (word == k_begin || word == k_end) {
            qemu_plugin_register_vcpu_insn_exec_cb(it, word == k_begin ? begins : ends,
                                                   k_no_registers, nullptr);
            continue;
        }
        const auto key   = std::pair{qemu_plugin_insn_vaddr(it),
                                   static_cast<const void*>(qemu_plugin_insn_haddr(it))};
        auto&      entry = known[key];
        if (entry == nullptr || entry->word != word) { // memory may get another program
            entry = &instructions.emplace_back(Instruction{key.first, key.second, word, 0});
        }
        qemu_plugin_register_vcpu_insn_exec_cb(it, runs, k_no_registers, entry);
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
        std::fputs("profile_plugin: say where to write: to=FILE\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
