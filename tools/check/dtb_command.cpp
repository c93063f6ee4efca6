// SPDX-License-Identifier: BSD-2-Clause
// vmm dtb
#include "check_command.hpp"
#include "command_line.hpp"
#include "device_tree_compiler.hpp"
#include "input_options.hpp"
#include "tree_source.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <ostream>

namespace check {
namespace {

namespace fs = std::filesystem;
using Bytes  = std::expected<std::string, std::string>;

/// A blob from a source, from a blob, or of a system's guest.
Bytes blob_of(const Files& files, const std::string& guest)
{
    const auto to_text = [](const std::vector<std::byte>& bytes) {
        return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    };
    if (files.system.extension() == ".dts" || files.system.extension() == ".dtb") {
        const auto tree = read_tree(files.system, files.system.filename().string());
        if (!tree) {
            return std::unexpected(tool::format_error(tree.error()));
        }
        return to_text(tree->blob());
    }
    const auto subject = read_subject(files);
    if (!subject) {
        return std::unexpected(subject.error());
    }
    if (!subject->refusals.empty()) {
        return std::unexpected(tool::format_error(subject->refusals.front().second));
    }
    std::string names;
    for (const auto& one : subject->guests) {
        if (guest.empty() || one->vm->name == guest || one->vmm->name == guest) {
            if (!one->tree) {
                return std::unexpected("the guest's tree follows the board: name one with --board "
                                       "or --board-dtb");
            }
            return to_text(one->tree->blob());
        }
        names += (names.empty() ? "" : ", ") + one->vm->name;
    }
    return std::unexpected(fmt::format("there is no guest '{}'; there are: {}", guest,
                                       names.empty() ? "none" : names));
}

/// The words of the command line.
struct DtbOptions {
    InputOptions input;
    std::string  output;
    std::string  guest;

    void add_to(CLI::App& parser)
    {
        parser.description("Show or compile a device tree: of a file, or the one that libvmm "
                           "writes for a guest of a system.");
        input.add_to(parser);
        parser.add_option("--guest", guest, "which guest of the system; without it the first")
            ->type_name("NAME");
        parser
            .add_option("-o,--output", output,
                        "write a blob to this file, or a source if its name ends in .dts; "
                        "without it the source goes to standard output")
            ->type_name("FILE");
        parser.footer("Exit codes: 0 done, 1 the tree is damaged or refused, 2 a wrong call.\n"
                      "The seeds that the VMM makes at run time are not in it; bootargs and initrd "
                      "are if FILE is the NAME.json of a build.");
    }
};

} // namespace

void describe_dtb(CLI::App& app) { command_line::describe<DtbOptions>(app); }

int dtb_command(std::vector<std::string> words, const description::Places& places,
                std::ostream& out, std::ostream& err)
{
    const auto fail = [&](int code, const std::string& what) {
        return command_line::complain(err, "vmm dtb", what, code);
    };
    const auto options = command_line::parse<DtbOptions>("vmm dtb", std::move(words));
    if (!options) {
        return fail(k_exit_call, options.error());
    }
    const auto& output = options->output;
    const auto  files  = options->input.files(places);
    if (!files) {
        return fail(k_exit_call, files.error());
    }
    const auto blob = blob_of(*files, options->guest);
    if (!blob) {
        return fail(k_exit_findings, blob.error());
    }
    Bytes text = *blob;
    if (output.empty() || output.ends_with(".dts")) {
        text = description::decompile(*blob);
    }
    if (!text) {
        return fail(k_exit_findings, text.error());
    }
    if (output.empty()) {
        out << *text;
        return k_exit_nothing;
    }
    std::ofstream file{output, std::ios::binary};
    file << *text;
    file.close();
    if (!file) {
        return fail(k_exit_call, fmt::format("{} cannot be written", output));
    }
    return k_exit_nothing;
}

} // namespace check
