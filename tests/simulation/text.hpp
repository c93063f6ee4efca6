// SPDX-License-Identifier: BSD-2-Clause
// Streams of characters in which each place says whose they are, and where in the stream.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace simulation {

/// What one client writes, or what is typed for it: eight letters of its own, after one that says
/// that it has begun anew.
struct Text {
    static constexpr unsigned k_letters = 8;

    unsigned client = 0;

    [[nodiscard]] char beginning() const { return static_cast<char>('A' + client * 9); }
    [[nodiscard]] char at(std::uint64_t place) const
    {
        const auto letter = (place * 5 + place / 8 + place / 64) % k_letters;
        return place == 0 ? beginning()
                          : static_cast<char>(beginning() + 1 + static_cast<int>(letter));
    }
    [[nodiscard]] bool owns(char letter) const
    {
        return letter >= beginning() && letter <= beginning() + static_cast<char>(k_letters);
    }
};

/// What a client has written, and what came out of it.
struct Output {
    Text          text{};
    std::uint64_t wanted    = 0; ///< characters, in all of its lives
    std::uint64_t written   = 0; ///< of this life
    std::uint64_t completed = 0; ///< of those, known to be with the virtualiser
    std::uint64_t before    = 0; ///< of earlier lives
    std::uint64_t arrived   = 0; ///< of this life

    [[nodiscard]] bool is_over() const { return before + written >= wanted; }
    void               begin_anew()
    {
        lives_.push_back({completed, written});
        before += written;
        written = completed = 0;
    }
    /// What is wrong with a character that came out; nothing: it is right.
    std::string arrive(char letter)
    {
        const auto who = "output of client " + std::to_string(text.client) + ": ";
        if (letter == text.beginning()) {
            if (life_ != 0) { // the end of the one before
                const auto& last = lives_.at(life_ - 1);
                if (arrived < last.completed) {
                    return who + "only " + std::to_string(arrived) + " of " +
                           std::to_string(last.completed) + " characters before a reset";
                }
            }
            ++life_;
            arrived = 1;
            return {};
        }
        if (life_ == 0 || letter != text.at(arrived)) {
            return who + "character " + std::to_string(arrived) + " is wrong";
        }
        ++arrived;
        return {};
    }
    /// Whether all of the last life came out.
    [[nodiscard]] bool is_complete() const
    {
        // Of a life that a reset has ended early nothing at all may have come out.
        const auto silent = static_cast<std::size_t>(
            std::ranges::count(lives_, std::uint64_t{0}, &Life::completed));
        return written == 0 || (life_ + silent >= lives_.size() + 1 && arrived == written);
    }

private:
    struct Life {
        std::uint64_t completed;
        std::uint64_t written;
    };
    std::vector<Life> lives_{};
    std::size_t       life_ = 0; ///< that came out last, from 1
};

/// What is typed for a client.
struct Input {
    Text          text{};
    std::uint64_t wanted   = 0;
    std::uint64_t typed    = 0;
    std::uint64_t read     = 0; ///< by the client, or given up
    std::uint64_t window   = 1; ///< most between the two
    bool          may_lose = false;
    bool          is_heard = false; ///< the client listens

    [[nodiscard]] bool can_type() const
    {
        return is_heard && typed < wanted && typed - read < window;
    }
    std::string arrive(char letter)
    {
        const auto who = "input of client " + std::to_string(text.client) + ": ";
        if (!text.owns(letter)) {
            return who + "somebody else's";
        }
        if (!may_lose && letter != text.at(read)) {
            return who + "character " + std::to_string(read) + " is wrong";
        }
        if (read == typed) {
            return who + "more than was typed";
        }
        ++read;
        return {};
    }
    bool give_up()
    {
        const bool lost = may_lose && read != typed;
        read            = lost ? typed : read;
        return lost;
    }
};

} // namespace simulation
