// SPDX-License-Identifier: BSD-2-Clause
// A machine with Linux, as our guest or its own, whose shell does what is asked.
#pragma once

#include "options.hpp"
#include "qemu/console.hpp"

#include <string>
#include <vector>

namespace bench {

class LinuxShell {
public:
    /// Starts QEMU and waits until so many `guests` are up and a shell answers. `what` is said, and
    /// begins each error.
    [[nodiscard]] static qemu::Result<LinuxShell> start(std::string                     what,
                                                        const std::vector<std::string>& command,
                                                        const vmm::Options&             options,
                                                        unsigned                        guests);

    /// The output of a command that must succeed.
    [[nodiscard]] qemu::Result<std::string> run(const std::string& command);

    [[nodiscard]] const std::string& what() const { return what_; }

private:
    LinuxShell(std::string what, qemu::Process process, const vmm::Options& options);
    [[nodiscard]] std::unexpected<std::string> lost(const qemu::Outcome& outcome) const;

    std::string   what_;
    qemu::Console console_;
    qemu::Limits  limits_{};
};

} // namespace bench
