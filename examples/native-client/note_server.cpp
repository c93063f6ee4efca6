// SPDX-License-Identifier: BSD-2-Clause
#include "note_server.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <string_view>

namespace native {

namespace {

// RFC 1350: operations and error codes.
constexpr std::uint16_t k_read_request  = 1;
constexpr std::uint16_t k_write_request = 2;
constexpr std::uint16_t k_data          = 3;
constexpr std::uint16_t k_ack           = 4;
constexpr std::uint16_t k_error         = 5;
constexpr std::uint16_t k_undefined     = 0;
constexpr std::uint16_t k_not_found     = 1;
constexpr std::uint16_t k_disk_full     = 3;
constexpr std::uint16_t k_illegal       = 4;
constexpr std::size_t   k_header        = 4;
constexpr std::size_t   k_piece         = 512; ///< a shorter one is the last
constexpr std::uint64_t k_most_pieces   = 65'535;
constexpr unsigned      k_most_silences = 5;

/// The next word of a request, which ends with a NUL.
std::string_view take_word(std::span<const std::byte>& bytes)
{
    const auto end = std::ranges::find(bytes, std::byte{0});
    if (end == bytes.end()) {
        return {};
    }
    const auto        length = static_cast<std::size_t>(end - bytes.begin());
    const auto* const text   = reinterpret_cast<const char*>(bytes.data());
    bytes                    = bytes.subspan(length + 1);
    return {text, length};
}

bool is_octet(std::string_view mode)
{
    return std::ranges::equal(mode, std::string_view{"octet"},
                              [](char a, char b) { return (a | 0x20) == b; });
}

std::uint64_t little(std::span<const std::byte> bytes, std::size_t at)
{
    return base::load_little<std::uint64_t>(bytes, at).value_or(0);
}

void put_little(std::span<std::byte> bytes, std::size_t at, std::uint64_t value)
{
    for (std::size_t i = 0; i < sizeof value; ++i) {
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
    }
}

} // namespace

Step NoteServer::received(const Peer& from, std::span<const std::byte> packet)
{
    const auto operation = base::load_big<std::uint16_t>(packet).value_or(0);
    const auto number    = base::load_big<std::uint16_t>(packet, 2).value_or(0);
    answer_to_           = from;
    if (operation == k_read_request || operation == k_write_request) {
        return start(from, operation == k_write_request, packet.subspan(2));
    }
    if (from != client_ || packet.size() < k_header) {
        return {};
    }
    silences_ = 0;
    switch (operation) {
    case k_ack:
        return acknowledged(number);
    case k_data:
        return take_data(number, packet.subspan(k_header));
    case k_error:
        is_given_up_ = true; // where the disk works, when that is done
        if (!waits_for_disk()) {
            state_ = State::idle;
        }
        return {};
    default:
        return {};
    }
}

Step NoteServer::start(const Peer& from, bool writes, std::span<const std::byte> names)
{
    const auto name = take_word(names);
    const auto mode = take_word(names);
    if (is_busy()) {
        // Its first packet again: what it waits for is under way.
        return from == client_ ? Step{} : error(k_undefined, "one transfer at a time");
    }
    if (name != "note") {
        return error(k_not_found, "the only file is called note");
    }
    if (!is_octet(mode)) {
        return error(k_illegal, "use the mode octet (binary)");
    }
    if (capacity_ < 2) {
        return error(k_undefined, "the disk is not ready");
    }
    client_      = from;
    number_      = 0;
    length_      = 0;
    position_    = 0;
    silences_    = 0;
    is_last_     = false;
    is_given_up_ = false;
    if (writes) {
        state_ = State::receiving;
        return acknowledge();
    }
    return ask_disk(State::reading_header, DiskAction::read, 0);
}

Step NoteServer::acknowledged(std::uint16_t number)
{
    if (state_ != State::sending || number != number_) {
        return {}; // an old one: answering it would double every packet that follows
    }
    if (is_last_) {
        state_ = State::idle;
        return {};
    }
    if (position_ % k_block == 0 && position_ < length_) {
        return ask_disk(State::reading_text, DiskAction::read, 1 + position_ / k_block);
    }
    return send_data();
}

Step NoteServer::take_data(std::uint16_t number, std::span<const std::byte> data)
{
    const bool was_received = is_last_ && state_ == State::idle;
    if (state_ != State::receiving && !was_received) {
        return {}; // its acknowledgement comes when the disk is done
    }
    if (number == number_) {
        return acknowledge(); // ours was lost
    }
    if (was_received) {
        return {};
    }
    if (number != static_cast<std::uint16_t>(number_ + 1) || data.size() > k_piece) {
        return {};
    }
    const auto most = std::min((capacity_ - 1) * k_block, k_most_pieces * k_piece - 1);
    if (length_ + data.size() > most) {
        return fail(k_disk_full, "the note does not fit into its partition");
    }
    const auto at = length_ % k_block;
    std::ranges::copy(data, std::span{block_}.subspan(at).begin());
    length_ += data.size();
    number_  = number;
    is_last_ = data.size() < k_piece;
    if (is_last_ || length_ % k_block == 0) {
        std::ranges::fill(std::span{block_}.subspan(at + data.size()), std::byte{0});
        // An empty last piece behind whole blocks leaves nothing to write.
        if (length_ % k_block == 0 && data.empty()) {
            return ask_disk(State::flushing_text, DiskAction::flush, 0);
        }
        return ask_disk(State::writing_text, DiskAction::write, 1 + (length_ - 1) / k_block);
    }
    return acknowledge();
}

Step NoteServer::disk_done(bool ok)
{
    answer_to_ = client_;
    if (is_given_up_) {
        state_ = State::idle;
        return {};
    }
    if (!ok) {
        return fail(k_undefined, "the disk reports an error");
    }
    switch (state_) {
    case State::reading_header:
        return begin_sending();
    case State::reading_text:
        return send_data();
    case State::writing_text:
        if (!is_last_) {
            state_ = State::receiving;
            return acknowledge();
        }
        return ask_disk(State::flushing_text, DiskAction::flush, 0);
    case State::flushing_text:
        return write_header(); // only now, so that the header never speaks of a text that is not
                               // there
    case State::writing_header:
        return ask_disk(State::flushing_header, DiskAction::flush, 0);
    case State::flushing_header:
        state_ = State::idle;
        return acknowledge();
    default:
        return {};
    }
}

Step NoteServer::begin_sending()
{
    length_ = little(block_, 8);
    if (little(block_, 0) != k_note_magic || length_ > (capacity_ - 1) * k_block ||
        length_ >= k_most_pieces * k_piece) {
        return fail(k_not_found, "nobody has written a note yet");
    }
    return length_ == 0 ? send_data() : ask_disk(State::reading_text, DiskAction::read, 1);
}

Step NoteServer::write_header()
{
    std::ranges::fill(block_, std::byte{0});
    put_little(block_, 0, k_note_magic);
    put_little(block_, 8, length_);
    return ask_disk(State::writing_header, DiskAction::write, 0);
}

Step NoteServer::send_data()
{
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(length_ - position_, k_piece));
    (void)base::store_big(std::span{packet_}, 0, k_data);
    (void)base::store_big(std::span{packet_}, 2, ++number_);
    std::ranges::copy(std::span{block_}.subspan(position_ % k_block, size),
                      std::span{packet_}.subspan(k_header).begin());
    packet_size_ = k_header + size;
    position_ += size;
    is_last_ = size < k_piece;
    state_   = State::sending;
    return {.packet = last_packet()};
}

