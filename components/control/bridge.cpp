// SPDX-License-Identifier: BSD-2-Clause
#include "bridge.hpp"

#include <algorithm>

namespace control {

Bridge::Bridge(vsock::Endpoint& sockets, std::uint32_t own_cid,
               std::span<const std::uint32_t> peers)
    : sockets_{sockets}
{
    welcome_.own_cid = own_cid;
    welcome_.count   = static_cast<std::uint8_t>(std::min(peers.size(), Welcome::k_most_peers));
    std::copy_n(peers.begin(), welcome_.count, welcome_.peers.begin());
}

void Bridge::run(sddf::serial::Consumer& from_host, sddf::serial::Producer& to_host)
{
    hear(from_host);
    do {
        for (Stream& stream : streams_) {
            if (stream.used) {
                feed(stream);
            }
        }
    } while (!tell(to_host) && to_host.ask_for_space(k_most_encoded));
    sockets_.flush();
}

/// What is there now, and no more: what comes meanwhile has a notification of its own.
void Bridge::hear(sddf::serial::Consumer& from_host)
{
    for (std::size_t left = from_host.available(); left != 0;) {
        const auto bytes = from_host.data().first(std::min(from_host.data().size(), left));
        if (bytes.empty()) {
            break;
        }
        for (const std::byte byte : bytes) {
            if (const auto frame = decoder_.feed(byte)) {
                handle(*frame);
            }
        }
        from_host.advance(static_cast<std::uint32_t>(bytes.size()));
        left -= bytes.size();
    }
}

void Bridge::handle(const LineFrame& frame)
{
    if (frame.kind == LineKind::hello) {
        begin(frame.session);
        return;
    }
    if (frame.session != session_ || session_ == 0 || frame.stream >= k_streams) {
        return; // of somebody who is gone
    }
    switch (frame.kind) {
    case LineKind::open:
        open(frame.stream, frame.payload);
        break;
    case LineKind::data:
        take(frame.stream, frame.payload);
        break;
    case LineKind::close:
        close(frame.stream);
        break;
    default:
        break;
    }
}

void Bridge::begin(std::uint16_t session)
{
    for (std::uint8_t number = 0; number < k_streams; ++number) {
        close(number);
    }
    session_     = session;
    welcome_due_ = true;
}

void Bridge::open(std::uint8_t number, std::span<const std::byte> payload)
{
    const auto target = Target::read(payload);
    Stream&    stream = streams_[number];
    if (stream.used || farewells_[number].due) {
        end(number, CloseReason::busy);
        return;
    }
    if (!target || std::ranges::find(welcome_.peers, target->cid) == welcome_.peers.end()) {
        end(number, CloseReason::unreachable);
        return;
    }
    const auto connection = sockets_.connect(target->cid, target->port);
    if (!connection) {
        // A socket that was closed with bytes under way is not free yet, and neither is a peer
        // that starts there: both pass.
        end(number, CloseReason::unreachable);
        return;
    }
    stream.used       = true;
    stream.opened     = false;
    stream.connection = *connection;
    stream.first = stream.size = 0;
    stream.owed                = 0;
}

void Bridge::take(std::uint8_t number, std::span<const std::byte> payload)
{
    Stream& stream = streams_[number];
    if (!stream.used) {
        return; // it ended, and the host does not know yet
    }
    if (!stream.opened || payload.size() > stream.bytes.size() - stream.size - stream.owed) {
        end(number, CloseReason::overrun);
        return;
    }
    std::copy_n(stream.bytes.begin() + static_cast<std::ptrdiff_t>(stream.first), stream.size,
                stream.bytes.begin());
    stream.first = 0;
    std::ranges::copy(payload, stream.bytes.begin() + static_cast<std::ptrdiff_t>(stream.size));
    stream.size += payload.size();
    feed(stream);
}

void Bridge::close(std::uint8_t number)
{
    if (streams_[number].used) {
        sockets_.close(streams_[number].connection);
    }
    streams_[number].used = false;
    farewells_[number]    = {};
}

void Bridge::end(std::uint8_t number, CloseReason reason)
{
    close(number);
    farewells_[number] = {.due = true, .reason = reason};
}

void Bridge::feed(Stream& stream)
{
    if (stream.size == 0) {
        return;
    }
    const auto bytes = std::span<const std::byte>{stream.bytes}.subspan(stream.first, stream.size);
    const auto sent  = sockets_.send(stream.connection, bytes);
    stream.first += sent;
    stream.size -= sent;
    stream.owed += sent;
}

bool Bridge::send(sddf::serial::Producer& to_host, LineKind kind, std::uint8_t number,
                  std::span<const std::byte> payload)
{
    if (to_host.space() < encoded_bytes(payload.size())) {
        return false;
    }
    std::array<std::byte, k_most_encoded> buffer;
    const auto                            bytes =
        encode({.kind = kind, .stream = number, .session = session_, .payload = payload}, buffer);
    return to_host.write(bytes) == bytes.size();
}

bool Bridge::tell(sddf::serial::Producer& to_host)
{
    if (session_ == 0) {
        return true;
    }
    if (welcome_due_) {
        std::array<std::byte, Welcome::k_size> bytes{};
        welcome_.write(bytes);
        if (!send(to_host, LineKind::welcome, 0, bytes)) {
            return false;
        }
        welcome_due_ = false;
    }
    for (unsigned i = 0; i < k_streams; ++i) {
        if (!tell(to_host, turn_)) {
            return false; // it is this one's turn again when there is room
        }
        turn_ = static_cast<std::uint8_t>((turn_ + 1) % k_streams);
    }
    return true;
}

bool Bridge::tell(sddf::serial::Producer& to_host, std::uint8_t number)
{
    Stream& stream = streams_[number];
    if (stream.used && !stream.opened && sockets_.is_connected(stream.connection)) {
        if (!send(to_host, LineKind::opened, number, {})) {
            return false;
        }
        stream.opened = true;
    }
    if (stream.used && stream.owed != 0) {
        std::array<std::byte, Word::k_size> bytes{};
        Word{stream.owed}.write(bytes);
        if (!send(to_host, LineKind::credit, number, bytes)) {
            return false;
        }
        stream.owed = 0;
    }
    if (stream.used && !tell_data(to_host, number)) {
        return false;
    }
    if (farewells_[number].due) {
        std::array<std::byte, Word::k_size> bytes{};
        Word{static_cast<std::uint32_t>(farewells_[number].reason)}.write(bytes);
        if (!send(to_host, LineKind::close, number, bytes)) {
            return false;
        }
        farewells_[number] = {};
    }
    return true;
}

bool Bridge::tell_data(sddf::serial::Producer& to_host, std::uint8_t number)
{
    Stream& stream = streams_[number];
    while (true) {
        if (to_host.space() < k_most_encoded) {
            return false;
        }
        std::array<std::byte, k_line_payload> bytes;
        const auto                            received = sockets_.receive(stream.connection, bytes);
        if (received.size != 0) {
            (void)send(to_host, LineKind::data, number, std::span{bytes}.first(received.size));
            stream.opened = true; // that it was is clear from the bytes
        }
        if (received.is_over) {
            end(number, stream.opened ? CloseReason::ended : CloseReason::unreachable);
            return true;
        }
        if (received.size == 0) {
            return true;
        }
    }
}

} // namespace control
