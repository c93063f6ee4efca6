// SPDX-License-Identifier: BSD-2-Clause
// A new project: the files of a system with one guest, from what its author wishes.
#pragma once

#include "offer.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace project {

enum class GuestKind : std::uint8_t {
    linux_kernel,
    bare_metal, ///< a program in C, which is in the project
};

struct Wishes {
    std::string              name; ///< of project, guest and programs
    std::string              board;
    GuestKind                guest = GuestKind::linux_kernel;
    Parts                    parts;
    std::uint64_t            ram   = std::uint64_t{256} << 20; ///< bytes
    unsigned                 vcpus = 1;
    std::vector<std::string> passed; ///< further elements of the guest, as XML
    bool identity = false; ///< its RAM has its physical addresses, for devices that move data
};

struct File {
    std::filesystem::path path; ///< relative to the project's folder
    std::string           text;
};

/// What `vmm new` gives a guest when nobody says: the console that the board has, and with it all
/// of disk, network and random numbers that the board can give to a Linux guest.
[[nodiscard]] Parts usual_parts(const Offers& offers, GuestKind guest);

/// The project's files. The error is a sentence that says what cannot be, and why.
[[nodiscard]] Result<std::vector<File>> make_project(const Wishes& wishes, const KnownBoard& board);

/// Writes them into `folder`, which is made, or is there and empty (but for what begins with a
/// dot).
[[nodiscard]] base::Result<void, std::string> write_project(const std::filesystem::path& folder,
                                                            const std::vector<File>&     files);

/// A sentence why nobody can call a project that; nothing if it is a good name.
[[nodiscard]] std::optional<std::string> objection_to_name(std::string_view name);

/// A sentence why a project cannot be made in this folder; nothing if it can.
[[nodiscard]] std::optional<std::string> objection_to_folder(const std::filesystem::path& folder);

/// A sentence why a guest cannot have these parts on this board; nothing if it can.
[[nodiscard]] std::optional<std::string> objection_to_parts(const Parts& parts, GuestKind guest,
                                                            const KnownBoard& board);

} // namespace project
