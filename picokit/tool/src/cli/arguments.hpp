// SPDX-License-Identifier: BSD-2-Clause
// The command line, as build systems written for the Microkit tool use it.
#pragma once

#include "diagnostic.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tool {

enum class ImageType : std::uint8_t { binary, elf };

struct Arguments {
    bool                       help = false; ///< everything else is as it came
    std::string                system;
    std::string                board;
    std::string                config;
    std::string                output = "loader.img";
    std::string                report = "report.txt";
    std::vector<std::string>   search_path;
    ImageType                  image_type = ImageType::binary;
    std::optional<std::string> override_kernel;
};

/// `words` without the program's name. --search-path takes every word up to the next one that
/// begins with '-'. Refuses unknown and missing words, and options that picokit cannot honour.
[[nodiscard]] Result<Arguments> parse_arguments(std::span<const std::string> words);

/// The text of --help.
[[nodiscard]] std::string help_text(const std::vector<std::string>& boards);

} // namespace tool
