// SPDX-License-Identifier: BSD-2-Clause
// What a situation expects. Where that is not so, it ends with a line that says where and what.
#pragma once

#include <source_location>
#include <string>
#include <string_view>

namespace vsock_test {

struct Failure {
    std::string text;
};

using Place = std::source_location;

[[noreturn]] inline void fail(std::string_view what, const std::string& how, const Place& place)
{
    const std::string_view file = place.file_name();
    throw Failure{std::string{file.substr(file.rfind('/') + 1)} + ':' +
                  std::to_string(place.line()) + ": " + std::string{what} + ": " + how};
}

inline void holds(std::string_view what, bool it, const Place& place = Place::current())
{
    if (!it) {
        fail(what, "that is not so", place);
    }
}

inline void equal(std::string_view what, long got, long want, const Place& place = Place::current())
{
    if (got != want) {
        fail(what, "got " + std::to_string(got) + ", want " + std::to_string(want), place);
    }
}

inline void succeeds(std::string_view what, long result, const Place& place = Place::current())
{
    if (result < 0) {
        fail(what, "error " + std::to_string(-result), place);
    }
}

} // namespace vsock_test
