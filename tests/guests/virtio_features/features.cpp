// SPDX-License-Identifier: BSD-2-Clause
// Says which features each virtIO device offers, and checks the device with all of them, without
// each, with each alone, and with none. A line each; a device that does not do what it should is
// WRONG in it.
#include "check.hpp"
#include "voice.hpp"

#include "guest/console.hpp"
#include "guest/main.hpp"

#include <algorithm>
#include <array>

namespace {

using namespace guest;

alignas(4096) constinit std::array<std::byte, 64 * 1024> memory{};

const char* outcome(Wrong wrong)
{
    if (wrong == nullptr) {
        return "well";
    }
    print("\nfeatures: WRONG: ", wrong, "\n");
    return "WRONG";
}

/// What a bit needs beside itself.
std::uint64_t with_its_base(std::uint32_t type, std::uint64_t bit)
{
    using namespace feature;
    if (type == Type::network && (bit & (k_ctrl_rx | k_ctrl_rx_extra)) != 0) {
        bit |= k_ctrl_vq | k_ctrl_rx;
    }
    if (type == Type::network && (bit & (k_host_tso4 | k_host_tso6)) != 0) {
        bit |= k_csum;
    }
    if (type == Type::network && (bit & (k_guest_tso4 | k_guest_tso6)) != 0) {
        bit |= k_guest_csum;
    }
    return bit;
}

/// 2.2, 6: a device of ours has no other interface, so it refuses to do without VERSION_1.
const char* without_version_1(const Window& window)
{
    const Driver driver{window};
    if (!driver.reset()) {
        return outcome("a reset does not end");
    }
    window.write(Register::status, k_acknowledge | k_driver);
    window.write(Register::status, k_acknowledge | k_driver | k_features_ok);
    const bool taken = (driver.status() & k_features_ok) != 0;
    return !driver.reset() || taken ? outcome("it was taken") : "refused";
}

void run_device(const Window& window, Random& random)
{
    const Scratch scratch{reinterpret_cast<std::uint64_t>(memory.data()), memory.size()};
    const auto    offered = Driver{window}.offered();
    const auto    with    = [&](std::uint64_t features) {
        return outcome(check(window, features, random, scratch));
    };
    print("features: ", name_of(window.type), " offers ", base::Hex{offered, 16}, "\n");
    print("features: ", name_of(window.type), " all: ", with(offered), ", none: ", with(0), "\n");
    for (unsigned bit = 0; bit < 64; ++bit) {
        const auto mask = 1ULL << bit;
        if ((offered & mask) == 0) {
            continue;
        }
        const bool  is_version = mask == k_version_1;
        const auto* alone      = with(with_its_base(window.type, mask));
        const auto* off        = is_version ? without_version_1(window) : with(offered & ~mask);
        print("features: ", name_of(window.type), " bit ", bit, " alone: ", alone, ", off: ", off,
              "\n");
    }
    (void)say();
}

} // namespace

void guest::run(const Platform& platform)
{
    const auto        windows = find_windows(platform.device_tree);
    const Scratch     scratch{reinterpret_cast<std::uint64_t>(memory.data()), memory.size()};
    const auto* const console = std::ranges::find(windows, Type::console, &Window::type);
    set_voice(platform, console != windows.end() ? console : nullptr, scratch);
    print("\nfeatures: begin\n");
    Random random{1};
    for (const auto& window : windows) {
        run_device(window, random);
    }
    print("features: end\n");
    (void)say();
}
