// SPDX-License-Identifier: BSD-2-Clause
// A whole system of one class: guests, VMMs, virtualisers, driver, device.
#pragma once

#include "scheduler.hpp"

#include <memory>
#include <string>

namespace simulation {

class World {
public:
    virtual ~World() = default;
    /// When nobody can go on any more: what is wrong, or nothing.
    [[nodiscard]] virtual std::string verdict() = 0;
};

// Each sets up everything with numbers from the scheduler's seed.
std::unique_ptr<World> make_block_world();
std::unique_ptr<World> make_network_world();
std::unique_ptr<World> make_serial_world();

} // namespace simulation
