// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtIO sound device (virtIO 1.2, 5.14): sDDF's sound class, playback and capture.
//
// Each event is one change (sddf/journal.hpp), before the device hears of it. What a restart must
// know (the streams' states, the command and the buffers under way) is in memory that it keeps: the
// device is brought to where it was, and gets again what it was not done with.
#include "driver.hpp"

#include "microkit/require.hpp"

#include <memory>

SDDF_CONFIG(".device_resources") sddf::DeviceResources device_resources;
SDDF_CONFIG(".sound_driver_config") sddf::sound::DriverConfig sound_config;

namespace sound_virtio {

constinit Kept        kept;
Driver                driver;
virtio_driver::Device device{device_resources};

sddf::sound::SharedState& state_page()
{
    return *reinterpret_cast<sddf::sound::SharedState*>(::sound_config.virt.state.vaddr);
}

namespace {

/// As one change: what was taken, what is answered. Only then the device hears of it.
void show()
{
    auto& journal = kept.journal;
    journal.stage(driver.commands);
    journal.stage(driver.command_answers);
    journal.stage(driver.requests);
    journal.stage(driver.answers);
    journal.commit();
    (void)driver.commands.release();
    (void)driver.requests.release();
    const bool has_answers = driver.answers.publish();
    const bool is_obeyed   = driver.command_answers.publish();
    journal.done();
    for (unsigned i = 0; i < driver.queues.size(); ++i) {
        if (driver.queues[i].publish()) {
            device.transport.notify(i);
        }
    }
    if (has_answers || is_obeyed) {
        microkit::Channel{sound_config.virt.id}.notify();
    }
}

/// The device may report what nobody has asked for.
void take_events()
{
    auto& queue = driver.queues[k_events];
    for (unsigned i = 0; i < k_most_events && queue.pop(); ++i) {
    }
    while (queue.free() != 0) {
        const auto& event = shared().events[queue.next_token()];
        (void)queue.add({{device.address_of(&event), sizeof(Event), true}});
    }
}

void run()
{
    take_events();
    take_buffers_back();
    take_control_answers();
    take_commands();
    take_buffers();
    give_buffers_to_device();
    show();
}

} // namespace

void make_room()
{
    // A change notes a place and a stream at most.
    if (!kept.journal.has_room(4 * sizeof(Place) + 2 * sizeof(KeptStream))) {
        show();
    }
}

} // namespace sound_virtio

void init()
{
    using namespace sound_virtio;
    using microkit::require;
    require(sddf::check(sound_config));
    const auto& virt = sound_config.virt;
    if (virt.state.size < sizeof(sddf::sound::SharedState)) {
        microkit::panic("the region that tells about streams is too small");
    }
    kept.journal.recover();
    std::construct_at(&driver); // in place: it is larger than a stack may be
    require(driver.commands.open(virt.cmd_req.bytes(), sddf::sound::k_command_capacity));
    require(driver.command_answers.open(virt.cmd_resp.bytes(), sddf::sound::k_command_capacity));
    require(driver.requests.open(virt.pcm_req.bytes(), sddf::sound::k_pcm_capacity));
    require(driver.answers.open(virt.pcm_resp.bytes(), sddf::sound::k_pcm_capacity));
    restore_buffers();
    take_leave();
    require(device.open(k_device_type, k_end));
    require(device.transport.negotiate(0));
    constexpr std::array<std::uint16_t, 4> k_sizes{k_most_orders, k_most_events, Virtqueue::k_most,
                                                   Virtqueue::k_most};
    for (unsigned i = 0; i < driver.queues.size(); ++i) {
        require(device.open_queue(i, driver.queues[i], k_queue_offsets[i], k_sizes[i]));
    }
    device.transport.start();
    ask_for_streams();
    run();
    // Before a restart a counter may have moved without a notification.
    microkit::Channel{virt.id}.notify();
    device.take_interrupts();
}

void notified(microkit::Channel channel)
{
    sound_virtio::device.on_event(channel, sound_virtio::run);
}
