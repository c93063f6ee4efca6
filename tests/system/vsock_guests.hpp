// SPDX-License-Identifier: BSD-2-Clause
// Two Linux guests with socket devices on one console, and a program that they reach, too
// (tests/guests/sockets).
#pragma once

#include "linux_guest.hpp"

#include <string>

namespace system_test {

/// Context IDs, as sockets.layout.xml has them.
inline constexpr const char* k_cid_of_program = "2";
inline constexpr const char* k_cid_of_one     = "3";
inline constexpr const char* k_cid_of_two     = "4";

/// Their console. A guest is 0 or 1, as it is for the keyboard.
class VsockGuests : public LinuxGuest {
public:
    /// With what is left empty filled in.
    explicit VsockGuests(LinuxOptions options);

    /// Waits for both to serve.
    [[nodiscard]] bool boot();
    /// Runs a command in the shell of a guest; what it printed, and "exit N".
    [[nodiscard]] std::string ask(unsigned guest, const std::string& command);
    /// Types a command there, and does not wait.
    void start(unsigned guest, const std::string& command);

private:
    unsigned asked_ = 0;
};

} // namespace system_test
