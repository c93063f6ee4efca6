// SPDX-License-Identifier: BSD-2-Clause
// initramfs MANIFEST -o FILE [NAME=VALUE …]: makes the guest's initramfs (see manifest.hpp).
#include "manifest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

int main(int argument_count, char** arguments)
{
    CLI::App                 options{"Makes an initramfs from a manifest."};
    std::string              manifest;
    std::string              output;
    std::vector<std::string> definitions;
    options.add_option("manifest", manifest, "what the archive holds")->required();
    options.add_option("-o,--output", output, "the archive")->required();
    options.add_option("definitions", definitions, "NAME=VALUE: what {NAME} stands for");
    CLI11_PARSE(options, argument_count, arguments);

    guest::Substitutions substitutions;
    for (const auto& definition : definitions) {
        const auto equals = definition.find('=');
        if (equals == std::string::npos) {
            fmt::print(stderr, "initramfs: '{}' is not NAME=VALUE\n", definition);
            return 1;
        }
        substitutions[definition.substr(0, equals)] = definition.substr(equals + 1);
    }

    std::ifstream     input(manifest);
    const std::string text{std::istreambuf_iterator<char>(input), {}};
    const auto        archive = guest::make_initramfs(text, substitutions);
    if (!archive) {
        fmt::print(stderr, "{}: {}\n", manifest, archive.error());
        return 1;
    }
    std::ofstream file(output, std::ios::binary);
    file << *archive;
    if (!file.flush()) {
        fmt::print(stderr, "initramfs: cannot write {}\n", output);
        return 1;
    }
    return 0;
}
