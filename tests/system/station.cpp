// SPDX-License-Identifier: BSD-2-Clause
// ARP: RFC 826. IPv4: RFC 791. IPv6: RFC 8200. TCP: RFC 9293.
#include "station.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace system_test {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t k_ethernet = 14, k_tag = 4, k_ipv4 = 20, k_ipv6 = 40, k_tcp = 20;
constexpr std::size_t k_most     = k_ethernet + k_tag + 1500;
constexpr unsigned    k_type_arp = 0x0806, k_type_ipv4 = 0x0800, k_type_ipv6 = 0x86dd,
                   k_type_tag = 0x8100;
constexpr std::array<std::uint8_t, 4> k_own{10, 0, 2, 2};

unsigned word(Bytes bytes, std::size_t at) { return 256U * bytes[at] + bytes[at + 1]; }

/// Where what the frame carries begins.
std::size_t start_of(Bytes frame)
{
    return k_ethernet +
           (word(frame, 12) == k_type_tag && frame.size() >= k_ethernet + k_tag ? k_tag : 0);
}

/// Big-endian words, folded.
unsigned sum(Bytes bytes, unsigned total = 0)
{
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        total += i % 2 == 0 ? 256U * bytes[i] : 1U * bytes[i];
    }
    while (total > 0xffff) {
        total = (total & 0xffff) + (total >> 16);
    }
    return total;
}

bool is_tcp4(Bytes frame)
{
    const auto at = start_of(frame);
    return word(frame, at - 2) == k_type_ipv4 && frame.size() >= at + k_ipv4 + k_tcp &&
           frame[at] >> 4 == 4 && frame[at + 9] == 6;
}
bool is_ipv6(Bytes frame)
{
    const auto at = start_of(frame);
    return word(frame, at - 2) == k_type_ipv6 && frame.size() >= at + k_ipv6 + k_tcp &&
           frame[at] >> 4 == 6;
}

/// Of a frame of TCP over IPv4.
std::optional<std::string> wrong_in_tcp4(Bytes packet)
{
    const auto header = std::size_t{packet[0] & 0xfU} * 4;
    if (header < k_ipv4 || header + k_tcp > packet.size() || word(packet, 2) != packet.size()) {
        return "the lengths of an IPv4 packet";
    }
    if ((word(packet, 6) & 0x3fff) != 0) {
        return "a fragment of a TCP packet, made by the device";
    }
    if (sum(packet.first(header)) != 0xffff) {
        return "the checksum of an IPv4 header";
    }
    const auto tcp    = packet.subspan(header);
    const auto pseudo = sum(packet.subspan(12, 8), 6 + static_cast<unsigned>(tcp.size()));
    if (sum(tcp, pseudo) != 0xffff) {
        return "TCP's checksum";
    }
    return std::nullopt;
}

sockaddr_un address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw std::runtime_error("the name of a station's socket is too long: " + path);
    }
    std::ranges::copy(path, address.sun_path);
    return address;
}

} // namespace

std::optional<std::string> what_is_wrong(Bytes frame)
{
    if (frame.size() < k_ethernet || frame.size() > k_most) {
        return fmt::format("a frame of {} bytes", frame.size());
    }
    if (is_tcp4(frame)) {
        return wrong_in_tcp4(frame.subspan(start_of(frame)));
    }
    if (is_ipv6(frame) &&
        word(frame, start_of(frame) + 4) != frame.size() - start_of(frame) - k_ipv6) {
        return "the length of an IPv6 packet";
    }
    return std::nullopt;
}

Station::Station(std::filesystem::path path)
    : path_{std::move(path)}
    , socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)}
{
    const auto address = address_of(path_.string());
    std::filesystem::remove(path_);
    std::filesystem::remove(path_.string() + ".qemu");
    if (socket_ < 0 ||
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "a station's socket " + path_.string());
    }
    thread_ = std::thread{[this] { run(); }};
}

Station::~Station()
{
    (void)stop();
    ::close(socket_);
}

const Station::Seen& Station::stop()
{
    if (thread_.joinable()) {
        ::shutdown(socket_, SHUT_RDWR); // recv() ends
        thread_.join();
    }
    return seen_;
}

void Station::run()
{
    std::vector<std::uint8_t> buffer(std::size_t{1} << 17);
    for (;;) {
        const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (size > 0) {
            take(Bytes{buffer}.first(static_cast<std::size_t>(size)));
        } else if (size == 0 || errno != EINTR) {
            return;
        }
    }
}

void Station::take(Bytes frame)
{
    ++seen_.frames;
    if (const auto wrong = what_is_wrong(frame)) {
        if (seen_.wrong.empty()) {
            seen_.wrong = fmt::format("{}: {:02x}", *wrong, fmt::join(frame, " "));
        }
        return;
    }
    seen_.tcp4 += is_tcp4(frame) ? 1U : 0U;
    seen_.ipv6 += is_ipv6(frame) ? 1U : 0U;
    if (word(frame, 12) == k_type_arp && frame.size() >= 42 && word(frame, 20) == 1 &&
        std::ranges::equal(frame.subspan(38, 4), k_own)) {
        ++seen_.questions;
        answer(frame);
    }
}

void Station::answer(Bytes question)
{
    constexpr std::array<std::uint8_t, 6> k_mac{0x52, 0x55, 10, 0, 2, 2};
    std::array<std::uint8_t, 60>          frame{};
    std::ranges::copy(question.first(42), frame.begin());
    std::ranges::copy(question.subspan(6, 6), frame.begin()); // to who asks
    std::ranges::copy(k_mac, frame.begin() + 6);
    frame[21] = 2; // an answer
    std::ranges::copy(k_mac, frame.begin() + 22);
    std::ranges::copy(k_own, frame.begin() + 28);
    std::ranges::copy(question.subspan(22, 10), frame.begin() + 32);
    const auto address = address_of(path_.string() + ".qemu");
    // Frames may get lost; who asks asks again.
    (void)::sendto(socket_, frame.data(), frame.size(), MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

} // namespace system_test
