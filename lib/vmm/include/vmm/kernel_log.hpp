// SPDX-License-Identifier: BSD-2-Clause
// What `dmesg` would show, read out of a Linux guest's memory: the ring buffer of printk (since
// 5.10), whose layout the kernel's notes describe.
#pragma once

#include "vmm/guest_space.hpp"
#include "vmm/kernel_notes.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// The log as it is now. The guest may write to it at any time; a record that does not fit together
/// is as good as none.
class KernelLog {
public:
    /// One message, without its text.
    struct Record {
        std::uint64_t      nanoseconds; ///< since the kernel's start
        std::uint8_t       facility;    ///< 0: from the kernel itself
        unsigned           length;
        base::GuestVirtual text;
    };

    /// Nothing if the variables make no sense. `space` stays.
    [[nodiscard]] static std::optional<KernelLog> create(GuestSpace&        space,
                                                         const KernelNotes& notes);

    /// The number of the newest message. Numbers count upwards and wrap.
    [[nodiscard]] std::uint64_t newest() const { return head_; }
    /// The message before.
    [[nodiscard]] static std::uint64_t before(std::uint64_t id) { return (id - 1) & k_id_mask; }
    /// The message that follows.
    [[nodiscard]] static std::uint64_t after(std::uint64_t id) { return (id + 1) & k_id_mask; }
    /// How many messages came after `id` up to the newest; many if it is from another life.
    [[nodiscard]] std::uint64_t count_after(std::uint64_t id) const
    {
        return (head_ - id) & k_id_mask;
    }
    /// How many the ring can hold.
    [[nodiscard]] std::uint64_t capacity() const { return std::uint64_t{1} << count_bits_; }

    /// A message; nothing if it is gone, or not complete yet.
    [[nodiscard]] std::optional<Record> record(std::uint64_t id) const;

    /// Its text, cut where `room` ends. What cannot be printed is '?'.
    [[nodiscard]] std::string_view text(const Record& record, std::span<char> room) const;

private:
    static constexpr std::uint64_t k_id_mask = ~std::uint64_t{0} >> 2;

    KernelLog(GuestSpace& space, const KernelNotes& notes)
        : space_{&space}
        , notes_{notes}
    {
    }

    GuestSpace*   space_;
    KernelNotes   notes_;
    std::uint64_t head_       = 0;
    unsigned      count_bits_ = 0;
    unsigned      data_bits_  = 0;
    std::uint64_t descs_      = 0;
    std::uint64_t infos_      = 0;
    std::uint64_t data_       = 0;
};

} // namespace vmm
