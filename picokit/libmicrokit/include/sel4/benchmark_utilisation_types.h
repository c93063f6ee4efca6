/* SPDX-License-Identifier: BSD-2-Clause */
/* picokit keeps no account of CPU time: CONFIG_BENCHMARK_TRACK_UTILISATION is never defined, and
 * this header exists for programs that include it before they ask. */
#pragma once

#include <sel4/config.h>
