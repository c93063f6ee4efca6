// SPDX-License-Identifier: BSD-2-Clause
// What the worker does with each class: goes on as far as it can on every event, and counts.
#pragma once

#include <cstdint>

namespace restarts {

struct Count {
    std::uint32_t done   = 0; ///< requests answered, frames received
    std::uint32_t errors = 0; ///< of which it was told
    std::uint32_t wrongs = 0; ///< of which nobody may know: lost, twice, damaged
};

/// Writes and reads blocks, many requests at a time, and compares.
class Disk {
public:
    void open();
    /// With `more` false nothing new begins.
    void go_on(bool more);

    [[nodiscard]] bool         is_idle() const;
    [[nodiscard]] const Count& count() const { return count_; }

private:
    void begin(unsigned place);
    void finish(unsigned place, bool failed);

    Count count_;
};

/// Sends numbered frames from its first card to its second.
class Network {
public:
    void open();
    void go_on(bool more);

    /// All buffers for sending are at home.
    [[nodiscard]] bool         is_idle() const;
    [[nodiscard]] const Count& count() const { return count_; }

private:
    void send();
    void receive();

    Count         count_;
    std::uint32_t last_ = 0;
    std::uint32_t next_ = 1;
};

} // namespace restarts
