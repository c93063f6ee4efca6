// SPDX-License-Identifier: BSD-2-Clause
// The other end of a network card's wire: a station that answers who asks for 10.0.2.2 (ARP), and
// that looks at every frame. What a hostile guest sends must not reach QEMU's own network: a single
// fragment of an IPv4 packet ends QEMU 7.2 there (libslirp 4.7, with or without a guest).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <thread>

namespace system_test {

class Station {
public:
    /// What has come in until stop().
    struct Seen {
        std::uint64_t frames    = 0;
        std::uint64_t questions = 0;
        std::uint64_t tcp4      = 0; ///< frames of TCP over IPv4
        std::uint64_t ipv6      = 0;
        std::string   wrong; ///< of the first frame that is not as it must be: what, and its bytes
    };

    /// Listens at a new socket of this name, to be used as qemu::Network::wire.
    explicit Station(std::filesystem::path path);
    ~Station();
    Station(const Station&)            = delete;
    Station& operator=(const Station&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Listens no more.
    const Seen& stop();

private:
    void run();
    void take(std::span<const std::uint8_t> frame);
    void answer(std::span<const std::uint8_t> question);

    std::filesystem::path path_;
    int                   socket_ = -1;
    Seen                  seen_;
    std::thread           thread_;
};

/// What is wrong with a frame that a card sends: its length, the lengths and checksums in it.
[[nodiscard]] std::optional<std::string> what_is_wrong(std::span<const std::uint8_t> frame);

} // namespace system_test
