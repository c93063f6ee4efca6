// SPDX-License-Identifier: BSD-2-Clause
// One client's turn at the output: its bytes, and what shows a reader whose they are.
#pragma once

#include "base/result.hpp"
#include "sddf/serial.hpp"

#include <cstdint>

namespace serial_virt_tx {

/// Whether each line begins with its client's name: a variant of the program.
extern const bool k_labels;

class Turn {
public:
    /// Errors: the driver's ring is too small for colours and labels.
    base::Result<> open(const sddf::serial::TxVirtConfig& config, std::uint32_t capacity);

    /// Moves up to `most` bytes of a client to the driver's ring, unpublished; with less room,
    /// fewer. Gives how many. Whole lines, where the client has written lines.
    std::uint32_t take(sddf::serial::Producer& driver, sddf::serial::Consumer& client,
                       unsigned number, std::uint32_t most);

    /// With less room than this, take() does nothing.
    [[nodiscard]] std::uint32_t least_room() const { return overhead_ + 1; }

private:
    std::uint32_t take_piece(sddf::serial::Producer& driver, sddf::serial::Consumer& client,
                             unsigned number, std::uint32_t most);
    void          begin_line(sddf::serial::Producer& driver, unsigned number);

    static constexpr unsigned k_nobody = ~0U;

    const sddf::serial::TxVirtConfig* config_   = nullptr;
    std::uint32_t                     overhead_ = 0; ///< most bytes of a piece beside its own
    unsigned                          writer_   = k_nobody; ///< whose line is not complete
};

} // namespace serial_virt_tx
