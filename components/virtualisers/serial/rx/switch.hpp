// SPDX-License-Identifier: BSD-2-Clause
// Whose input it is: the state machine by which a user at the terminal switches between clients.
#pragma once

#include <cstdint>

namespace serial_virt_rx {

/// Switch character, digits of the client's number, terminating character. The switch character
/// twice is one for the client. With one client there is nothing to switch: all is its input.
class InputSwitch {
public:
    constexpr InputSwitch() = default;
    constexpr InputSwitch(char switch_char, char terminator, unsigned clients)
        : switch_char_{switch_char}
        , terminator_{terminator}
        , clients_{clients}
    {
    }

    [[nodiscard]] constexpr unsigned current() const { return current_; }
    /// Whether the next character is the current client's, unless it is the switch character.
    [[nodiscard]] constexpr bool is_in_text() const { return state_ == State::normal; }

    /// One character. True: it is input of the current client; false: it is part of a switch.
    constexpr bool feed(char c)
    {
        switch (state_) {
        case State::normal:
            if (c == switch_char_ && clients_ > 1) {
                state_ = State::switched;
                return false;
            }
            return true;
        case State::switched:
            if (is_digit(c)) {
                number_ = value(c);
                digits_ = 1;
                state_  = State::number;
                return false;
            }
            state_ = State::normal;
            return c == switch_char_;
        case State::number:
            if (is_digit(c) && digits_ < k_most_digits) {
                number_ = number_ * 10 + value(c);
                ++digits_;
                return false;
            }
            if (c == terminator_ && number_ < clients_) {
                current_ = number_;
            }
            state_ = State::normal;
            return false;
        }
        return false;
    }

private:
    enum class State : std::uint8_t { normal, switched, number };

    static constexpr unsigned k_most_digits = 4;

    [[nodiscard]] static constexpr bool     is_digit(char c) { return c >= '0' && c <= '9'; }
    [[nodiscard]] static constexpr unsigned value(char c) { return static_cast<unsigned>(c - '0'); }

    char     switch_char_ = 0;
    char     terminator_  = 0;
    unsigned clients_     = 0;
    unsigned current_     = 0;
    State    state_       = State::normal;
    unsigned number_      = 0;
    unsigned digits_      = 0;
};

} // namespace serial_virt_rx
