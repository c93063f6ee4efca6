// SPDX-License-Identifier: BSD-2-Clause
// A switch on links.
#include "vsock/relay.hpp"

namespace vsock {

using virtio::SocketHeader;

const Line* Relay::find(std::uint32_t cid) const
{
    for (const Line& line : lines_) {
        if (line.cid == cid) {
            return &line;
        }
    }
    return nullptr;
}

Line* Relay::find(std::uint32_t cid)
{
    return const_cast<Line*>(static_cast<const Relay*>(this)->find(cid));
}

void Relay::check(Line& line)
{
    if (line.link.lost()) {
        if (current_ == &line) {
            current_ = nullptr;
        }
        if (client_ != nullptr) {
            client_->peer_gone(line.cid);
        }
    }
}

void Relay::notified()
{
    for (Line& line : lines_) {
        line.link.poll();
        check(line);
    }
    if (client_ != nullptr) {
        client_->ready();
        client_->arrived();
    }
}

bool Relay::reaches(std::uint32_t cid) const
{
    const Line* const line = find(cid);
    return line != nullptr && line->link.is_up();
}

std::optional<std::uint32_t> Relay::room(std::uint32_t cid, std::uint32_t wanted)
{
    Line* const line = find(cid);
    if (line == nullptr) {
        return std::nullopt;
    }
    const auto room = line->link.room(wanted);
    if (!room) {
        // What is under way must be seen, or there will never be room.
        line->link.publish();
        check(*line);
    }
    return room;
}

void Relay::send(const SocketHeader& header, virtio::Reader& payload)
{
    if (Line* const line = find(header.dst_cid)) {
        line->link.send(header, payload);
    }
}

void Relay::flush()
{
    for (Line& line : lines_) {
        line.link.publish();
    }
}

const SocketHeader* Relay::next()
{
    if (current_ != nullptr) {
        return current_->link.next();
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const std::size_t at   = turn_ + i < lines_.size() ? turn_ + i : turn_ + i - lines_.size();
        Line&             line = lines_[at];
        const SocketHeader* const header = line.link.next();
        check(line);
        if (header == nullptr) {
            continue;
        }
        if (header->src_cid != line.cid || header->dst_cid != cid_) {
            line.link.restart();
            check(line);
            continue;
        }
        turn_    = at + 1 < lines_.size() ? at + 1 : 0;
        current_ = &line;
        return header;
    }
    return nullptr;
}

void Relay::read(std::span<std::byte> to)
{
    if (current_ != nullptr) {
        current_->link.read(to);
    }
}

void Relay::release()
{
    if (current_ != nullptr) {
        current_->link.release();
        current_ = nullptr;
    }
}

bool Relay::receive_done()
{
    bool more = false;
    for (Line& line : lines_) {
        line.link.give_back();
        more = line.link.ask_for_more() || more;
    }
    return more;
}

void Relay::disconnect(std::uint32_t cid)
{
    if (Line* const line = find(cid)) {
        line->link.restart();
        check(*line);
    }
}

} // namespace vsock
