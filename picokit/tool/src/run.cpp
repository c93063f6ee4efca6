// SPDX-License-Identifier: BSD-2-Clause
// The whole tool as a function: from a command line to an image and a report.
#include "run.hpp"

#include "cli/arguments.hpp"
#include "image/image.hpp"
#include "layout/address_space.hpp"
#include "program/microkit_symbols.hpp"
#include "report/report.hpp"
#include "sdf/check.hpp"
#include "sdf/parse.hpp"
#include "sdk/sdk.hpp"

#include <exception>
#include <fmt/format.h>
#include <ostream>

namespace tool {
namespace {

/// Several diagnostics, in the order in which they are to be read.
using Errors = std::vector<Diagnostic>;
template <class T = void>
using Checked = std::expected<T, Errors>;

template <class T>
Checked<T> checked(Result<T> result)
{
    if (!result) {
        return std::unexpected(Errors{std::move(result).error()});
    }
    return std::move(*result);
}
Checked<> checked(const Result<>& result)
{
    return result ? Checked<>{} : std::unexpected(Errors{result.error()});
}
Checked<> checked(Errors errors)
{
    return errors.empty() ? Checked<>{} : std::unexpected(std::move(errors));
}

Checked<System> read_system(const std::string& file, const Board& board)
{
    const auto bytes = TRY(checked(read_file(file, {file})));
    const auto root =
        TRY(checked(parse_xml({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file)));
    auto system = TRY(parse_system(root, board));
    attach_channel_setvars(system);
    TRY(checked(check_system(system)));
    return system;
}

Checked<std::vector<LoadedProgram>> load_programs(const Board& board, const System& system,
                                                  const SearchPath& search)
{
    std::vector<LoadedProgram> programs;
    Errors                     errors;
    for (const auto& pd : system.pds) {
        auto program = load_program(pd.program, search);
        if (!program) {
            errors.push_back(std::move(program).error());
        } else if (auto fits = check_program_size(board, pd, *program); !fits) {
            errors.push_back(std::move(fits).error());
        } else {
            programs.push_back(std::move(*program));
        }
    }
    if (!errors.empty()) {
        return std::unexpected(std::move(errors));
    }
    return programs;
}

void warn_unused(const std::vector<Region>& regions, std::ostream& out)
{
    for (const auto& region : regions) {
        if (!region.mapped) {
            out << format_warning(
                {region.declared->where,
                 fmt::format("memory region '{}' is not mapped anywhere", region.declared->name),
                 {}});
        }
    }
}

/// Code that can be overwritten is allowed, and rarely meant.
void warn_writable_code(const System& system, const std::vector<LoadedProgram>& programs,
                        std::ostream& out)
{
    for (std::size_t i = 0; i < programs.size(); ++i) {
        for (const auto& segment : programs[i].image.segments) {
            if (segment.permissions.write && segment.permissions.execute) {
                out << format_warning(
                    {system.pds[i].program.where,
                     fmt::format("the segment of '{}' at {:#x} is writable and executable",
                                 programs[i].image.name, segment.vaddr),
                     "link with microkit.ld, which keeps code and data apart"});
            }
        }
    }
}

void inform(const Inputs& inputs, const Layout& layout, std::size_t image_size, std::ostream& out)
{
    std::size_t vcpus = 0;
    for (const auto& pd : inputs.system.pds) {
        vcpus += pd.vm ? pd.vm->vcpus.size() : 0;
    }
    const auto& placement = layout.placement;
    out << fmt::format("MICROKIT|SYSTEM: {} protection domains, {} vCPUs, {} memory regions, {} "
                       "channels\n",
                       inputs.system.pds.size(), vcpus, inputs.system.regions.size(),
                       inputs.system.channels.size());
    out << fmt::format("MICROKIT|TABLES: system table {} bytes, {} page tables\n",
                       layout.system_table.size(), layout.maps.tables.tables().size());
    out << fmt::format("MICROKIT|IMAGE: {} bytes, loaded at {:#x}\n", image_size,
                       placement.image.address);
}

Checked<> build(const Arguments& arguments, std::ostream& out)
{
    const auto sdk       = TRY(checked(find_sdk()));
    const auto board_dir = TRY(checked(find_board(sdk, arguments.board, arguments.config)));
    const auto board     = TRY(checked(read_board(board_dir / "board.json")));
    const auto system    = TRY(read_system(arguments.system, board));

    const SearchPath search{arguments.search_path};
    const auto       kernel_path =
        arguments.override_kernel.value_or((board_dir / "elf" / "picokit.elf").string());
    const auto kernel  = TRY(checked(read_elf(kernel_path, {kernel_path})));
    const auto regions = TRY(checked(resolve_regions(system, search)));
    warn_unused(regions, out);
    auto programs = TRY(load_programs(board, system, search));
    warn_writable_code(system, programs, out);
    TRY(checked(check_address_spaces(system, regions, programs)));
    TRY(checked(write_symbols(system, regions, programs)));

    const auto extent = TRY(checked(kernel_extent(board, kernel)));
    TRY(checked(check_fixed_regions(board, system, regions, extent)));
    const Inputs inputs{board, system, kernel, programs, regions, arguments.config == "benchmark"};
    const auto   layout = TRY(checked(lay_out(inputs)));
    write_physical_addresses(system, layout.placement, programs);

    auto image = TRY(checked(build_image(inputs, layout)));
    if (arguments.image_type == ImageType::elf) {
        image = wrap_as_elf(image, layout.placement.image.address);
    }
    const auto report = make_report(inputs, layout, arguments.config);
    TRY(checked(write_file(arguments.report, report)));
    TRY(checked(write_file(arguments.output, image)));
    inform(inputs, layout, image.size(), out);
    return {};
}

int print_help(std::ostream& out)
{
    const auto sdk = find_sdk();
    out << help_text(sdk ? list_boards(*sdk) : std::vector<std::string>{});
    return k_success;
}

} // namespace

int run(std::span<const std::string> words, std::ostream& out, std::ostream& err)
{
    try {
        const auto arguments = parse_arguments(words);
        if (!arguments) {
            err << format_error(arguments.error());
            return k_user_error;
        }
        if (arguments->help) {
            return print_help(out);
        }
        if (const auto built = build(*arguments, out); !built) {
            for (const auto& error : built.error()) {
                err << format_error(error);
            }
            return k_user_error;
        }
        return k_success;
    } catch (const std::exception& bug) {
        err << "internal error: " << bug.what() << "\n    hint: report this as a bug of the tool\n";
        return k_internal_error;
    }
}

} // namespace tool
