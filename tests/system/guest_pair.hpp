// SPDX-License-Identifier: BSD-2-Clause
// Two Linux guests that share one console, "one" and "two": lines begin with the name of who
// printed them. What both do at a time may be said in either order.
#pragma once

#include "linux_guest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace system_test {

class GuestPair : public LinuxGuest {
public:
    using LinuxGuest::LinuxGuest;

    /// Types into a guest and waits for a line of it. The answer must not stand in the command,
    /// which the guest's terminal echoes.
    [[nodiscard]] bool ask(unsigned guest, const std::string& command, const std::string& answer)
    {
        tell(guest, command);
        return says(answer);
    }
    /// Types into a guest, and does not wait.
    void tell(unsigned guest, const std::string& command)
    {
        EXPECT_TRUE(send("\x1c" + std::to_string(guest) + "\r"));
        type(command);
    }
    /// Waits until both are ready.
    [[nodiscard]] bool both_boot() { return says_all({"one| guest: ready", "two| guest: ready"}); }
};

} // namespace system_test
