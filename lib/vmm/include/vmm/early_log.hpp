// SPDX-License-Identifier: BSD-2-Clause
// What a Linux guest has said before its kernel wrote its notes (kernel_notes.hpp), or if it never
// does: the text in the ring buffer that printk has in the kernel's image (since 5.10), found by
// the message that is the first on arm64, and followed from one block of text to the next. A block
// is the message's number and its text; times and levels are elsewhere and are not known.
#pragma once

#include "base/address.hpp"
#include "vmm/memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// The log as far as it has been followed. All of it is the guest's word: each step is bounded, and
/// reads nothing but RAM of the kernel's image.
class EarlyLog {
public:
    /// The newest messages, which are remembered.
    static constexpr std::size_t k_tail = 128;

    EarlyLog() = default;
    /// `kernel`: where the image was loaded, with its bss.
    explicit EarlyLog(base::GuestRange kernel)
        : kernel_{kernel}
        , unsearched_{kernel.size()}
    {
    }

    /// Looks for the first message in `bytes` more of the image, from its end downwards, where the
    /// bss is; at nothing twice. Whether it has been found, now or before.
    bool find(GuestMemory& memory, std::uint64_t bytes);

    /// Goes on to the newest message; how many of those remembered are new since the last time.
    std::size_t follow(const GuestMemory& memory);

    /// Messages that are remembered.
    [[nodiscard]] std::size_t size() const
    {
        return count_ < k_tail ? static_cast<std::size_t>(count_) : k_tail;
    }

    /// The text of one of them, 0 being the newest, cut where `room` ends. What cannot be printed
    /// is '?'.
    [[nodiscard]] std::string_view text(const GuestMemory& memory, std::size_t index,
                                        std::span<char> room) const;

private:
    /// A block of the ring.
    struct Block {
        base::GuestPhysical at;
        std::uint64_t       id = 0;
    };

    void                               add(Block block);
    bool                               step(const GuestMemory& memory);
    [[nodiscard]] std::optional<Block> find_next(const GuestMemory& memory) const;
    [[nodiscard]] std::size_t          read(const GuestMemory& memory, base::GuestPhysical at,
                                            std::span<std::byte> to) const;

    base::GuestRange                        kernel_{};
    std::uint64_t                           unsearched_ = 0; ///< bytes from the image's start on
    base::GuestPhysical                     ring_{};         ///< where its first byte is
    Block                                   newest_{};
    std::uint64_t                           count_ = 0; ///< of messages found; 0: no log has been
    std::uint64_t                           told_  = 0; ///< of those that follow() has spoken of
    std::array<base::GuestPhysical, k_tail> tail_{};    ///< block n at n % k_tail
};

} // namespace vmm
