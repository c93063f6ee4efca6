// SPDX-License-Identifier: BSD-2-Clause
// The configuration sections of a VMM's program, which a system generator fills after linking.
#pragma once

#include "sddf/block.hpp"
#include "sddf/entropy.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"
#include "sddf/sound.hpp"
#include "sddf/timer.hpp"
#include "vmm/guest_config.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/passed_through.hpp"
#include "vsock/config.hpp"

#include <array>
#include <cstddef>

namespace vmm {

/// Where a program has its sections. One that no tool filled is a device that there is not.
struct Sections {
    static constexpr std::size_t k_most = 4; ///< of each class

    const GuestConfig*                                     guest   = nullptr;
    const GuestOptions*                                    options = nullptr;
    const PassedThrough*                                   passed  = nullptr;
    const sddf::timer::ClientConfig*                       timer   = nullptr;
    const sddf::entropy::ClientConfig*                     entropy = nullptr;
    const vsock::Config*                                   vsock   = nullptr;
    const sddf::sound::ClientConfig*                       sound   = nullptr;
    std::array<const sddf::serial::ClientConfig*, k_most>  serial{};
    std::array<const sddf::block::ClientConfig*, k_most>   block{};
    std::array<const sddf::network::ClientConfig*, k_most> network{};
};

/// The sections of this library: `.vmm_config`, `.vmm_options`, `.vmm_passthrough`,
/// `.timer_client_config`,
/// `.entropy_client_config`, `.vsock_config`, `.sound_client_config`, `.serial_client_config`,
/// `.blk_client_config`, `.net_client_config`, and of the last three also those with `_1`, `_2` and
/// `_3` at the end of the name. They are in a program that mentions this object.
extern const Sections k_sections;

} // namespace vmm
