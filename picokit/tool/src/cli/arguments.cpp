// SPDX-License-Identifier: BSD-2-Clause
// The command line, as build systems written for the Microkit tool use it.
#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tool {
namespace {

/// The options as CLI11 fills them in.
struct Raw {
    Arguments                arguments;
    std::vector<std::string> systems;
    std::string              image_type;
    std::string              override_kernel;
    std::string              capdl_json;
    std::string              viper_output;
};

void declare(CLI::App& app, Raw& raw)
{
    app.set_help_flag();
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_flag("-h,--help", raw.arguments.help, "print this text and leave");
    app.add_option("-o,--output", raw.arguments.output, "the image (default: loader.img)")
        ->type_name("FILE");
    app.add_option("-r,--report", raw.arguments.report, "the report (default: report.txt)")
        ->type_name("FILE");
    app.add_option("--board", raw.arguments.board, "a board of the SDK (required)")
        ->type_name("NAME");
    app.add_option("--config", raw.arguments.config,
                   "a configuration of the board: debug, release, benchmark (required)")
        ->type_name("NAME");
    app.add_option("--search-path", raw.arguments.search_path,
                   "where programs and prefill files are looked for; takes all words up to the "
                   "next option; the current directory is searched last")
        ->type_name("DIR")
        ->expected(1, -1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--image-type", raw.image_type, "binary (default) or elf")->type_name("TYPE");
    app.add_option("--override-kernel", raw.override_kernel, "a kernel other than the SDK's")
        ->type_name("FILE");
    app.add_option("--capdl-json", raw.capdl_json, "not available with picokit")->type_name("FILE");
    app.add_option("--viper-output", raw.viper_output, "not available with picokit")
        ->type_name("DIR");
    app.add_option("SYSTEM", raw.systems, "the system description (required)")
        ->expected(0, -1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Result<> check_required(const Raw& raw)
{
    constexpr auto usage =
        "usage: microkit SYSTEM --board NAME --config NAME [options]; see --help";
    if (raw.systems.empty()) {
        return refuse({}, "no system description on the command line",
                      raw.arguments.search_path.empty()
                          ? usage
                          : "put it first: words after --search-path are directories");
    }
    if (raw.systems.size() > 1) {
        return refuse({}, fmt::format("a second system description '{}'", raw.systems[1]),
                      "name exactly one");
    }
    if (raw.arguments.board.empty()) {
        return refuse({}, "no --board on the command line", usage);
    }
    if (raw.arguments.config.empty()) {
        return refuse({}, "no --config on the command line", usage);
    }
    return {};
}

Result<> check_refused(const Raw& raw)
{
    if (!raw.capdl_json.empty()) {
        return refuse({}, "--capdl-json is not available with picokit",
                      "picokit has no capability distribution language: see the report instead");
    }
    if (!raw.viper_output.empty()) {
        return refuse({}, "--viper-output is not available with picokit",
                      "it is for the verification of programs on seL4: use the official SDK");
    }
    return {};
}

Result<ImageType> parse_image_type(const std::string& text)
{
    if (text.empty() || text == "binary") {
        return ImageType::binary;
    }
    if (text == "elf") {
        return ImageType::elf;
    }
    return refuse({}, fmt::format("image type '{}' is not available for AArch64 boards", text),
                  "use --image-type binary or --image-type elf");
}

} // namespace

Result<Arguments> parse_arguments(std::span<const std::string> words)
{
    Raw      raw;
    CLI::App app;
    declare(app, raw);
    try {
        std::vector<std::string> reversed(words.rbegin(), words.rend()); // as CLI11 wants it
        app.parse(reversed);
    } catch (const CLI::ParseError& error) {
        return refuse({}, error.what(), "see --help");
    }
    if (raw.arguments.help) {
        return raw.arguments;
    }
    TRY(check_required(raw));
    TRY(check_refused(raw));
    raw.arguments.image_type = TRY(parse_image_type(raw.image_type));
    raw.arguments.system     = raw.systems.front();
    if (!raw.override_kernel.empty()) {
        raw.arguments.override_kernel = raw.override_kernel;
    }
    return raw.arguments;
}

std::string help_text(const std::vector<std::string>& boards)
{
    Raw      raw;
    CLI::App app{"Makes a boot image from a system description.", "microkit"};
    declare(app, raw);
    auto text = app.help();
    return text + fmt::format("\nBoards: {}\n", fmt::join(boards, ", "));
}

} // namespace tool
