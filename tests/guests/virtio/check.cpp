// SPDX-License-Identifier: BSD-2-Clause
#include "check.hpp"

namespace guest {

std::uint64_t sensible(std::uint32_t type, std::uint64_t features)
{
    using namespace feature;
    if (type == Type::network && (features & k_ctrl_vq) == 0) {
        features &= ~(k_ctrl_rx | k_ctrl_rx_extra);
    }
    if (type == Type::network && (features & k_csum) == 0) {
        features &= ~(k_host_tso4 | k_host_tso6);
    }
    if (type == Type::network && (features & k_guest_csum) == 0) {
        features &= ~(k_guest_tso4 | k_guest_tso6);
    }
    if (type == Type::network && (features & k_ctrl_rx) == 0) {
        features &= ~k_ctrl_rx_extra;
    }
    return features;
}

Wrong reset_queue(Driver& driver, std::uint32_t queue, std::uint64_t memory)
{
    const Window& window = driver.window();
    const auto    size   = driver.ring(queue).size();
    window.write(Register::queue_sel, queue);
    window.write(Register::queue_reset, 1);
    if (!wait_until([&] { return window.read(Register::queue_reset) == 0; })) {
        return "the reset of a queue does not end";
    }
    if (window.read(Register::queue_ready) != 0) {
        return "a queue is ready after its reset";
    }
    return driver.add_queue(queue, size, memory) != nullptr ? nullptr
                                                            : "a queue does not come back";
}

namespace {

Wrong check_by_type(Driver& driver, Random& random, Scratch memory, std::uint64_t first_sector)
{
    switch (driver.window().type) {
    case Type::network:
        return check_network(driver, random, memory);
    case Type::block:
        return check_block(driver, random, memory, first_sector);
    case Type::console:
        return check_console(driver, random, memory);
    case Type::entropy:
        return check_entropy(driver, random, memory);
    default:
        return "a device of an unknown type";
    }
}

} // namespace

Wrong check(const Window& window, std::uint64_t features, Random& random, Scratch memory,
            std::uint64_t first_sector)
{
    Driver driver{window};
    if (!driver.begin(sensible(window.type, features))) {
        return "the device does not take the features that it offers";
    }
    const Wrong wrong = check_by_type(driver, random, memory, first_sector);
    // What comes in later must not find the queues: their memory is somebody else's then.
    const bool is_reset = driver.reset();
    return wrong == nullptr && !is_reset ? "a reset does not end" : wrong;
}

Wrong check_entropy(Driver& driver, Random& random, Scratch memory)
{
    Ring* const ring = driver.add_queue(0, 8, memory.take(Ring::bytes(8)));
    if (ring == nullptr || !driver.start()) {
        return "it does not start";
    }
    const auto size   = static_cast<std::uint32_t>(random.between(16, 64));
    const auto buffer = memory.take(size + 16);
    const auto fetch  = [&] {
        const Piece piece{buffer, size, true};
        const auto  written = driver.request(0, {&piece, 1});
        return written && *written >= 1 && *written <= size;
    };
    fill(buffer, size + 16, 0xee);
    unsigned changed = 0;
    for (unsigned tries = 0; tries < 4 && changed == 0; ++tries) {
        if (!fetch()) {
            return "a request for random bytes was not answered with some";
        }
        for (std::uint32_t i = 0; i < size; ++i) {
            changed += bytes_at(buffer)[i] != 0xee ? 1U : 0U;
        }
    }
    for (std::uint32_t i = size; i < size + 16; ++i) {
        if (bytes_at(buffer)[i] != 0xee) {
            return "random bytes were written behind the buffer";
        }
    }
    if (changed == 0) {
        return "the random bytes are all the same";
    }
    if (const Wrong wrong = check_notifications(driver, *ring, fetch)) {
        return wrong;
    }
    if (driver.has(k_ring_reset)) {
        if (const Wrong wrong = reset_queue(driver, 0, memory.take(Ring::bytes(8)))) {
            return wrong;
        }
        return fetch() ? nullptr : "nothing is answered after a queue's reset";
    }
    return nullptr;
}

} // namespace guest
