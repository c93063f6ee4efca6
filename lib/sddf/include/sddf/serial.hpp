// SPDX-License-Identifier: BSD-2-Clause
// sDDF's serial class: byte rings between clients, virtualisers and a driver, and their sections.
#pragma once

#include "base/result.hpp"
#include "sddf/resources.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sddf::serial {

/// The control words, at the start of the queue region. The bytes are in a region of their own.
struct Queue {
    std::uint32_t tail;               ///< bytes ever written, by the producer
    std::uint32_t head;               ///< bytes ever read, by the consumer
    std::uint32_t producer_signalled; ///< 0: the producer waits for space; written by both
};

/// Either end of a ring. Its own counter is private and only shown; the other's may be any number.
class End {
public:
    [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
    [[nodiscard]] bool          is_open() const { return queue_ != nullptr; }

protected:
    constexpr End() = default;
    base::Result<> open(std::span<std::byte> queue, std::span<std::byte> data);

    [[nodiscard]] std::uint32_t used(std::uint32_t tail, std::uint32_t head) const
    {
        const std::uint32_t length = tail - head;
        return length < capacity_ ? length : capacity_;
    }
    /// Up to `size` bytes from a place of the stream on, as far as they are in one piece.
    [[nodiscard]] std::span<std::byte> piece(std::uint32_t counter, std::uint32_t size) const;

    Queue*        queue_    = nullptr;
    std::byte*    data_     = nullptr;
    std::uint32_t capacity_ = 0;
};

/// Who writes bytes. After publish() the consumer is notified, always, once a batch.
class Producer : public End {
public:
    constexpr Producer() = default;

    /// Takes up a ring where it stands. Errors: the capacity (the size of `data`) is no power of
    /// two, or a region is missing or too small.
    base::Result<> open(std::span<std::byte> queue, std::span<std::byte> data);

    /// Whether nothing has ever gone through the ring.
    [[nodiscard]] bool is_unused() const { return tail_ == 0; }
    /// Bytes ever written, modulo 2^32: a place of the stream.
    [[nodiscard]] std::uint32_t position() const { return tail_; }

    /// Bytes that can be written now.
    [[nodiscard]] std::uint32_t space() const;

    /// Writes as much of `from` as there is space for; unseen until publish().
    std::size_t write(std::span<const std::byte> from);

    /// The next space in one piece, to be filled in place and then counted by advance().
    [[nodiscard]] std::span<std::byte> room() const;
    void                               advance(std::uint32_t size) { tail_ += size; }

    /// Shows the consumer what was written, and leaves it to the caller to notify it some time.
    void show();

    /// Shows the consumer what was written. True: there was something; notify the consumer.
    [[nodiscard]] bool publish();

    /// Asks for a notification when there is space. True: there are `needed` bytes already, and
    /// the wish was taken back: go on instead of waiting.
    [[nodiscard]] bool ask_for_space(std::uint32_t needed);

    /// Calls `show(counter, value)` if publish() would move the counter: for Journal::stage().
    template <class Show>
    void if_moved(Show&& show) const
    {
        if (published_ != tail_) {
            show(queue_->tail, tail_);
        }
    }

private:
    std::uint32_t tail_      = 0;
    std::uint32_t published_ = 0;
};

/// Who reads bytes.
class Consumer : public End {
public:
    constexpr Consumer() = default;
    base::Result<> open(std::span<std::byte> queue, std::span<std::byte> data);

    /// Bytes ever read, modulo 2^32: a place of the stream.
    [[nodiscard]] std::uint32_t position() const { return head_; }

    /// Bytes that can be read now.
    [[nodiscard]] std::uint32_t available() const;

    /// Skips to where the producer says it is, if that is further away than the ring is long: no
    /// text is there then, and going after it would take for ever.
    void drop_nonsense();

    /// Reads up to to.size() bytes; they are the producer's space after release().
    std::size_t read(std::span<std::byte> to);

    /// The next bytes in one piece, to be read in place and then counted by advance(). The producer
    /// can still change them. `skip`: beyond so many that are to be counted later.
    [[nodiscard]] std::span<const std::byte> data(std::uint32_t skip = 0) const;
    void                                     advance(std::uint32_t size) { head_ += size; }

    /// Shows the producer what was read. A release() must follow, which notifies it.
    void show();

    /// Gives back the space of what was read. True: the producer waits for it; notify it.
    [[nodiscard]] bool release();

    /// Calls `show(counter, value)` if release() would move the counter: for Journal::stage().
    template <class Show>
    void if_moved(Show&& show) const
    {
        if (released_ != head_) {
            show(queue_->head, head_);
        }
    }

private:
    std::uint32_t head_     = 0;
    std::uint32_t released_ = 0;
};

// Configuration sections.

struct Connection {
    Region       queue;
    Region       data; ///< its size is the capacity
    std::uint8_t id;   ///< the channel
};

/// `.serial_driver_config`
struct DriverConfig {
    Magic              magic;
    Connection         rx;
    Connection         tx;
    std::uint64_t      default_baud;
    bool               rx_enabled;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::serial); }
};

/// `.serial_virt_rx_config`
struct RxVirtConfig {
    Magic                                 magic;
    Connection                            driver;
    std::array<Connection, k_max_clients> clients;
    std::uint8_t                          num_clients;
    char                                  switch_char;
    char                                  terminate_num_char;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::serial); }
};

/// `.serial_virt_tx_config`
struct TxVirtConfig {
    struct Client {
        Connection           connection;
        std::array<char, 64> name;
    };
    Magic                             magic;
    Connection                        driver;
    std::array<Client, k_max_clients> clients;
    std::uint8_t                      num_clients;
    std::array<char, 128>             begin_str; ///< ends with a NUL
    bool                              enable_colour;
    bool                              enable_rx;
    [[nodiscard]] bool                is_valid() const { return magic == magic_of(Class::serial); }
};

/// `.serial_client_config`
struct ClientConfig {
    Magic              magic;
    Connection         rx; ///< all zero in a system that has no input
    Connection         tx;
    [[nodiscard]] bool is_valid() const { return magic == magic_of(Class::serial); }
};

static_assert(sizeof(Queue) == 12 && alignof(Queue) == 4);
static_assert(offsetof(Queue, head) == 4 && offsetof(Queue, producer_signalled) == 8);
static_assert(sizeof(Connection) == 40 && offsetof(Connection, id) == 32);
static_assert(sizeof(DriverConfig) == 104 && offsetof(DriverConfig, tx) == 48);
static_assert(offsetof(DriverConfig, default_baud) == 88);
static_assert(offsetof(DriverConfig, rx_enabled) == 96);
static_assert(sizeof(RxVirtConfig) == 2616 && offsetof(RxVirtConfig, num_clients) == 2608);
static_assert(offsetof(RxVirtConfig, switch_char) == 2609);
static_assert(offsetof(RxVirtConfig, terminate_num_char) == 2610);
static_assert(sizeof(TxVirtConfig::Client) == 104);
static_assert(sizeof(TxVirtConfig) == 6840 && offsetof(TxVirtConfig, num_clients) == 6704);
static_assert(offsetof(TxVirtConfig, begin_str) == 6705);
static_assert(offsetof(TxVirtConfig, enable_colour) == 6833);
static_assert(offsetof(TxVirtConfig, enable_rx) == 6834);
static_assert(sizeof(ClientConfig) == 88 && offsetof(ClientConfig, tx) == 48);

} // namespace sddf::serial
