/* SPDX-License-Identifier: BSD-2-Clause */
/* picokit keeps no log of kernel entries: CONFIG_BENCHMARK_TRACK_KERNEL_ENTRIES is never defined,
 * and this header exists for programs that include it before they ask. */
#pragma once

#include <sel4/config.h>
