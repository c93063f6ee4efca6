// SPDX-License-Identifier: BSD-2-Clause
// The stages of the build that depend on board, configuration and SDK: the picokit SDK, and the
// product (libraries, components, examples) against an SDK. See ARCHITECTURE.md.
#pragma once

#include "options.hpp"
#include "qemu/descriptor.hpp"

#include <filesystem>
#include <string>

namespace vmm {

/// The root of the project's sources, and where things are built.
struct Tree {
    std::filesystem::path source;
    std::filesystem::path build; ///< source/build
};

/// The tree that this program was built from.
[[nodiscard]] Tree this_tree();

/// Runs a step of the build. Quiet but for Ninja's "[n/m]" as progress; when it fails, its output
/// is printed and the error says which step it was.
[[nodiscard]] Result<> run_step(const std::string& what, const std::vector<std::string>& arguments,
                                const std::filesystem::path& folder);

/// The output of a short command. The error holds what it printed.
[[nodiscard]] Result<std::string> capture(const std::vector<std::string>& arguments,
                                          const std::filesystem::path&    folder);

/// Held by whoever builds in the folder `build`.
[[nodiscard]] Result<qemu::Descriptor> lock_build(const std::filesystem::path& build);

/// Builds `target` ("simple_system"; "all") of the product, after the SDK if that is ours.
/// Gives the product's build folder. Concurrent callers take turns.
[[nodiscard]] Result<std::filesystem::path> build_product(const Tree&        tree,
                                                          const std::string& board,
                                                          const std::string& config,
                                                          const std::string& target);

} // namespace vmm
