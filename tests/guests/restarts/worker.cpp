// SPDX-License-Identifier: BSD-2-Clause
// A client of everything that keeps the rules, while its drivers and virtualisers are restarted. It
// says so line by line, so that the other end of the serial line can see whether one is missing.
#include "worker.hpp"

#include "random.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/entropy.hpp"

#include <array>
#include <string_view>

SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig serial_config;
SDDF_CONFIG(".entropy_client_config") sddf::entropy::ClientConfig entropy_config;

namespace {

sddf::serial::Producer line;
sddf::serial::Consumer entropy;
restarts::Disk         disk;
restarts::Network      network;
bool                   is_over    = false; ///< no more restarts
bool                   is_said    = false; ///< so
bool                   is_closed  = false; ///< the last line was written
std::uint32_t          lines      = 0;
std::uint32_t          told       = 0; ///< disk requests when the last line was written
std::uint32_t          random_got = 0;

constexpr std::uint32_t k_lines_after = 20; ///< when it is over

class Text {
public:
    Text& operator<<(std::string_view text)
    {
        for (const char c : text) {
            bytes_[size_++ % bytes_.size()] = static_cast<std::byte>(c);
        }
        return *this;
    }
    Text& operator<<(std::uint32_t number)
    {
        std::array<char, 10> digits{};
        auto                 at = digits.size();
        do {
            digits[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return *this << std::string_view{&digits[at], digits.size() - at};
    }
    [[nodiscard]] std::span<const std::byte> bytes() const
    {
        return std::span{bytes_}.first(size_);
    }

private:
    std::array<std::byte, 256> bytes_{};
    std::size_t                size_ = 0;
};

/// False: there is no room, and it will be heard of.
bool say(const Text& text)
{
    if (line.space() < text.bytes().size() &&
        !line.ask_for_space(static_cast<std::uint32_t>(text.bytes().size()))) {
        return false;
    }
    (void)line.write(text.bytes());
    if (line.publish()) {
        microkit::Channel{serial_config.tx.id}.notify();
    }
    return true;
}

void take_entropy()
{
    const auto size = entropy.available();
    random_got += size;
    entropy.advance(size);
    if (entropy.release()) {
        microkit::Channel{entropy_config.stream.id}.notify();
    }
}

void report()
{
    const auto& blocks = disk.count();
    const auto& frames = network.count();
    Text        text;
    text << "worker: " << blocks.done << " requests, " << blocks.errors << " errors, "
         << frames.done << " frames, " << random_got << " random bytes, "
         << blocks.wrongs + frames.wrongs << " wrong\n";
    is_closed = say(text);
}

void go_on()
{
    take_entropy();
    if (is_over && !is_said) {
        is_said = say(Text{} << "worker: no more restarts\n");
        lines   = is_said ? 0 : lines;
    }
    const bool more = !is_said || lines < k_lines_after;
    disk.go_on(more);
    network.go_on(more);
    if (more && disk.count().done >= told + 8) {
        Text text;
        text << "line " << lines + 1 << " of the worker's, as whole as it was written\n";
        if (say(text)) {
            ++lines;
            told = disk.count().done;
        }
    }
    if (!more && disk.is_idle() && network.is_idle() && !is_closed) {
        report();
    }
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    require(sddf::check(entropy_config));
    require(line.open(serial_config.tx.queue.bytes(), serial_config.tx.data.bytes()));
    require(entropy.open(entropy_config.stream.queue.bytes(), entropy_config.stream.data.bytes()));
    disk.open();
    network.open();
    go_on();
}

void notified(microkit::Channel channel)
{
    if (channel.id() == restarts::k_word && !is_over) {
        is_over = true;
    }
    go_on();
}
