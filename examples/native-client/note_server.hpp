// SPDX-License-Identifier: BSD-2-Clause
// A TFTP server (RFC 1350) with one file, "note", that lives on a disk partition.
//
// It neither knows a network nor a disk: each call gets an event, and says what is to be done. One
// transfer at a time, one disk request at a time.
#pragma once

#include "frames.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace native {

/// On the partition: block 0 holds magic and length (both little-endian), the text follows.
inline constexpr std::size_t   k_block      = 4096;
inline constexpr std::uint64_t k_note_magic = 0x65746f6e'206d6d76; // "vmm note"

enum class DiskAction : std::uint8_t { read, write, flush };

struct DiskRequest {
    DiskAction    action = DiskAction::read;
    std::uint64_t block  = 0; ///< of the partition; its content is in NoteServer::block()
};

/// What is to be done after an event; at most one of the two.
struct Step {
    std::span<const std::byte> packet{}; ///< for the peer; empty: none
    std::optional<DiskRequest> disk{};
};

class NoteServer {
public:
    static constexpr std::uint16_t k_port = 69;

    /// The partition's size, as soon as it is known. Until then clients are told to come back.
    void set_capacity(std::uint64_t blocks) { capacity_ = blocks; }

    /// A datagram came. The answer goes to `peer()`.
    [[nodiscard]] Step received(const Peer& from, std::span<const std::byte> packet);
    /// The disk request has ended.
    [[nodiscard]] Step disk_done(bool ok);
    /// Nothing has happened for a while: sends the last packet again, and gives up in the end.
    [[nodiscard]] Step silence();

    /// Whether silence() is to be called.
    [[nodiscard]] bool        is_busy() const { return state_ != State::idle; }
    [[nodiscard]] const Peer& peer() const { return answer_to_; }
    /// What the disk reads into and writes from.
    [[nodiscard]] std::span<std::byte, k_block> block() { return block_; }

private:
    enum class State : std::uint8_t {
        idle,
        reading_header,
        reading_text,
        sending, ///< a DATA packet waits for its ACK
        receiving,
        writing_text,
        flushing_text,
        writing_header,
        flushing_header,
    };

    Step               start(const Peer& from, bool writes, std::span<const std::byte> names);
    Step               acknowledged(std::uint16_t number);
    Step               take_data(std::uint16_t number, std::span<const std::byte> data);
    Step               send_data();
    Step               acknowledge();
    Step               error(std::uint16_t code, const char* text);
    Step               fail(std::uint16_t code, const char* text);
    Step               ask_disk(State state, DiskAction action, std::uint64_t block);
    Step               write_header();
    Step               begin_sending();
    [[nodiscard]] bool waits_for_disk() const
    {
        return is_busy() && state_ != State::sending && state_ != State::receiving;
    }
    [[nodiscard]] std::span<const std::byte> last_packet() const
    {
        return std::span{packet_}.first(packet_size_);
    }

    std::uint64_t capacity_ = 0;
    State         state_    = State::idle;
    Peer          client_;          ///< whose transfer it is
    Peer          answer_to_;       ///< who gets this step's packet
    std::uint16_t number_      = 0; ///< of the last DATA packet sent or taken
    std::uint64_t length_      = 0; ///< of the note; while it is received: so far
    std::uint64_t position_    = 0; ///< what has been sent
    bool          is_last_     = false;
    bool          is_given_up_ = false; ///< by the client
    unsigned      silences_    = 0;

    alignas(8) std::array<std::byte, k_block> block_{};
    std::array<std::byte, 4 + 512> packet_{};
    std::size_t                    packet_size_ = 0;
    std::array<std::byte, 64>      error_packet_{};
};

} // namespace native
