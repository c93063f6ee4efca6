// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO console.
#include "vmm/virtio_console.hpp"

#include "vmm/machine.hpp"

#include <algorithm>

namespace vmm {

namespace {

constexpr std::uint64_t k_features_of_one =
    virtio::Console::k_feature_size | virtio::Console::k_feature_emerg_write;
constexpr std::uint64_t k_features = k_features_of_one | virtio::Console::k_feature_multiport;

/// Nobody knows how large the screen is at the other end of the serial line. This fits all.
constexpr std::uint16_t k_columns = 80;
constexpr std::uint16_t k_rows    = 24;

} // namespace

VirtioConsole::VirtioConsole(Machine& machine, const VirtioWindow& window,
                             std::span<const ConsolePort> ports, const DeviceOptions& options)
    : VirtioDevice{machine, window}
{
    if (ports.size() > k_most_ports) {
        machine.reject({.what  = "a console has too many ports",
                        .hint  = "4 are the most",
                        .value = ports.size()});
        ports = ports.first(k_most_ports);
    }
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const auto& section = *ports[i].section;
        Port&       port =
            ports_[i].emplace(microkit::Channel{section.tx.id}, microkit::Channel{section.rx.id});
        storage_.ports[i] = virtio::Console::Port{
            {.backend = &port.serial, .name = ports[i].name, .is_console = ports[i].name.empty()}};
        const auto opened = port.serial.open(section);
        note(opened);
        if (!opened) {
            continue;
        }
        listen(port.transmit.channel(), *this);
        if (section.rx.queue.exists() && port.receive.channel() != port.transmit.channel()) {
            listen(port.receive.channel(), *this);
        }
    }
    // One port does without MULTIPORT: it is there sooner.
    const auto offered = ports.size() > 1 ? k_features : k_features_of_one;
    model_.emplace(storage_, ports.size(), offered & ~options.without);
    model_->withhold(options.without);
    model_->set_size(k_columns, k_rows);
    join(*model_);
}

void VirtioConsole::notified(microkit::Channel channel)
{
    for (unsigned i = 0; i < ports_.size() && ports_[i]; ++i) {
        if (channel == ports_[i]->receive.channel()) {
            model_->input_ready(i);
        }
        if (channel == ports_[i]->transmit.channel()) {
            model_->output_ready(i);
        }
    }
}

} // namespace vmm
