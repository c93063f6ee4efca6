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
#include <cstddef>
#include <span>

namespace vmm {

class Machine;

/// A machine's parts as a system generator describes them: RAM, vCPUs, the timer that wakes it, and
/// its virtIO devices. A device is described twice: `.vmm_config` says where the guest finds it, a
/// client section who stands behind it; the first disk of the one belongs to the first section of
/// the other, and so on. All serial sections are ports of one console.
class SectionDevicesBase {
public:
    SectionDevicesBase(const SectionDevicesBase&)            = delete;
    SectionDevicesBase& operator=(const SectionDevicesBase&) = delete;

    /// Gives it all to the machine, before its boot(). What does not fit together is printed, and
    /// boot() fails.
    void attach_to(Machine& machine, const Sections& from = k_sections);

    /// Null where there is none.
    [[nodiscard]] VirtioConsole* console() { return console_; }
    [[nodiscard]] VirtioSocket*  socket() { return socket_; }
    [[nodiscard]] VirtioBlock*   disk(std::size_t index) { return at(disks_, index); }
    [[nodiscard]] VirtioNetwork* nic(std::size_t index) { return at(nics_, index); }
    [[nodiscard]] VirtioSound*   sound() { return sound_; }

protected:
    /// `room`: memory in which the devices are made, aligned to 64.
    constexpr explicit SectionDevicesBase(std::span<std::byte> room)
        : room_{room}
    {
    }
    ~SectionDevicesBase() = default; // what was made in the room stays

private:
    template <class Device>
    using Several = std::array<Device*, Sections::k_most>;

    template <class Device>
    static Device* at(Several<Device>& devices, std::size_t index)
    {
        return index < devices.size() ? devices[index] : nullptr;
    }

    /// A device of `.vmm_config`.
    struct Place {
        Machine&        machine;
        const Sections& from;
        VirtioWindow    window;
        DeviceOptions   options;
    };
    /// A device in what is left of the room; null and a message where that is too little.
    template <class Device, class Source, class... More>
    Device* create(const Place& place, const Source& source, const More&... more);
    void    make(GuestConfig::Kind kind, const Place& place);
    void    make_console(const Place& place);
    void    make_entropy(const Place& place);
    void    make_socket(const Place& place);
    void    make_disk(const Place& place);
    void    make_nic(const Place& place);
    void    make_sound(const Place& place);
    void    check_all_used(Machine& machine, const Sections& from) const;

    std::span<std::byte>   room_; ///< what is left
    VirtioConsole*         console_ = nullptr;
    VirtioEntropy*         entropy_ = nullptr;
    VirtioSocket*          socket_  = nullptr;
    Several<VirtioBlock>   disks_{};
    Several<VirtioNetwork> nics_{};
    VirtioSound*           sound_ = nullptr;
};

/// With room for the devices of so many bytes: in KiB a disk takes 52, a sound card 70, sockets 47,
/// a console 8, a network card 6, entropy 1.
template <std::size_t Bytes>
class SectionDevicesIn final : public SectionDevicesBase {
public:
    constexpr SectionDevicesIn()
        : SectionDevicesBase{bytes_}
    {
    }

private:
    alignas(64) std::array<std::byte, Bytes> bytes_{};
};

/// Room for one of each and three network cards more, or for three disks instead of sound and
/// sockets.
using SectionDevices = SectionDevicesIn<208 * 1024>;

} // namespace vmm
