/* SPDX-License-Identifier: BSD-2-Clause */
/* AArch64's part of <sel4/constants.h>, which has it all. */
#pragma once

#include <sel4/constants.h>
