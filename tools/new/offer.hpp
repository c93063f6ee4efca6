// SPDX-License-Identifier: BSD-2-Clause
// What a board can give a guest, and why not the rest.
#pragma once

#include "base/result.hpp"
#include "board.hpp"
#include "driver_library.hpp"
#include "part.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace project {

/// The error is a sentence for the user.
template <class T = void>
using Result = base::Result<T, std::string>;

struct Offer {
    Part        part = Part::console;
    std::string device; ///< as layouts name it: "uart0", "virtio_mmio.31"; empty: it needs none
    std::string reason; ///< why the board does not have it; empty: it has

    [[nodiscard]] bool is_there() const { return reason.empty(); }
};

/// One for each part, in the order of k_parts. Each that needs a device has one of its own.
using Offers = std::vector<Offer>;

[[nodiscard]] Offers offers_of(const boardgen::Board&                 board,
                               const std::vector<sysgen::DriverInfo>& drivers);

/// How a program without an operating system writes to a serial port: where the data register is,
/// and what says that it is ready.
struct Port {
    std::uint64_t address; ///< of the registers
    unsigned      data;
    unsigned      status;
    std::uint32_t mask;
    std::uint32_t ready; ///< status & mask is this
};

/// That of the board's console; nothing if its kind is not known here.
[[nodiscard]] std::optional<Port> port_of(const boardgen::Board& board);

/// What there is to know of a board, for offers.
struct KnownBoard {
    boardgen::Board board;
    std::string     status; ///< "boots in the tests"; may be empty
    Offers          offers;
};

/// Reads `folder`/board.json (hand-written) with the tree `blob`.
[[nodiscard]] Result<KnownBoard> read_known_board(const std::filesystem::path& folder,
                                                  const std::filesystem::path& blob,
                                                  const std::filesystem::path& drivers);

} // namespace project
