// SPDX-License-Identifier: BSD-2-Clause
// Registers of a device for host tests: what arch/mmio.hpp reaches.
#pragma once

#include <cstdint>
#include <functional>

namespace kit {

/// Addresses are what the driver got as its registers' `vaddr`; a test gives it any number.
struct FakeMmio {
    static FakeMmio& instance();

    std::function<std::uint32_t(std::uintptr_t)>       on_read;
    std::function<void(std::uintptr_t, std::uint32_t)> on_write;
    std::function<std::uint8_t(std::uintptr_t)>        on_read8;
};

} // namespace kit
