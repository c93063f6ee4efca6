// SPDX-License-Identifier: BSD-2-Clause
#include "table_reader.hpp"

#include <algorithm>

namespace blk_virt {

TableReader::TableReader(std::span<std::byte> memory, std::uint64_t io_address,
                         std::uint64_t blocks)
    : memory_{memory}
    , io_address_{io_address}
    , blocks_{blocks}
{
    if (blocks == 0) {
        fail({.what = "the disk is empty", .hint = "give it a medium", .value = 0});
    }
}

std::uint16_t TableReader::count() const
{
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(memory_.size() / k_block, blocks_));
}

std::uint64_t TableReader::first_block() const
{
    return state_ == State::end ? blocks_ - count() : 0;
}

sddf::block::Request TableReader::request() const
{
    return {.code         = sddf::block::Code::read,
            .io_or_offset = io_address_,
            .block_number = first_block(),
            .count        = count()};
}

void TableReader::answer(sddf::block::Status status)
{
    if (status != sddf::block::Status::ok) {
        if (++failures_ < k_tries) {
            return;
        }
        fail({.what  = "the disk's partition table cannot be read",
              .hint  = "is the disk all right?",
              .value = static_cast<std::uint64_t>(status)});
        return;
    }
    failures_ = 0;
    const Window window{.bytes = memory_.first(count() * k_block),
                        .first = first_block() * k_sectors_per_block};
    const auto   sectors = blocks_ * k_sectors_per_block;
    const auto   found =
        state_ == State::start ? Table::at_start(window, sectors) : Table::at_end(window, sectors);
    if (found) {
        table_ = *found;
        state_ = State::done;
    } else if (state_ == State::start && Table::is_gpt(window)) {
        state_ = State::end;
    } else {
        fail(found.error());
    }
}

void TableReader::fail(const base::Error& error)
{
    error_ = error;
    state_ = State::failed;
}

} // namespace blk_virt
