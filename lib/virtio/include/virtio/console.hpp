// SPDX-License-Identifier: BSD-2-Clause
// The console device (virtIO 1.2, section 5.3): one or more ports, each a byte stream both ways.
#pragma once

#include "virtio/device.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace virtio {

/// What a port is connected to. Bytes are copied once, between guest memory and the back end.
class ConsoleBackend {
public:
    /// Takes bytes of the guest; how many. Fewer than all: it is full, and Console::output_ready()
    /// follows when it is not.
    virtual std::size_t write(std::span<const std::byte> bytes) = 0;
    /// A batch of writes is over.
    virtual void flush() = 0;
    /// Whether there is something to read.
    [[nodiscard]] virtual bool has_input() const = 0;
    /// Gives bytes for the guest; how many.
    virtual std::size_t read(std::span<std::byte> to) = 0;
    /// A batch of reads is over.
    virtual void input_taken() = 0;
    /// Throws away what there is to read, because nobody listens.
    virtual void discard_input() = 0;

protected:
    ~ConsoleBackend() = default;
};

/// A port as its owner describes it.
struct ConsolePort {
    ConsoleBackend*  backend = nullptr;
    std::string_view name{};             ///< /dev/virtio-ports/NAME in a Linux guest; may be empty
    bool             is_console = false; ///< hvc in a Linux guest; otherwise a plain port
};

class Console final : public Device {
public:
    static constexpr std::uint64_t k_feature_size        = 1;
    static constexpr std::uint64_t k_feature_multiport   = 2;
    static constexpr std::uint64_t k_feature_emerg_write = 4;

    static constexpr std::size_t   k_most_segments = 64;
    static constexpr std::uint16_t k_queue_size    = 64;

    /// A port and what the device remembers of it.
    class Port {
    public:
        constexpr Port() = default;
        constexpr explicit Port(const ConsolePort& description)
            : what{description}
        {
        }
        ConsolePort what{};

    private:
        friend class Console;
        std::uint8_t                         due_        = 0; ///< messages to be sent, one bit each
        bool                                 guest_open_ = false;
        Chain                                output_{}; ///< waits for room in the back end
        Reader                               unread_{};
        std::array<Segment, k_most_segments> segments_{};
    };

    /// What a console with N ports is made of. Port 0 is the one without MULTIPORT.
    template <std::size_t N>
    struct Storage {
        std::array<Port, N>          ports{};
        std::array<Queue, 2 * N + 2> queues{};
    };

    /// `features`: which of the three to offer; without MULTIPORT there is port 0 only.
    template <std::size_t N>
    explicit Console(Storage<N>& storage, std::uint64_t features = k_feature_size |
                                                                   k_feature_multiport |
                                                                   k_feature_emerg_write)
        : Console{storage, N, features}
    {
    }

    /// The same with the first `ports` ports of the storage only.
    template <std::size_t N>
    Console(Storage<N>& storage, std::size_t ports, std::uint64_t features)
        : Console{std::span{storage.ports}.first(ports),
                  std::span{storage.queues}.first(2 * ports + 2), features}
    {
    }

    /// The size of port 0's screen, in characters.
    void set_size(std::uint16_t columns, std::uint16_t rows);

    /// A port's back end has room, or input, or both.
    void output_ready(unsigned port);
    void input_ready(unsigned port);

    /// Whether the guest has a port open (without MULTIPORT: whether a driver is there).
    [[nodiscard]] bool is_open(unsigned port) const;

private:
    struct Config {
        std::uint16_t columns;
        std::uint16_t rows;
        std::uint32_t max_nr_ports;
        std::uint32_t emerg_wr;
    };

    Console(std::span<Port> ports, std::span<Queue> queues, std::uint64_t features);

    [[nodiscard]] std::span<const std::byte> configuration() const override
    {
        return std::as_bytes(std::span{&config_, 1});
    }
    void on_configuration_write(std::uint32_t offset, std::span<const std::byte> from) override;
    void on_start() override;
    void on_notify(unsigned queue) override;
    bool on_reset() override;
    bool on_queue_reset(unsigned queue) override;

    [[nodiscard]] Queue& queue_of(unsigned index) { return *queue(index); }
    void                 send(unsigned port);
    void                 receive(unsigned port);
    void                 receive_control();
    void                 handle_control(Reader& reader);
    void                 send_control();
    bool                 send_message(unsigned port, unsigned event);

    std::span<Port>                      ports_;
    Config                               config_{};
    bool                                 driver_ready_ = false; ///< DEVICE_READY was received
    std::array<Segment, k_most_segments> room_{};
};

} // namespace virtio
