// SPDX-License-Identifier: BSD-2-Clause
// Any bytes on the control channel, as a line and as messages: nothing outside of a reader's own
// bytes is touched, what was sent is found again after them, and fields end where the message does.
#include "input.hpp"

#include "control/line.hpp"
#include "control/message.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace {

using namespace control;

void line(std::span<const std::byte> bytes)
{
    LineDecoder decoder;
    const auto  take = [&](const LineFrame& frame) {
        fuzz::require(frame.payload.size() <= k_line_payload);
        (void)Target::read(frame.payload);
        const auto welcome = Welcome::read(frame.payload);
        fuzz::require(!welcome || welcome->count <= welcome->peers.size());
        (void)Word::read(frame.payload);
    };
    for (const std::byte byte : bytes) {
        if (const auto frame = decoder.feed(byte)) {
            take(*frame);
        }
    }
    // Whatever came before, a frame of ours comes through, and is what was sent.
    std::array<std::byte, k_most_encoded> buffer{};
    const auto payload = bytes.first(std::min(bytes.size(), k_line_payload));
    const auto sent    = encode(
           {.kind = LineKind::data, .stream = 5, .session = 0x7d7e, .payload = payload}, buffer);
    bool found = false;
    for (const std::byte byte : sent) {
        if (const auto frame = decoder.feed(byte)) {
            found = frame->stream == 5 && frame->session == 0x7d7e &&
                    std::ranges::equal(frame->payload, payload);
        }
    }
    fuzz::require(found);
}

void messages(std::span<const std::byte> bytes, std::size_t piece)
{
    MessageReader reader;
    while (!bytes.empty() && !reader.is_broken()) {
        const auto room = reader.room();
        fuzz::require(!room.empty());
        const auto part = bytes.first(std::min({piece, room.size(), bytes.size()}));
        std::ranges::copy(part, room.begin());
        reader.advance(part.size());
        bytes = bytes.subspan(part.size());
        if (const auto message = reader.next()) {
            fuzz::require(message->payload.size() <= k_most_payload);
            Fields      fields{message->payload};
            const auto  count = fields.u32() % 64;
            std::size_t total = 0;
            for (std::uint32_t i = 0; i < count; ++i) {
                total += fields.string().size();
            }
            (void)fields.u64();
            fuzz::require(total <= message->payload.size());
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input input{data, size};
    const auto  piece = static_cast<std::size_t>(input.take(1)) + 1;
    const auto  bytes = std::as_bytes(std::span{data, size});
    line(bytes);
    messages(bytes, piece);
    return 0;
}
