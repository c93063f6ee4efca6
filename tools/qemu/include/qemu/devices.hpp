// SPDX-License-Identifier: BSD-2-Clause
// The virtIO devices of QEMU that a system's drivers stand on.
#pragma once

#include "qemu/program.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace qemu {

/// A disk with the content of a file.
struct Disk {
    std::filesystem::path file;
    /// Whether writes change the file. Otherwise they are gone when QEMU ends.
    bool persistent = false;
};

/// A port of the host that leads to one in the network. Only programs on this host reach it.
struct Forward {
    enum class Protocol : std::uint8_t { tcp, udp };
    Protocol    protocol = Protocol::tcp;
    unsigned    host     = 0;
    std::string address{}; ///< in the network; empty: the first that QEMU gives by DHCP
    unsigned    guest = 0;
};

/// A network card on a network of QEMU's own (10.0.2.0/24, the host is 10.0.2.2).
struct Network {
    std::vector<Forward> forwards;
    /// Not empty: on a wire to whoever has this datagram socket, a frame each, instead of QEMU's
    /// own network. QEMU's end of it is the socket of this name and ".qemu".
    std::filesystem::path wire{};
};

/// A source of random numbers.
struct Entropy {};

/// A console besides the first serial line.
struct SerialPort {
    /// It is the terminal or standard streams, and the first serial line only prints. Otherwise it
    /// is a terminal of its own (/dev/pts/…), which QEMU names.
    bool is_terminal = false;
    /// Not empty: it is a Unix socket of this name instead, on which QEMU listens.
    std::filesystem::path socket{};
};

/// A sound card, with a stream for playback and one for capture.
struct Sound {
    /// What it plays goes to this WAV file (48 kHz, two channels of 16 bits); empty: nowhere.
    std::filesystem::path file{};
    /// Not empty: a back end of QEMU's with its options instead of a file ("alsa,in.dev=null"),
    /// without id.
    std::string backend{};
    unsigned    streams = 2;
};

struct Device {
    std::string name;    ///< for QEMU's ids: letters, digits, _
    unsigned    bus = 0; ///< which virtio-mmio-bus
    std::variant<Disk, Network, Entropy, SerialPort, Sound> kind;
};

/// QEMU's arguments for these devices, with the interface of virtIO 1.0 and later.
[[nodiscard]] std::vector<std::string> device_arguments(const std::vector<Device>& devices);

/// The oldest QEMU that has them all.
[[nodiscard]] Version version_needed(const std::vector<Device>& devices);

/// Whether a serial port among them takes the place of the first serial line.
[[nodiscard]] bool has_terminal(const std::vector<Device>& devices);

/// Whether a running QEMU holds the disk's file in a way that keeps another one from using it so.
[[nodiscard]] bool is_in_use(const Disk& disk);

} // namespace qemu
