// SPDX-License-Identifier: BSD-2-Clause
// What may be done to a device around its requests: the order of its status bits, features, queues
// that are described wrongly, changed or ended while they live, resets in the middle, and registers
// of any width at any offset (virtIO 1.2, 2.1, 2.6, 3.1, 4.2.2).
#include "scene.hpp"

#include "guest/exception.hpp"

#include <algorithm>

namespace hostile {
namespace {

using namespace guest;

Expect wrong(Scene& scene, const char* what)
{
    scene.wrong = what;
    return Expect::anything;
}

/// One good request through the queue that the scene has; tells whether the device still works.
bool still_works(Scene& scene)
{
    if (!scene.is_eager()) {
        return true;
    }
    ++scene.requests;
    scene.ring->offer(scene.ring->place(scene.good_request()));
    scene.driver.notify(scene.queue);
    return scene.driver.wait(scene.queue).has_value();
}

Expect before_driver_ok(Scene& scene)
{
    if (!scene.driver.begin(scene.driver.features())) {
        return wrong(scene, "features that were taken are refused");
    }
    Ring* const ring =
        scene.driver.add_queue(scene.queue, scene.ring->size(), scene.ring->descriptor_area());
    if (ring == nullptr) {
        return wrong(scene, "a queue that was taken is refused");
    }
    ring->offer(ring->place(scene.good_request()));
    for (unsigned i = 0; i < 4; ++i) {
        scene.driver.notify(scene.queue);
    }
    if (ring->has_used() || scene.driver.needs_reset()) {
        return wrong(scene, "a request was looked at before DRIVER_OK");
    }
    if (!scene.driver.start()) {
        return wrong(scene, "it does not start after a notification that came too early");
    }
    return scene.must_answer();
}

Expect features_refused(Scene& scene)
{
    const Window& window = scene.driver.window();
    if (!scene.driver.reset()) {
        return wrong(scene, "a reset does not end");
    }
    const auto offered = scene.driver.offered();
    const auto extra   = 1ULL << scene.random.below(64);
    // Without VERSION_1, or with a bit that is not offered.
    const auto features = (offered & extra) != 0 ? offered & ~k_version_1 : offered | extra;
    window.write(Register::status, k_acknowledge | k_driver);
    window.write(Register::driver_features_sel, 0);
    window.write(Register::driver_features, static_cast<std::uint32_t>(features));
    window.write(Register::driver_features_sel, 1);
    window.write(Register::driver_features, static_cast<std::uint32_t>(features >> 32));
    window.write(Register::driver_features_sel, static_cast<std::uint32_t>(scene.random.next()));
    window.write(Register::driver_features, static_cast<std::uint32_t>(scene.random.next()));
    window.write(Register::status, k_acknowledge | k_driver | k_features_ok);
    if ((scene.driver.status() & k_features_ok) != 0) {
        return wrong(scene, "features that were not offered are taken");
    }
    (void)scene.driver.start();
    scene.driver.notify(scene.queue);
    return (scene.driver.status() & k_driver_ok) != 0
               ? wrong(scene, "DRIVER_OK without FEATURES_OK")
               : Expect::anything;
}

Expect features_too_late(Scene& scene)
{
    const Window& window = scene.driver.window();
    for (std::uint32_t word = 0; word < 2; ++word) {
        window.write(Register::driver_features_sel, word);
        window.write(Register::driver_features, static_cast<std::uint32_t>(scene.random.next()));
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "features changed after FEATURES_OK");
}

Expect status_bits(Scene& scene)
{
    const Window& window = scene.driver.window();
    for (unsigned i = scene.random.between(1, 8) & 0xf; i > 0; --i) {
        const auto bits = static_cast<std::uint32_t>(scene.random.next());
        if ((bits & 0xff) == 0) {
            continue;
        }
        const auto before = scene.driver.status();
        window.write(Register::status, scene.random.one_in(2) ? bits : bits & 0xff);
        if ((scene.driver.status() & before) != before) {
            return wrong(scene, "a status bit was cleared");
        }
        if ((scene.driver.status() & 0x30) != 0) {
            return wrong(scene, "a reserved status bit was set");
        }
    }
    scene.driver.notify(scene.queue);
    return Expect::anything;
}

Expect failed(Scene& scene)
{
    scene.driver.window().write(Register::status, scene.driver.status() | k_failed);
    if (!scene.is_eager()) {
        return Expect::anything;
    }
    scene.go(scene.place(scene.good_request()));
    return scene.ring->has_used() ? wrong(scene, "a request was answered after FAILED")
                                  : Expect::anything;
}

/// Reset and at once set up again, with requests on their way.
Expect reset_in_the_middle(Scene& scene)
{
    const auto times = scene.random.between(1, 4);
    for (std::uint64_t i = 0; i < times; ++i) {
        scene.ring->offer(scene.place(scene.good_request()));
        scene.requests += scene.is_eager() ? 1U : 0U;
    }
    scene.driver.notify(scene.queue);
    if (!scene.driver.reset()) {
        return wrong(scene, "a reset does not end");
    }
    // From now on the memory is ours again.
    const auto start = scene.ring->descriptor_area();
    const auto size  = Ring::bytes(scene.ring->size());
    fill(start, size, 0xa5);
    for (unsigned i = 0; i < 64; ++i) {
        (void)scene.driver.status();
    }
    for (std::uint64_t i = 0; i < size; ++i) {
        if (bytes_at(start)[i] != 0xa5) {
            return wrong(scene, "a device wrote to its ring after the reset");
        }
    }
    return Expect::anything;
}

Expect queue_reset_in_the_middle(Scene& scene)
{
    const auto room = std::max<std::uint64_t>(1, scene.ring->size() / 4U); // chains of up to three
    for (auto times = scene.random.between(1, std::min<std::uint64_t>(4, room)); times > 0;
         --times) {
        scene.ring->offer(scene.place(scene.good_request()));
    }
    scene.driver.notify(scene.queue);
    const Window& window = scene.driver.window();
    window.write(Register::queue_sel, scene.queue);
    window.write(Register::queue_reset, 1);
    scene.driver.notify(scene.queue);
    if (!scene.driver.has(k_ring_reset)) {
        return Expect::anything;
    }
    if (!wait_until([&] { return window.read(Register::queue_reset) == 0; })) {
        return wrong(scene, "the reset of a queue does not end");
    }
    if (scene.driver.needs_reset()) {
        return wrong(scene, "the reset of a queue broke the device");
    }
    const auto memory = scene.scratch.take(Ring::bytes(scene.ring->size()));
    scene.ring        = scene.driver.add_queue(scene.queue, scene.ring->size(), memory);
    if (scene.ring == nullptr) {
        return wrong(scene, "a queue does not come back");
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "nothing is answered after a queue's reset");
}

/// 4.2.2.2: the settings of a queue that is ready stand.
Expect changed_while_live(Scene& scene)
{
    const auto random = [&] { return scene.random.next() >> scene.random.below(64); };
    scene.driver.describe(scene.queue, static_cast<std::uint32_t>(random()),
                          scene.memory.harmless(random()), scene.memory.harmless(random()),
                          scene.memory.harmless(random()));
    if (scene.random.one_in(2)) {
        scene.driver.window().write(Register::queue_ready, 1);
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "a queue changed while it was ready");
}

Expect ended_while_live(Scene& scene)
{
    const Window& window = scene.driver.window();
    scene.ring->offer(scene.place(scene.good_request()));
    window.write(Register::queue_sel, scene.queue);
    window.write(Register::queue_ready, 0);
    for (unsigned i = 0; i < 4; ++i) {
        scene.driver.notify(scene.queue);
    }
    window.write(Register::queue_ready, static_cast<std::uint32_t>(scene.random.below(3)));
    return Expect::anything;
}

/// A queue that cannot be: its size, or one of its addresses.
Expect impossible_queue(Scene& scene)
{
    const Window& window = scene.driver.window();
    if (!scene.driver.begin(scene.driver.features())) {
        return wrong(scene, "features that were taken are refused");
    }
    window.write(Register::queue_sel, scene.queue);
    const auto                   most = window.read(Register::queue_num_max);
    std::uint32_t                size = 16;
    const auto                   ring = scene.scratch.take(Ring::bytes(16));
    std::array<std::uint64_t, 3> parts{ring, ring + 256, ring + 296};
    if (scene.random.one_in(3)) {
        const std::array<std::uint32_t, 6> sizes{0,        3,           most + 1,
                                                 most * 2, 0x8000'0000, 0xffff'ffff};
        size = scene.random.pick(sizes);
    } else {
        const std::array<std::uint64_t, 8> places{0,
                                                  window.base,
                                                  scene.memory.end,
                                                  scene.memory.end - 16,
                                                  scene.memory.start - 16,
                                                  ~std::uint64_t{0} - 15,
                                                  1ULL << 40,
                                                  ring + 1}; // not aligned
        parts[scene.random.below(3)] = scene.random.pick(places);
    }
    scene.driver.describe(scene.queue, size, parts[0], parts[1], parts[2]);
    window.write(Register::queue_ready, 1);
    (void)scene.driver.start();
    scene.driver.notify(scene.queue);
    // QEMU's devices take some of these; ours none.
    return Expect::either;
}

Expect queues_that_are_not(Scene& scene)
{
    const Window& window = scene.driver.window();
    for (unsigned i = 0; i < 8; ++i) {
        const auto index =
            static_cast<std::uint32_t>(scene.random.next() >> scene.random.between(32, 60));
        if (index == scene.queue) {
            continue;
        }
        window.write(Register::queue_notify, index);
        if (index > 64) { // far more than any device has
            window.write(Register::queue_sel, index);
            if (window.read(Register::queue_num_max) != 0) {
                return wrong(scene, "a queue that is not there has a size");
            }
            window.write(Register::queue_num, 16);
            window.write(Register::queue_ready, 1);
            window.write(Register::queue_reset, 1);
            if (window.read(Register::queue_ready) != 0) {
                return wrong(scene, "a queue that is not there is ready");
            }
        }
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "notifications of other queues stopped this one");
}

// Registers. Each access may fault in the guest; that is survived.
constinit std::uint64_t access_value = 0;
constinit unsigned      access_kind  = 0;

void access(std::uint64_t address)
{
    auto value = access_value;
    switch (access_kind) {
    case 0:
        asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 1:
        asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 2:
        asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 3:
        asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 4:
        asm volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
        break;
    case 5:
        asm volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
        break;
    case 6:
        asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
        break;
    case 7:
        asm volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
        break;
    case 8: // without a syndrome
        asm volatile("ldp %w0, %w1, [%1]" : "=&r"(value), "+r"(address)::"memory");
        break;
    case 9:
        asm volatile("stp %w0, wzr, [%1]" ::"r"(value), "r"(address) : "memory");
        break;
    case 10:
        asm volatile("ldrsh %0, [%1], #4" : "=r"(value), "+r"(address)::"memory");
        break;
    default:
        asm volatile("str %w0, [%1, #4]!" : "+r"(value), "+r"(address)::"memory");
        break;
    }
}

Expect registers(Scene& scene)
{
    constexpr std::uint64_t k_size = 0x200;
    for (auto times = scene.random.between(1, 48); times > 0; --times) {
        access_kind = static_cast<unsigned>(scene.random.below(12));
        // Mostly where something is, mostly aligned.
        auto offset = scene.random.below(scene.random.one_in(4) ? k_size : 0x110);
        if (!scene.random.one_in(16)) {
            offset &= ~std::uint64_t{7} + (scene.random.one_in(2) ? 4 : 0);
        }
        offset = std::min(offset, k_size - 16);
        // Characters written for an emergency would only fill the log.
        if (scene.type() == Type::console && offset >= 0x100 && access_kind > 3) {
            offset = 0x100;
        }
        // Half of an address may be written: the lower half must be harmless by itself.
        const auto any = scene.random.next() >> scene.random.below(64);
        access_value   = scene.random.one_in(3)
                             ? scene.random.below(4)
                             : (any & ~0xffff'ffffULL) | scene.memory.harmless(any & 0xffff'ffff);
        (void)survive(access, scene.driver.window().base + offset);
    }
    return Expect::anything;
}

/// Registers that are only read, and those that are not there, do not change.
Expect fixed_registers(Scene& scene)
{
    const Window& window = scene.driver.window();
    for (std::uint64_t offset = 0; offset < Register::config; offset += 4) {
        const bool is_writable = (offset >= 0x10 && offset <= 0xa8 && offset != 0x34) ||
                                 offset == 0xac || offset == Register::queue_reset;
        const auto before = is_writable ? 0 : window.read(offset);
        if (!is_writable) {
            window.write(offset, static_cast<std::uint32_t>(scene.random.next()));
            if (window.read(offset) != before) {
                return wrong(scene, "a register that is only read has changed");
            }
        }
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "writes to fixed registers stopped the device");
}

Expect configuration(Scene& scene)
{
    const Window& window = scene.driver.window();
    if (scene.type() == Type::console) {
        return Expect::anything; // all that is writable there is the emergency character
    }
    for (auto times = scene.random.between(1, 16); times > 0; --times) {
        const auto offset = scene.random.below(0x100) & ~std::uint64_t{3};
        window.write(Register::config + offset, static_cast<std::uint32_t>(scene.random.next()));
    }
    return still_works(scene) ? Expect::anything
                              : wrong(scene, "writes to the configuration stopped the device");
}

constinit Attack attacks[] = {
    {"request before DRIVER_OK", 0, Then::ends, before_driver_ok},
    {"features that are not offered", 0, Then::ends, features_refused},
    {"features after FEATURES_OK", 0, Then::ends, features_too_late},
    {"status bits in any order", 0, Then::ends, status_bits},
    {"request after FAILED", 0, Then::ends, failed},
    {"reset in the middle", 0, Then::ends, reset_in_the_middle},
    {"queue reset in the middle", 0, Then::ends, queue_reset_in_the_middle},
    {"queue changed while live", 0, Then::ends, changed_while_live},
    {"queue ended while live", 0, Then::ends, ended_while_live},
    {"impossible queue", 0, Then::ends, impossible_queue},
    {"queues that are not there", 0, Then::ends, queues_that_are_not},
    {"registers of any width", 0, Then::ends, registers},
    {"fixed registers written", 0, Then::ends, fixed_registers},
    {"configuration written", 0, Then::ends, configuration},
};

} // namespace

std::span<Attack> setting_attacks() { return attacks; }

} // namespace hostile
