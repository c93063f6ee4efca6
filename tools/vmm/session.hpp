// SPDX-License-Identifier: BSD-2-Clause
// What happens with a machine once its image is made: a person at its console, a tour, one command,
// or waiting for what it must print.
#pragma once

#include "control.hpp"
#include "own_guest.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "system.hpp"

namespace vmm {

/// The machine stalled, crashed or did not start.
inline constexpr int k_exit_trouble = 125;

/// What is booted, and on what.
struct Boot {
    const System&                                system;
    const qemu::Board&                           board;
    const std::vector<qemu::Device>&             devices;
    KernelKind                                   kind; ///< of its guest's kernel
    const std::optional<control::RunningSystem>& control;
};

/// Boots a system and does with it what `options` ask for. Gives the program's exit code (see
/// help.txt); explains a failure on standard error.
[[nodiscard]] int run_session(const Boot& boot, const Options& options);

} // namespace vmm
