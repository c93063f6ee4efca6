// SPDX-License-Identifier: BSD-2-Clause
// A program without a guest that tells whoever connects how late it is.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/timer.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/links.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;
SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer_config;

namespace {

constexpr std::uint32_t k_daytime_port = 13; // as since RFC 867

constinit vsock::Links                      links;
constinit vsock::Endpoint::Storage<16, 256> storage;
constinit std::optional<vsock::Endpoint>    sockets;

/// Nanoseconds since the machine was started.
std::uint64_t now()
{
    constexpr auto k_get_time = static_cast<std::uint64_t>(sddf::timer::Request::get_time);
    (void)microkit::Channel{timer_config.driver_id}.call(
        microkit::MessageInfo::create(k_get_time, 0));
    return microkit::message_word(0);
}

/// "37.204 s since power-on\n"
class Answer {
public:
    explicit Answer(std::uint64_t nanoseconds)
    {
        constexpr std::string_view k_unit = " s since power-on\n";
        auto                       end    = text_.end();
        end                               = std::ranges::copy_backward(k_unit, end).out;
        for (std::uint64_t rest = nanoseconds / 1'000'000, digits = 0; rest != 0 || digits < 4;
             rest /= 10) {
            *--end = static_cast<char>('0' + rest % 10);
            if (++digits == 3) {
                *--end = '.';
            }
        }
        begin_ = end;
    }
    [[nodiscard]] std::span<const std::byte> bytes() const
    {
        return std::as_bytes(std::span{begin_, text_.end()});
    }

private:
    std::array<char, 48> text_{};
    const char*          begin_;
};

} // namespace

void init()
{
    microkit::require(sddf::check(timer_config));
    microkit::require(links.open(vsock_config));
    sockets.emplace(links.relay(), storage);
    (void)sockets->listen(k_daytime_port);
    microkit::debug_print("clock: context ID ", vsock_config.cid, " tells the time on port 13\n");
}

void notified(microkit::Channel channel)
{
    links.notified(channel);
    while (const auto guest = sockets->accept(k_daytime_port)) {
        (void)sockets->send(*guest, Answer{now()}.bytes());
        sockets->close(*guest); // what was sent still arrives
    }
    sockets->flush();
}
