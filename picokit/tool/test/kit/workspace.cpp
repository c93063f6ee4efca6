// SPDX-License-Identifier: BSD-2-Clause
// A temporary directory with an SDK, programs and prefill files, in which tests run the tool.
#include "kit/workspace.hpp"

#include "kit/elf_builder.hpp"
#include "run.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tool::test {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_load = 0x7000'0000;

Bytes patched(Bytes elf, std::size_t offset, std::uint8_t value)
{
    elf.at(offset) = std::byte{value};
    return elf;
}

Bytes truncated(Bytes elf, std::size_t size)
{
    elf.resize(size);
    return elf;
}

/// Programs with one thing wrong each, named by it.
void write_programs(const Workspace& workspace)
{
    const auto good = pd_program();
    workspace.write("pd.elf", good.build());
    workspace.write("stripped.elf", pd_program().strip().build());
    workspace.write("other.elf", pd_program().entry(k_text + 4).build());
    workspace.write("not_elf.elf", "this is a text");
    workspace.write("header_only.elf", truncated(good.build(), 20));
    workspace.write("elf32.elf", patched(truncated(good.build(), 400), EI_CLASS, ELFCLASS32));
    workspace.write("big_endian.elf", patched(good.build(), EI_DATA, ELFDATA2MSB));
    workspace.write("x86.elf", patched(good.build(), 18, EM_X86_64));
    workspace.write("object.elf", ElfBuilder{}.symbol("var_a", 0, 8).build());
    workspace.write("note_only.elf",
                    ElfBuilder{}.segment(0, bytes_of("note"), 4, PF_R, PT_NOTE).build());
    workspace.write("truncated.elf", truncated(good.build(), 300));
    workspace.write("shrunk.elf",
                    pd_program().segment(0x30'0000, bytes_of("12345678"), 4, PF_R).build());
    workspace.write("shared_page.elf",
                    pd_program().segment(k_text + 0x800, bytes_of("data"), 4, PF_R | PF_W).build());
    workspace.write("high.elf",
                    pd_program().segment(0xff'ffff'b000, {}, 0x2000, PF_R | PF_W).build());
    workspace.write(
        "rwx.elf",
        pd_program().segment(0x30'0000, bytes_of("code"), 4, PF_R | PF_W | PF_X).build());
    workspace.write("twice.elf", pd_program().symbol("var_a", k_data + 0xb0, 8, STB_LOCAL).build());
    workspace.write("no_library.elf", pd_program().drop_symbol("microkit_irqs").build());
    workspace.write(
        "small_name.elf",
        pd_program().drop_symbol("microkit_name").symbol("microkit_name", k_data, 2).build());
    workspace.write("outside.elf", pd_program().symbol("var_outside", 0x90'0000, 8).build());
    workspace.write("huge.elf",
                    pd_program().segment(0x1'0000'0000, {}, 0x8000'0000, PF_R | PF_W).build());
}

} // namespace

Workspace::Workspace()
    : before_{fs::current_path()}
{
    std::string name = (fs::temp_directory_path() / "microkit-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary directory");
    }
    path_ = name;
    fs::current_path(path_);
    for (const auto* config : {"debug", "benchmark"}) {
        const auto directory = path_ / "sdk/board/qemu_virt_aarch64" / config;
        fs::create_directories(directory / "elf");
        fs::copy_file(fs::path{TOOL_TEST_DIR} / "board.json", directory / "board.json");
        write((directory / "elf/picokit.elf").string(), kernel_program(k_load).build());
    }
    ::setenv("MICROKIT_SDK", (path_ / "sdk").c_str(), 1);
    write_programs(*this);
    write("data.bin", Bytes(5000, std::byte{0x5a}));
    write("block.bin", Bytes(0x20'0000, std::byte{0xb1}));
    write("empty.bin", "");
    fs::create_directory(path_ / "folder");
}

Workspace::~Workspace()
{
    std::error_code ignored;
    fs::current_path(before_, ignored);
    fs::remove_all(path_, ignored);
}

void Workspace::write(const std::string& name, const Bytes& data) const
{
    std::ofstream stream{path_ / name, std::ios::binary};
    stream.write(reinterpret_cast<const char*>(data.data()),
                 static_cast<std::streamsize>(data.size()));
}

void Workspace::write(const std::string& name, std::string_view text) const
{
    write(name, bytes_of(text));
}

Bytes Workspace::read(const std::string& name) const { return read_file(path_ / name, {}).value(); }

bool Workspace::has(const std::string& name) const { return fs::exists(path_ / name); }

Outcome Workspace::run(const std::vector<std::string>& words) const
{
    std::ostringstream out, err;
    const auto         code = tool::run(words, out, err);
    return {code, out.str(), err.str()};
}

Outcome Workspace::build(const std::string& system, const std::string& config) const
{
    return run({system, "--board", "qemu_virt_aarch64", "--config", config});
}

Outcome Workspace::build_text(std::string_view description) const
{
    write("test.system", description);
    return build("test.system");
}

std::string in_system(std::string_view elements)
{
    return fmt::format("<?xml version=\"1.0\"?>\n<system>\n{}\n</system>\n", elements);
}

std::string pd(std::string_view name, std::string_view elements, std::string_view attributes)
{
    return fmt::format("<protection_domain name=\"{}\" {}>\n<program_image path=\"pd.elf\"/>\n{}\n"
                       "</protection_domain>\n",
                       name, attributes, elements);
}

} // namespace tool::test
