// SPDX-License-Identifier: BSD-2-Clause
// Reads a disk's partition table, one event after the other.
#pragma once

#include "partitions.hpp"

#include "sddf/block.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace blk_virt {

/// The start of the disk, and where the GPT there is damaged also the end of it.
class TableReader {
public:
    /// So often it asks for the same blocks before it gives up.
    static constexpr unsigned k_tries = 8;

    enum class State : std::uint8_t { start, end, done, failed };

    constexpr TableReader() = default;
    /// `memory`: what a driver reads into, at the device's `io_address`. `blocks`: of the disk.
    TableReader(std::span<std::byte> memory, std::uint64_t io_address, std::uint64_t blocks);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool  is_over() const { return state_ == State::done || state_ == State::failed; }

    /// What to ask the driver for now; its id is left to the caller.
    [[nodiscard]] sddf::block::Request request() const;
    /// The driver's answer. Afterwards either is_over(), or there is another request(): also the
    /// same once more, for a driver that is restarted answers what it had with an error.
    void answer(sddf::block::Status status);

    /// Once it is done.
    [[nodiscard]] const Table& table() const { return *table_; }
    /// Once it has failed.
    [[nodiscard]] const base::Error& error() const { return error_; }

private:
    void fail(const base::Error& error);

    [[nodiscard]] std::uint64_t first_block() const;
    [[nodiscard]] std::uint16_t count() const;

    State                state_    = State::start;
    unsigned             failures_ = 0; ///< one after the other
    std::span<std::byte> memory_;
    std::uint64_t        io_address_ = 0;
    std::uint64_t        blocks_     = 0;
    std::optional<Table> table_;
    base::Error          error_{};
};

} // namespace blk_virt
