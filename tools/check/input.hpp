// SPDX-License-Identifier: BSD-2-Clause
// From files to a subject.
#pragma once

#include "subject.hpp"

#include <filesystem>

namespace check {

/// What is to be checked. Paths that are empty are not given.
struct Files {
    std::filesystem::path system;     ///< a description, or a layout (it has <guest> or a class)
    std::filesystem::path board_tree; ///< .dts or .dtb
    std::filesystem::path board_json; ///< our board.json; a layout needs it
    std::filesystem::path drivers;    ///< of components/drivers; a layout needs them
    /// Guests' trees: (virtual machine's name or empty for all, file).
    std::vector<std::pair<std::string, std::filesystem::path>> trees;
    std::filesystem::path                                      settings;
};

/// Reads everything. What cannot be read becomes findings of the subject, so that there is always
/// one. The error is for a call that makes no sense.
[[nodiscard]] std::expected<Subject, std::string> read_subject(const Files& files);

/// Whether an XML document is a layout of sysgen's.
[[nodiscard]] bool is_layout(std::string_view text);

/// Reads a settings file, for the guests of the subject that it names.
void read_settings(const std::filesystem::path& file, Subject& subject);

/// Gives guests without a tree the one that libvmm would write for them.
void write_trees(Subject& subject);

/// Makes up a system for a tree alone: a guest that has everything the tree describes.
void describe_alone(Tree tree, Subject& subject);

/// Sets `allowed` from comments "vmm-check: allow RULE".
void read_allowances(std::string_view text, Subject& subject);

} // namespace check
