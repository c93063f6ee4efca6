// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO console, each port on an sDDF serial client.
#pragma once

#include "backend/serial_port.hpp"
#include "virtio/console.hpp"
#include "vmm/guest_options.hpp"
#include "vmm/virtio_device.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vmm {

/// A port as its owner describes it.
struct ConsolePort {
    const sddf::serial::ClientConfig* section = nullptr;
    /// In a Linux guest a port with a name is /dev/virtio-ports/NAME, one without the console hvcN.
    std::string_view name{};
};

/// Construct it before Machine::boot(); it lives as long as the machine.
class VirtioConsole final : public VirtioDevice, private ChannelListener {
public:
    static constexpr std::size_t k_most_ports = 4;

    VirtioConsole(Machine& machine, const VirtioWindow& window, std::span<const ConsolePort> ports,
                  const DeviceOptions& options = {});

private:
    struct Port {
        Port(microkit::Channel transmit_to, microkit::Channel receive_from)
            : transmit{transmit_to}
            , receive{receive_from}
        {
        }
        ChannelBell         transmit;
        ChannelBell         receive;
        backend::SerialPort serial{transmit, receive};
    };

    void notified(microkit::Channel channel) override;

    std::array<std::optional<Port>, k_most_ports> ports_{};
    virtio::Console::Storage<k_most_ports>        storage_{};
    std::optional<virtio::Console>                model_{};
};

} // namespace vmm
