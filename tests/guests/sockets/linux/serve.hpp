// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace vsock_test {

/// Offers the services of services.hpp for ever. Returns, with the program's exit code, only if it
/// cannot.
int serve();

} // namespace vsock_test
