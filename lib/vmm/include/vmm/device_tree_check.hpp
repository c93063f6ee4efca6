// SPDX-License-Identifier: BSD-2-Clause
// Compares a user's own device tree with the machine and names every disagreement.
#pragma once

#include "base/print.hpp"
#include "base/result.hpp"
#include "vmm/device_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// One disagreement. The texts are only valid during the report.
struct DeviceTreeFinding {
    enum class Severity : std::uint8_t {
        error,   ///< the guest will fail, or touch what is not there
        warning, ///< it will work less well than it could
    };

    Severity                     severity;
    std::string_view             node;     ///< path, "/soc/serial@9000000"
    std::string_view             what;     ///< a clause: "RAM that the machine does not have"
    std::optional<std::uint64_t> found;    ///< what the tree says
    std::optional<std::uint64_t> expected; ///< what the machine has
    std::string_view             hint;     ///< what to do, as a clause
};

/// "device tree: error: /cpus/cpu@1: a CPU that the machine does not have (0x1); remove …\n"
void print(base::Sink sink, const DeviceTreeFinding& finding);

/// Who hears of the findings.
class DeviceTreeReporter {
public:
    virtual void report(const DeviceTreeFinding& finding) = 0;

protected:
    ~DeviceTreeReporter() = default;
};

/// Reports every disagreement between the tree and the machine; the number of errors among them.
/// Compared are: memory, CPUs, interrupt controller and its frames, timer, PSCI, initrd, every
/// enabled device's registers and interrupts, and the console that /chosen names. Errors: `blob` is
/// not a sound device tree at all.
[[nodiscard]] base::Result<std::size_t> check_device_tree(std::span<const std::byte> blob,
                                                          const DeviceTreeInputs&    inputs,
                                                          DeviceTreeReporter&        reporter);

} // namespace vmm
