// SPDX-License-Identifier: BSD-2-Clause
// Makes many changes one: a component that is restarted, whenever that may be, has either moved all
// of its counters and its own books on, or none.
//
// A restart by a parent sets a program counter and nothing else: memory stays as it was in that
// moment. So the journal lies in memory of the program that its init() does not clear (a constinit
// object). A batch of work is: note() each word of the program's own books before it is changed,
// push to and pop from rings, which is not seen yet; stage() every ring; commit(); publish and
// release the rings as always; done(). recover() is the first thing in init(), before a ring opens:
// before commit() the books go back, after it the counters go on.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace sddf {

class Journal {
public:
    static constexpr std::size_t k_words    = 256; ///< that a batch may note
    static constexpr std::size_t k_counters = 136; ///< 64 clients, both directions, and the driver

    constexpr Journal() = default;

    /// Whether so many bytes (whole words for each object) can still be noted in this batch.
    [[nodiscard]] bool has_room(std::size_t bytes) const
    {
        return k_words - noted_ >= (bytes + 7) / 8;
    }

    /// Keeps what `object`, of the program's own books, is now. There must be room.
    template <class T>
    requires(std::is_trivially_copyable_v<T>) void note(T& object)
    {
        note_bytes(std::as_writable_bytes(std::span{&object, 1}));
    }

    /// Puts a ring's counter, as this end will show it, on the list of what commit() decides on.
    template <class End>
    void stage(const End& end)
    {
        end.if_moved([this](auto& counter, auto value) {
            staged_[stages_] = {&counter, value, sizeof counter};
            keep_order();
            ++stages_;
        });
    }

    /// From here on the batch has happened.
    void commit()
    {
        keep_order();
        committed_ = true;
        keep_order();
    }

    /// All that was staged has been shown.
    void done();

    /// Completes or undoes what a restart has interrupted.
    void recover();

private:
    struct Word {
        void*         at;
        std::uint64_t value;
        std::size_t   size;
    };

    /// What interrupts us runs on this core's view of memory: only the compiler must keep order.
    static void keep_order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

    void note_bytes(std::span<std::byte> bytes);

    std::array<Word, k_words>    noted_words_{};
    std::array<Word, k_counters> staged_{};
    std::size_t                  noted_     = 0;
    std::size_t                  stages_    = 0;
    bool                         committed_ = false;
};

} // namespace sddf
