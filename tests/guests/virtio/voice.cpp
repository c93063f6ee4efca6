// SPDX-License-Identifier: BSD-2-Clause
#include "voice.hpp"

#include "guest/console.hpp"

#include <array>

namespace guest {
namespace {

constexpr std::size_t k_room = 16 * 1024;

constinit std::array<char, k_room> text{};
constinit std::size_t              length = 0;
constinit const Window*            window = nullptr;
constinit std::uint64_t            start = 0, size = 0;

void keep(char c)
{
    if (length < text.size()) {
        text[length++] = c;
    }
}

} // namespace

void set_voice(const guest::Platform& platform, const Window* console, Scratch memory)
{
    if (platform.uart == 0 && console != nullptr) {
        window = console;
        start  = memory.start();
        size   = memory.size();
        guest::set_console(keep);
    }
}

bool say()
{
    if (window == nullptr || length == 0) {
        return true;
    }
    Driver  driver{*window};
    Scratch memory{start, size};
    if (!driver.begin(0) || driver.add_queue(0, 8, memory.take(Ring::bytes(8))) == nullptr ||
        driver.add_queue(1, 8, memory.take(Ring::bytes(8))) == nullptr || !driver.start()) {
        return false;
    }
    const auto buffer = memory.take(1024);
    for (std::size_t done = 0; done < length;) {
        std::uint32_t count = 0;
        for (; count < 1024 && done < length; ++count, ++done) {
            guest::bytes_at(buffer)[count] = static_cast<std::uint8_t>(text[done]);
        }
        const Piece piece{buffer, count, false};
        if (!driver.request(1, {&piece, 1})) {
            return false;
        }
    }
    length = 0;
    return driver.reset();
}

} // namespace guest
