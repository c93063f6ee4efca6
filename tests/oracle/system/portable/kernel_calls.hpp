// SPDX-License-Identifier: BSD-2-Clause
// Which of the kernel's calls the machine uses.
#pragma once

#include "vmm/config.hpp"

inline constexpr auto k_kernel_calls = vmm::KernelCalls::portable;