Step NoteServer::acknowledge()
{
    (void)base::store_big(std::span{packet_}, 0, k_ack);
    (void)base::store_big(std::span{packet_}, 2, number_);
    packet_size_ = k_header;
    return {.packet = last_packet()};
}

Step NoteServer::error(std::uint16_t code, const char* text)
{
    // Not in packet_: another client's transfer may have to repeat that.
    const std::string_view words{text};
    const std::span        bytes{error_packet_};
    (void)base::store_big(bytes, 0, k_error);
    (void)base::store_big(bytes, 2, code);
    std::ranges::copy(std::as_bytes(std::span{words}), bytes.subspan(k_header).begin());
    bytes[k_header + words.size()] = std::byte{0};
    return {.packet = bytes.first(k_header + words.size() + 1)};
}

Step NoteServer::fail(std::uint16_t code, const char* text)
{
    state_ = State::idle;
    return error(code, text);
}

Step NoteServer::ask_disk(State state, DiskAction action, std::uint64_t block)
{
    state_       = state;
    packet_size_ = 0; // nothing to repeat while the disk works
    return {.disk = DiskRequest{action, block}};
}

Step NoteServer::silence()
{
    answer_to_ = client_;
    if (!is_busy() || waits_for_disk()) {
        return {};
    }
    if (++silences_ > k_most_silences) {
        state_ = State::idle;
        return {};
    }
    return {.packet = last_packet()};
}

} // namespace native
