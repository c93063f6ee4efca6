// SPDX-License-Identifier: BSD-2-Clause
// Everything that the configuration sections say a machine has.
#pragma once

#include "vmm/sections.hpp"
#include "vmm/virtio_block.hpp"
#include "vmm/virtio_console.hpp"
#include "vmm/virtio_entropy.hpp"
#include "vmm/virtio_network.hpp"
#include "vmm/virtio_socket.hpp"
#include "vmm/virtio_sound.hpp"

#include <array>
#include <optional>

namespace vmm {

class Machine;

/// A machine's parts as a system generator describes them: RAM, vCPUs, the timer that wakes it, and
/// its virtIO devices. A device is described twice: `.vmm_config` says where the guest finds it, a
/// client section who stands behind it; the first disk of the one belongs to the first section of
/// the other, and so on. All serial sections are ports of one console.
class SectionDevices {
public:
    constexpr SectionDevices()                       = default;
    SectionDevices(const SectionDevices&)            = delete;
    SectionDevices& operator=(const SectionDevices&) = delete;

    /// Gives it all to the machine, before its boot(). What does not fit together is printed, and
    /// boot() fails.
    void attach_to(Machine& machine, const Sections& from = k_sections);

    /// Null where there is none.
    [[nodiscard]] VirtioConsole* console() { return console_ ? &*console_ : nullptr; }
    [[nodiscard]] VirtioSocket*  socket() { return socket_ ? &*socket_ : nullptr; }
    [[nodiscard]] VirtioBlock*   disk(std::size_t index) { return at(disks_, index); }
    [[nodiscard]] VirtioNetwork* nic(std::size_t index) { return at(nics_, index); }
    [[nodiscard]] VirtioSound*   sound() { return sound_ ? &*sound_ : nullptr; }

private:
    template <class Device>
    using Several = std::array<std::optional<Device>, Sections::k_most>;

    template <class Device>
    static Device* at(Several<Device>& devices, std::size_t index)
    {
        return index < devices.size() && devices[index] ? &*devices[index] : nullptr;
    }

    /// A device of `.vmm_config`.
    struct Place {
        Machine&        machine;
        const Sections& from;
        VirtioWindow    window;
        DeviceOptions   options;
    };
    void make(GuestConfig::Kind kind, const Place& place);
    void make_console(const Place& place);
    void make_entropy(const Place& place);
    void make_socket(const Place& place);
    void make_disk(const Place& place);
    void make_nic(const Place& place);
    void make_sound(const Place& place);
    void check_all_used(Machine& machine, const Sections& from) const;

    std::optional<VirtioConsole> console_{};
    std::optional<VirtioEntropy> entropy_{};
    std::optional<VirtioSocket>  socket_{};
    Several<VirtioBlock>         disks_{};
    Several<VirtioNetwork>       nics_{};
    std::optional<VirtioSound>   sound_{};
};

} // namespace vmm
