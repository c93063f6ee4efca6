// SPDX-License-Identifier: BSD-2-Clause
// Frames of one TCP connection, put together to a packet of up to 64 KiB: what a device may give to
// a driver that has negotiated GUEST_TSO4 or GUEST_TSO6 (virtIO 1.2, 5.1.6.4). The reverse of
// Segmenter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace virtio {

/// Decides which frames belong together, and makes the headers; the data goes from the frames to
/// where the packet is, which this knows nothing of. Only frames whose checksums are right come in,
/// which differ in nothing but what TCP and IP count on in each frame, and follow each other
/// without a gap: cut again, the packet gives the same frames.
///
/// Of acknowledgements without data the last one remains, if it differs in nothing but that it
/// acknowledges more, and how much room there is.
class Merger {
public:
    enum class Version : std::uint8_t { ipv4, ipv6 };

    /// What the header in front of a packet says about it.
    struct Result {
        Version       version;
        std::uint16_t frames;    ///< with data that it has; one or none: it is a frame like others
        std::uint16_t transport; ///< where TCP's header begins
        std::uint16_t size;      ///< of the data in a frame
    };

    /// Which versions of IP may be put together.
    void enable(bool ipv4, bool ipv6) { enabled_ = {ipv4, ipv6}; }

    /// Begins a packet with a frame. False: it is none that others could follow, and is delivered
    /// by itself.
    [[nodiscard]] bool begin(std::span<const std::byte> frame);

    /// Whether a packet has begun.
    [[nodiscard]] bool is_open() const { return open_; }

    /// Of the frame that was begun with or added last: where its data are, at most to its end
    /// (there may be padding behind them).
    struct Data {
        std::size_t at;
        std::size_t size;
    };
    [[nodiscard]] Data data() const { return data_; }

    /// Whether a frame goes on where the packet ends. It does not belong to it yet.
    [[nodiscard]] bool follows(std::span<const std::byte> frame);

    /// Adds the frame that follows().
    void add();

    /// How long headers() are, from the beginning on.
    [[nodiscard]] std::size_t header_size() const { return layout_.data; }

    /// The end of the packet. From now on nothing is open.
    [[nodiscard]] Result finish();

    /// After finish(): Ethernet, IP and TCP.
    [[nodiscard]] std::span<const std::byte> headers() const
    {
        return std::span{headers_}.first(layout_.data);
    }

    /// How large the packet is, from Ethernet's header on.
    [[nodiscard]] std::size_t size() const { return end_; }

    /// Forgets what is open.
    void drop() { open_ = false; }

private:
    /// Ethernet, IPv6, TCP with all options, and what comes behind them up to a whole number of
    /// words.
    static constexpr std::size_t k_most_headers = 14 + 40 + 60;
    using Headers                               = std::array<std::byte, 128>;
    static_assert(k_most_headers <= sizeof(Headers));

    /// Where the parts of a frame are, counted from its beginning.
    struct Layout {
        Version     version   = Version::ipv4;
        std::size_t transport = 0;
        std::size_t data      = 0;
        std::size_t end       = 0;
    };

    /// Copies the headers of a frame, and checks the copy: no fragments, extensions, or flags
    /// besides ACK and, where there are data, PSH.
    [[nodiscard]] std::optional<Layout> parse(std::span<const std::byte> frame, Headers& to) const;
    [[nodiscard]] bool is_right(std::span<const std::byte> frame, const Layout& layout) const;
    [[nodiscard]] bool is_same_connection() const;
    [[nodiscard]] bool is_next(const Layout& layout) const;

    std::array<bool, 2> enabled_{};
    Layout              layout_{}; ///< of the first frame
    Layout              next_{};   ///< of the one that follows
    Data                data_{};
    alignas(16) Headers headers_{};      ///< of the first frame; of acknowledgements, the last
    alignas(16) Headers next_headers_{}; ///< of the one that follows
    std::uint32_t sequence_  = 0;        ///< TCP's, where the packet ends
    std::uint32_t addresses_ = 0;        ///< their sum
    std::size_t   size_      = 0;        ///< of the data in the first frame
    std::size_t   end_       = 0;        ///< of the packet
    std::uint16_t frames_    = 0;        ///< with data
    bool          full_      = false;    ///< nothing may follow
    bool          open_      = false;
};

} // namespace virtio
