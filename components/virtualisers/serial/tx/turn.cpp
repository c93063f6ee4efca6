// SPDX-License-Identifier: BSD-2-Clause
#include "turn.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace serial_virt_tx {

namespace {

/// As many as terminals have names for, without black and white.
constexpr std::array<std::string_view, 6> k_colours  = {"\x1b[31m", "\x1b[32m", "\x1b[33m",
                                                        "\x1b[34m", "\x1b[35m", "\x1b[36m"};
constexpr std::string_view                k_reset    = "\x1b[0m";
constexpr std::string_view                k_new_line = "\r\n";
constexpr std::string_view                k_divider  = "| ";

void write(sddf::serial::Producer& driver, std::string_view text)
{
    (void)driver.write(std::as_bytes(std::span{text}));
}

std::string_view name_of(const sddf::serial::TxVirtConfig& config, unsigned number)
{
    const auto& name = config.clients[number].name;
    return {name.data(), static_cast<std::size_t>(std::ranges::find(name, '\0') - name.begin())};
}

/// Bytes up to and with the last end of a line; all of them where there is none.
std::size_t whole_lines(std::span<const std::byte> bytes)
{
    const auto last = std::find(bytes.rbegin(), bytes.rend(), std::byte{'\n'});
    return last == bytes.rend() ? bytes.size() : static_cast<std::size_t>(bytes.rend() - last);
}

/// Bytes up to and with the first end of a line; all of them where there is none.
std::size_t one_line(std::span<const std::byte> bytes)
{
    const auto end = std::find(bytes.begin(), bytes.end(), std::byte{'\n'});
    return static_cast<std::size_t>(end - bytes.begin()) + (end != bytes.end() ? 1 : 0);
}

} // namespace

base::Result<> Turn::open(const sddf::serial::TxVirtConfig& config, std::uint32_t capacity)
{
    config_ = &config;
    if (config.enable_colour) {
        overhead_ += static_cast<std::uint32_t>(k_colours[0].size() + k_reset.size());
    }
    if (k_labels) {
        std::size_t longest = 0;
        for (unsigned i = 0; i < config.num_clients; ++i) {
            longest = std::max(longest, name_of(config, i).size());
        }
        overhead_ += static_cast<std::uint32_t>(k_new_line.size() + longest + k_divider.size());
    }
    if (capacity <= overhead_) {
        return base::fail("the driver's serial data region is too small for colours or labels",
                          "make it larger than what they take", capacity);
    }
    return {};
}

std::uint32_t Turn::take(sddf::serial::Producer& driver, sddf::serial::Consumer& client,
                         unsigned number, std::uint32_t most)
{
    std::uint32_t done = 0;
    while (done < most) {
        // The rest would not fit, and a line has just ended: a good place for another client.
        if (done != 0 && writer_ == k_nobody && client.available() > most - done && !k_labels) {
            break;
        }
        const auto moved = take_piece(driver, client, number, most - done);
        if (moved == 0) {
            break;
        }
        done += moved;
    }
    return done;
}

std::uint32_t Turn::take_piece(sddf::serial::Producer& driver, sddf::serial::Consumer& client,
                               unsigned number, std::uint32_t most)
{
    const std::uint32_t room = driver.space();
    auto                from = client.data();
    if (from.empty() || room <= overhead_) {
        return 0;
    }
    const std::size_t limit = std::min<std::size_t>(most, room - overhead_);
    if (k_labels) {
        from = from.first(one_line(from));
    }
    if (from.size() > limit) {
        from = from.first(whole_lines(from.first(limit)));
    }
    if (config_->enable_colour) {
        write(driver, k_colours[number % k_colours.size()]);
    }
    if (k_labels) {
        begin_line(driver, number);
    }
    (void)driver.write(from);
    // What was written, not what the client may have made of it since: it can only spoil its own.
    writer_ = from.back() == std::byte{'\n'} ? k_nobody : number;
    if (config_->enable_colour) {
        write(driver, k_reset);
    }
    client.advance(static_cast<std::uint32_t>(from.size()));
    return static_cast<std::uint32_t>(from.size());
}

void Turn::begin_line(sddf::serial::Producer& driver, unsigned number)
{
    if (writer_ == number) {
        return;
    }
    if (writer_ != k_nobody) {
        write(driver, k_new_line);
    }
    write(driver, name_of(*config_, number));
    write(driver, k_divider);
}

} // namespace serial_virt_tx
