// SPDX-License-Identifier: BSD-2-Clause
// fio in a guest: it writes to the disk and reads back what it wrote.
#pragma once

#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include <filesystem>
#include <string>

namespace system_test {

class Fio {
public:
    /// A guest of the example `linux` (but for `options`' disk) with fio on its disk.
    explicit Fio(LinuxOptions options);

    [[nodiscard]] bool boots();
    /// Runs fio with these options. What it has to complain about; empty if every block came back
    /// as it was written.
    [[nodiscard]] std::string run(const std::string& job);
    /// Powers the guest off; complaints of its kernel and of e2fsck about the disk.
    [[nodiscard]] std::string        end();
    [[nodiscard]] const std::string& log() const { return guest_.log(); }

private:
    std::filesystem::path disk_;
    LinuxGuest            guest_;
};

} // namespace system_test
