/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration, CONFIG_…: one of the names it goes by. */
#pragma once

#include <kernel/gen_config.h>
