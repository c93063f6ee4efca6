// SPDX-License-Identifier: BSD-2-Clause
// A Linux guest of an example that a test talks to over its whole life.
#pragma once

#include "front_door.hpp"

#include "options.hpp"
#include "qemu/console.hpp"
#include "qemu/devices.hpp"
#include "qemu/machine.hpp"
#include "work_folder.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace system_test {

/// What is booted, and on what.
struct LinuxOptions {
    const char* system  = "examples/simple/simple"; ///< folder and name
    const char* board   = k_gicv2;
    const char* config  = "debug";
    std::string kernel  = "linux"; ///< a file of build/guest, or any other
    unsigned    vcpus   = 1;
    bool        load    = false; ///< the initramfs with stress-ng and the like, and more memory
    std::string cmdline = "console=ttyAMA0";
    /// A file of build/guest, or any other; empty: the usual one of such a system.
    std::string initrd{};
    /// The image of its disk, written in place; empty: the example's own, which stays as it is.
    std::filesystem::path disk{};
    /// Another layout of the system's programs; empty: the system's own.
    std::filesystem::path layout{};
    /// QEMU's end of its sound card; nothing: one that plays nowhere, or none on QEMU's own
    /// machine.
    std::optional<qemu::Sound> sound{};
    /// QEMU's -icount shift: an instruction takes 2^shift ns; < 0: time follows the host's clock.
    int shift = -1;
    /// On QEMU's own machine, without a hypervisor.
    bool native = false;
};

class LinuxGuest {
public:
    /// Builds and starts it. Failures end the test's patience: the guest then is_running() no more.
    explicit LinuxGuest(const LinuxOptions& options);

    /// Waits for the initramfs' "guest: ready" and its prompt.
    [[nodiscard]] bool boots();
    /// Waits for the "login:" of a Debian and becomes root.
    [[nodiscard]] bool logs_in();
    /// Runs `command` in its shell; the output, or what went wrong in angle brackets.
    [[nodiscard]] std::string run(const std::string& command);
    /// The exit code of the last run().
    [[nodiscard]] int exit_code() const { return exit_code_; }
    /// Types, and does not wait.
    void type(const std::string& line) { (void)console_.send(line + "\n"); }
    /// Types, whatever bytes these are; what comes meanwhile is kept.
    [[nodiscard]] bool send(const std::string& bytes) { return console_.send(bytes); }
    /// `./run exec` with these words, through the system's control channel: the guest's own
    /// console is not needed, and output, errors and exit code come apart. What the guest prints
    /// meanwhile waits.
    [[nodiscard]] Call exec(const std::vector<std::string>& words) const;
    /// The socket of this host that leads to the control channel.
    [[nodiscard]] std::string control() const;
    /// All that comes up to the end of `text`, without it; nothing if that does not come.
    [[nodiscard]] std::optional<std::string> until(const std::string& text);
    /// Waits until a line contains `text`.
    [[nodiscard]] bool says(const std::string& text);
    /// Waits until lines have come that contain these texts, one each, in whatever order.
    [[nodiscard]] bool says_all(const std::vector<std::string>& texts);
    /// Waits until QEMU has ended, as it does when the guest powers off.
    [[nodiscard]] bool ends();

    [[nodiscard]] const std::string& log() const { return console_.transcript(); }
    /// What QEMU itself said.
    [[nodiscard]] const std::string& complaints() const { return console_.complaints(); }

private:
    vmm::WorkFolder folder_; ///< of the image, which QEMU reads again at a reset
    qemu::Console   console_;
    int             exit_code_ = -1;
};

/// Lines of a kernel's log that must not be there: BUG, WARNING, stalls, hung tasks, CPUs that do
/// not come up, clocks that are not trusted.
[[nodiscard]] std::vector<std::string> complaints(const std::string& log);

/// A line for docs/results (./test --long): `test` is the key by which lines are sorted.
void record(const std::string& test, const std::string& line);

} // namespace system_test
