// SPDX-License-Identifier: BSD-2-Clause
// What the agent in a guest does with one caller.
#pragma once

#include "stream.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace agent {

/// Answers a caller's requests, one after the other, until the caller ends the connection or does
/// not keep to the protocol. A command that runs then gets SIGHUP, with all of its session.
void serve(control::Stream& stream);

// Parts of serve(): each answers one request. False: the connection is of no more use.

/// Kind::run.
[[nodiscard]] bool run(control::Conversation& talk, const control::Message& request);
/// Kind::put.
[[nodiscard]] bool put(control::Conversation& talk, const control::Message& request);
/// Kind::get.
[[nodiscard]] bool get(control::Conversation& talk, const control::Message& request);

/// Says that a request failed with `error`, an errno.
[[nodiscard]] bool fail(control::Conversation& talk, int error, std::string_view what,
                        std::string_view which = {});

/// A file that closes itself.
class File {
public:
    explicit File(int number = -1)
        : number_{number}
    {
    }
    File(const File&)            = delete;
    File& operator=(const File&) = delete;
    ~File() { close(); }

    [[nodiscard]] int  number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    void               reset(int number);
    void               close() { reset(-1); }

private:
    int number_;
};

/// A string with a NUL at its end, from a message; nothing if it has one inside or is too long.
class Path {
public:
    explicit Path(std::string_view text, std::string_view suffix = {});
    [[nodiscard]] bool        is_good() const { return good_; }
    [[nodiscard]] const char* c_str() const { return text_; }

private:
    char text_[4096 + 8];
    bool good_ = false;
};

} // namespace agent
