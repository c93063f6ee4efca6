/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration under the name that older programs include. */
#pragma once

#include <kernel/gen_config.h>
