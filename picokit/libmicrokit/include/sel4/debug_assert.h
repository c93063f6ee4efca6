/* SPDX-License-Identifier: BSD-2-Clause */
/* Another name of <sel4/assert.h>. */
#pragma once

#include <sel4/assert.h>
