// SPDX-License-Identifier: BSD-2-Clause
// One device, brought up with features and one queue chosen by chance, for an attack to act on.
#pragma once

#include "check.hpp"
#include "driver.hpp"
#include "random.hpp"
#include "scratch.hpp"

#include "guest/platform.hpp"

#include "base/fixed_vector.hpp"

#include <cstdint>
#include <span>

namespace hostile {

using guest::Driver;
using guest::Piece;
using guest::Pieces;
using guest::Random;
using guest::Ring;
using guest::Scratch;
using guest::Window;

/// How a device must take what an attack did.
enum class Expect : std::uint8_t {
    reset,    ///< it says DEVICE_NEEDS_RESET
    answer,   ///< it uses the buffers, with whatever status
    either,   ///< one of the two
    anything, ///< as it likes, if only it lives on
};

/// Guest RAM, and the part of it that devices may use.
struct Memory {
    std::uint64_t start = 0;
    std::uint64_t end   = 0;
    std::uint64_t arena = 0;
    std::uint64_t size  = 0;

    /// The same value, but never an address of the program: devices that do as they are told must
    /// not be told to overwrite it.
    [[nodiscard]] std::uint64_t harmless(std::uint64_t value) const
    {
        return value >= start && value < end ? arena + value % size : value;
    }
};

struct Scene {
    Random&       random;
    const Memory& memory;
    Driver&       driver;
    std::uint32_t queue = 0;
    Ring*         ring  = nullptr;
    Scratch       scratch;
    /// What the attack found wrong by itself.
    const char* wrong = nullptr;
    /// Requests that were answered or refused beside the last.
    std::uint32_t requests = 0;

    [[nodiscard]] std::uint32_t type() const { return driver.window().type; }
    /// Whether the device looks at this queue as soon as it is told: buffers to receive into it
    /// only takes when there is something.
    [[nodiscard]] bool is_eager() const;

    /// The buffers of a request that is good for this queue. `first` to the disk's end is ours.
    Pieces good_request();
    /// Puts a chain, directly or, if the features have it and chance says so, by a table.
    std::uint16_t place(std::span<const Piece> pieces);
    /// Makes it available and tells the device.
    void go(std::uint16_t head);

    Expect must_reset() const { return is_eager() ? Expect::reset : Expect::anything; }
    Expect must_answer() const { return is_eager() ? Expect::answer : Expect::anything; }
};

/// Whether a device goes on after an attack, so that another one can follow at once.
enum class Then : std::uint8_t { ends, goes_on };

struct Attack {
    const char* name;
    /// Whether it makes sense for a type of device: a bit each; 0 is all.
    std::uint32_t types;
    Then          then;
    Expect (*run)(Scene& scene);
    /// Counts of what became of it.
    std::uint32_t resets = 0, answers = 0, neither = 0, failures = 0;
};

constexpr std::uint32_t only(std::uint32_t type) { return 1U << type; }

std::span<Attack> queue_attacks();
std::span<Attack> setting_attacks();
std::span<Attack> request_attacks();

} // namespace hostile
