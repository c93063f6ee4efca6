// SPDX-License-Identifier: BSD-2-Clause
// What a client has asked for and is not answered, and how its large requests go to the driver in
// parts.
#pragma once

#include "in_flight.hpp"

#include "sddf/block.hpp"
#include "sddf/journal.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace blk_virt {

/// Blocks that go to the driver at once: not every driver takes more, and no client's request keeps
/// the others waiting for longer.
inline constexpr std::uint16_t k_part = 128;

class Books {
public:
    /// Bytes of the journal that a call needs at most.
    static constexpr std::size_t k_note = 80;

    struct Part {
        sddf::block::Request request; ///< the client's
        std::uint16_t        first;   ///< block of it
        std::uint16_t        count;
        std::uint32_t        number; ///< of the large request
    };

    /// Answers that the client will get, and needs room for.
    [[nodiscard]] std::uint32_t unanswered() const { return unanswered_; }
    void                        add() { ++unanswered_; }
    void                        remove() { --unanswered_; }

    /// Whether there is a request of which not all parts were sent.
    [[nodiscard]] bool has_part() const { return current_.is_active; }

    /// Begins a request of more than k_part blocks; there must be no other with has_part().
    void begin(const sddf::block::Request& request, sddf::Journal& journal)
    {
        journal.note(current_);
        current_ = {.request = request, .sent = 0, .number = 0, .is_active = true};
        ++unanswered_;
    }

    /// The next part; nothing where too many large requests are under way.
    std::optional<Part> next_part(sddf::Journal& journal)
    {
        const auto& request = current_.request;
        journal.note(current_);
        if (current_.sent == 0) {
            const auto place = std::ranges::find(large_, 0, &Large::left);
            if (place == large_.end()) {
                return std::nullopt;
            }
            journal.note(*place);
            *place          = {.id     = request.id,
                               .left   = request.count,
                               .count  = request.count,
                               .status = sddf::block::Status::ok};
            current_.number = static_cast<std::uint8_t>(place - large_.begin());
        }
        const auto rest    = static_cast<std::uint16_t>(request.count - current_.sent);
        const Part part    = {.request = request,
                              .first   = current_.sent,
                              .count   = std::min(k_part, rest),
                              .number  = current_.number};
        current_.sent      = static_cast<std::uint16_t>(current_.sent + part.count);
        current_.is_active = part.count != rest;
        return part;
    }

    /// The driver has answered for blocks of a large request. What the client is to be told, if
    /// that was the last part.
    std::optional<sddf::block::Response> finish_part(std::uint32_t number, std::uint16_t blocks,
                                                     sddf::block::Status status,
                                                     sddf::Journal&      journal)
    {
        auto& large = large_[number % k_large];
        journal.note(large);
        if (status != sddf::block::Status::ok) {
            large.status = status;
        }
        large.left = static_cast<std::uint16_t>(large.left - blocks);
        if (large.left != 0) {
            return std::nullopt;
        }
        --unanswered_;
        // Parts are done in any order: of a request that failed nothing is certain.
        const bool fine = large.status == sddf::block::Status::ok;
        return sddf::block::Response{.status        = large.status,
                                     .success_count = fine ? large.count : std::uint16_t{0},
                                     .id            = large.id};
    }

    /// After a restart; then add() for each request in flight that is no part.
    void restore()
    {
        const auto used =
            std::ranges::count_if(large_, [](const auto& it) { return it.left != 0; });
        unanswered_ = static_cast<std::uint32_t>(used);
        unanswered_ += current_.is_active && current_.sent == 0 ? 1U : 0U;
    }

private:
    static constexpr std::uint32_t k_large = 8;

    struct Large {
        std::uint32_t       id;    ///< the client's
        std::uint16_t       left;  ///< blocks that the driver has not answered for; 0: free
        std::uint16_t       count; ///< blocks
        sddf::block::Status status;
    };
    struct Current {
        sddf::block::Request request;
        std::uint16_t        sent      = 0; ///< blocks
        std::uint8_t         number    = 0; ///< its Large, once something of it was sent
        bool                 is_active = false;
    };

    std::array<Large, k_large> large_{};
    Current                    current_{};
    std::uint32_t              unanswered_ = 0;
};

/// Of this program. A restart that keeps memory keeps it, and what is with the driver is answered.
struct Memory {
    InFlight                               in_flight{};
    std::array<Books, sddf::k_max_clients> books{};
    sddf::Journal                          journal{};

    /// The first thing in init().
    void recover()
    {
        journal.recover();
        in_flight.restore();
        for (auto& book : books) {
            book.restore();
        }
        in_flight.for_each([this](const InFlight::Entry& entry) {
            if (!entry.is_part && entry.client < books.size()) {
                books[entry.client].add();
            }
        });
    }
};
extern Memory memory;

} // namespace blk_virt
