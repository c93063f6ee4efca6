// SPDX-License-Identifier: BSD-2-Clause
// What requests to a guest's virtIO devices cost, in our VMM and on QEMU's own devices.
#pragma once

#include "figures.hpp"
#include "options.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

#include <filesystem>

namespace bench {

struct RequestBench {
    const vmm::Options&          options;
    const vmm::System&           system; ///< the example `linux`
    const qemu::Board&           board;
    const std::filesystem::path& guest;  ///< tests/guests/bench_virtio as an Image
    const std::filesystem::path& kernel; ///< Linux
    const std::filesystem::path& folder; ///< for what is made on the way
};

/// Fills in what Figures has of requests. The error says which machine did not do what.
[[nodiscard]] qemu::Result<> measure_requests(const RequestBench& bench, Figures& figures);

} // namespace bench
