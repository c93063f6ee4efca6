// SPDX-License-Identifier: BSD-2-Clause
#include "qemu/devices.hpp"

#include "qemu/descriptor.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

namespace qemu {

namespace {

/// A value in one of QEMU's lists of options, where a comma is written twice.
std::string escaped(const std::string& value)
{
    std::string text;
    for (const char c : value) {
        text += c;
        if (c == ',') {
            text += c;
        }
    }
    return text;
}

/// The words for one device.
struct Words {
    const std::string& name;
    const std::string& bus;

    std::vector<std::string> operator()(const Disk& disk) const
    {
        return {"-drive",
                fmt::format("if=none,id={},format=raw,file={}{}", name, escaped(disk.file.string()),
                            disk.persistent ? "" : ",snapshot=on"),
                "-device", fmt::format("virtio-blk-device,drive={},bus={}", name, bus)};
    }
    std::vector<std::string> operator()(const Network& network) const
    {
        const auto wire    = escaped(network.wire.string());
        auto       backend = fmt::format("user,id={}", name);
        if (!wire.empty()) {
            backend = fmt::format("dgram,id={},local.type=unix,local.path={}.qemu,"
                                  "remote.type=unix,remote.path={}",
                                  name, wire, wire);
        }
        for (const auto& forward : network.forwards) {
            const bool is_udp = forward.protocol == Forward::Protocol::udp;
            backend += fmt::format(",hostfwd={}:127.0.0.1:{}-{}:{}", is_udp ? "udp" : "tcp",
                                   forward.host, forward.address, forward.guest);
        }
        return {"-netdev", backend, "-device",
                fmt::format("virtio-net-device,netdev={},bus={}", name, bus)};
    }
    std::vector<std::string> operator()(const Entropy&) const
    {
        return {"-object", fmt::format("rng-builtin,id={}", name), "-device",
                fmt::format("virtio-rng-device,rng={},bus={}", name, bus)};
    }
    std::vector<std::string> operator()(const SerialPort& port) const
    {
        std::vector<std::string> words;
        if (!port.socket.empty()) {
            words = {"-chardev", fmt::format("socket,id={},server=on,wait=off,path={}", name,
                                             escaped(port.socket.string()))};
        } else if (!port.is_terminal) {
            words = {"-chardev", fmt::format("pty,id={}", name)};
        }
        // The first device makes the bus that the second, the port, sits on.
        const auto* const end = port.is_terminal ? "terminal" : name.c_str();
        words.insert(words.end(),
                     {"-device", fmt::format("virtio-serial-device,id={}-ports,bus={}", name, bus),
                      "-device", fmt::format("virtconsole,chardev={},bus={}-ports.0", end, name)});
        return words;
    }
    std::vector<std::string> operator()(const Sound& sound) const
    {
        auto backend = sound.backend.empty() ? "none" : sound.backend;
        if (sound.backend.empty() && !sound.file.empty()) {
            backend = fmt::format("wav,path={},out.frequency=48000,out.channels=2,out.format=s16",
                                  escaped(sound.file.string()));
        }
        const auto comma = std::min(backend.find(','), backend.size());
        return {"-audiodev",
                fmt::format("{},id={}{}", backend.substr(0, comma), name, backend.substr(comma)),
                "-device",
                fmt::format("virtio-sound-device,audiodev={},streams={},bus={}", name,
                            sound.streams, bus)};
    }
};

} // namespace

std::vector<std::string> device_arguments(const std::vector<Device>& devices)
{
    if (devices.empty()) {
        return {};
    }
    std::vector<std::string> words{"-global", "virtio-mmio.force-legacy=false"};
    for (const auto& device : devices) {
        const auto bus  = fmt::format("virtio-mmio-bus.{}", device.bus);
        const auto more = std::visit(Words{device.name, bus}, device.kind);
        words.insert(words.end(), more.begin(), more.end());
    }
    return words;
}

Version version_needed(const std::vector<Device>& devices)
{
    constexpr Version k_sound{8, 2};
    const bool        has_sound = std::ranges::any_of(
               devices, [](const Device& device) { return std::holds_alternative<Sound>(device.kind); });
    return has_sound ? k_sound : k_plain;
}

bool has_terminal(const std::vector<Device>& devices)
{
    return std::ranges::any_of(devices, [](const Device& device) {
        const auto* const port = std::get_if<SerialPort>(&device.kind);
        return port != nullptr && port->is_terminal;
    });
}

bool is_in_use(const Disk& disk)
{
    // QEMU locks single bytes, one for each thing it does with a file: from 100 what it does, from
    // 200 what it does not want others to do. 101 is writing.
    struct flock lock {};
    lock.l_type   = F_WRLCK; // only asked for, never set
    lock.l_whence = SEEK_SET;
    lock.l_start  = disk.persistent ? 100 : 101;
    lock.l_len    = disk.persistent ? 200 : 1;
    const Descriptor descriptor{::open(disk.file.c_str(), O_RDONLY | O_CLOEXEC)};
    return descriptor.is_open() && ::fcntl(descriptor.number(), F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

} // namespace qemu
