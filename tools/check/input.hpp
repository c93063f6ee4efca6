// SPDX-License-Identifier: BSD-2-Clause
// From files to a subject.
#pragma once

#include "board.hpp"
#include "places.hpp"
#include "sdf/parse.hpp"
#include "subject.hpp"

#include <filesystem>

namespace check {

/// What is to be checked. Paths that are empty are not given.
struct Files : description::Sources {
    /// Guests' trees: (virtual machine's name or empty for all, file).
    std::vector<std::pair<std::string, std::filesystem::path>> trees;
    std::filesystem::path                                      settings;
};

/// Reads everything. What cannot be read becomes findings of the subject, so that there is always
/// one. The error is for a call that makes no sense.
[[nodiscard]] std::expected<Subject, std::string> read_subject(const Files& files);

/// Reads a system description into the subject, with its guests.
void read_description(const std::string& text, const tool::Board& board, Subject& subject);

/// Reads a layout: what sysgen makes of it, with the places of the layout's elements.
void read_layout(const std::string& text, const boardgen::Board& board,
                 const std::filesystem::path& drivers, Subject& subject);

/// Reads a settings file, for the guests of the subject that it names.
void read_settings(const std::filesystem::path& file, Subject& subject);

/// Reads what a build puts into VMMs: command lines, trees, and the images, for find_places().
void read_images(const std::vector<description::GuestImages>& images, Subject& subject);

/// Finds out where libvmm's loader puts the images that nobody has given an address.
void find_places(Subject& subject);

/// Gives guests without a tree the one that libvmm would write for them.
void write_trees(Subject& subject);

/// Makes up a system for a tree alone: a guest that has everything the tree describes.
void describe_alone(Tree tree, Subject& subject);

/// Sets `allowed` from comments "vmm-check: allow RULE".
void read_allowances(std::string_view text, Subject& subject);

/// Adds a finding of a reader, which no rule looks for.
inline void refuse(Subject& subject, std::string rule, tool::Diagnostic diagnostic)
{
    subject.refusals.emplace_back(std::move(rule), std::move(diagnostic));
}

} // namespace check
