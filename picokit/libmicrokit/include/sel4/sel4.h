/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of seL4's interface that programs of a Microkit system use directly. */
#pragma once

#include <interfaces/sel4_client.h>
#include <sel4/assert.h>
#include <sel4/config.h>
#include <sel4/constants.h>
#include <sel4/errors.h>
#include <sel4/faults.h>
#include <sel4/functions.h>
#include <sel4/invocation.h>
#include <sel4/macros.h>
#include <sel4/syscalls.h>
#include <sel4/types.h>
