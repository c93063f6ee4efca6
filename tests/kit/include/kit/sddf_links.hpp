// SPDX-License-Identifier: BSD-2-Clause
// Memory of sDDF links for host tests: both ends in one program, each with the section it expects.
#pragma once

#include "sddf/block.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kit {

/// Zeroed memory of a region, aligned for everything that lies in one.
class Memory {
public:
    explicit Memory(std::size_t size)
        : words_((size + 4095 + 4096) / 8)
        , size_{size}
    {
    }

    [[nodiscard]] sddf::Region region()
    {
        const auto start = reinterpret_cast<std::uint64_t>(words_.data());
        return {.vaddr = (start + 4095) & ~std::uint64_t{4095}, .size = size_};
    }
    [[nodiscard]] std::span<std::byte> bytes() { return region().bytes(); }

private:
    std::vector<std::uint64_t> words_;
    std::size_t                size_;
};

template <class End, class... Arguments>
[[nodiscard]] End opened(Arguments... arguments)
{
    End end;
    if (const auto result = end.open(arguments...); !result) {
        throw std::runtime_error{std::string{result.error().what}};
    }
    return end;
}

/// One direction of bytes.
struct SerialLink {
    explicit SerialLink(std::size_t capacity = 64)
        : data{capacity}
    {
    }
    Memory queue{4096};
    Memory data;

    [[nodiscard]] sddf::serial::Connection connection(std::uint8_t id)
    {
        return {.queue = queue.region(), .data = data.region(), .id = id};
    }
    [[nodiscard]] sddf::serial::Queue& control()
    {
        return *reinterpret_cast<sddf::serial::Queue*>(queue.bytes().data());
    }
    [[nodiscard]] sddf::serial::Producer producer()
    {
        return opened<sddf::serial::Producer>(queue.bytes(), data.bytes());
    }
    [[nodiscard]] sddf::serial::Consumer consumer()
    {
        return opened<sddf::serial::Consumer>(queue.bytes(), data.bytes());
    }

    /// Writes as the producer does, as much as fits; gives how much that was.
    std::size_t put(std::string_view text)
    {
        auto       end     = producer();
        const auto written = end.write(std::as_bytes(std::span{text}));
        (void)end.publish();
        return written;
    }
    /// Takes all there is, as the consumer does. True in `notify`: it would notify the producer.
    std::string take(bool* notify = nullptr)
    {
        auto        end = consumer();
        std::string text(end.available(), '\0');
        (void)end.read(std::as_writable_bytes(std::span{text}));
        const bool told = end.release();
        if (notify != nullptr) {
            *notify = told;
        }
        return text;
    }
};

/// Requests one way, responses the other.
struct BlockLink {
    explicit BlockLink(std::uint16_t slots = 8)
        : capacity{slots}
        , requests{sddf::block::RequestProducer::bytes_for(slots)}
        , responses{sddf::block::ResponseProducer::bytes_for(slots)}
    {
    }
    std::uint16_t capacity;
    Memory        info{4096};
    Memory        requests;
    Memory        responses;

    [[nodiscard]] sddf::block::Connection connection(std::uint8_t id)
    {
        return {.storage_info = info.region(),
                .req_queue    = requests.region(),
                .resp_queue   = responses.region(),
                .num_buffers  = capacity,
                .id           = id};
    }
    [[nodiscard]] sddf::block::StorageInfo& storage()
    {
        return *reinterpret_cast<sddf::block::StorageInfo*>(info.bytes().data());
    }
    [[nodiscard]] auto request_producer()
    {
        return opened<sddf::block::RequestProducer>(requests.bytes(), capacity);
    }
    [[nodiscard]] auto request_consumer()
    {
        return opened<sddf::block::RequestConsumer>(requests.bytes(), capacity);
    }
    [[nodiscard]] auto response_producer()
    {
        return opened<sddf::block::ResponseProducer>(responses.bytes(), capacity);
    }
    [[nodiscard]] auto response_consumer()
    {
        return opened<sddf::block::ResponseConsumer>(responses.bytes(), capacity);
    }

    /// What a client does: one request. False: the ring is full.
    bool ask(const sddf::block::Request& request)
    {
        auto       end    = request_producer();
        const bool pushed = end.push(request);
        (void)end.publish();
        return pushed;
    }
    /// What a driver does: takes all requests.
    std::vector<sddf::block::Request> take_requests()
    {
        auto                              end = request_consumer();
        std::vector<sddf::block::Request> all;
        for (auto left = end.available(); left != 0; --left) {
            all.push_back(*end.pop());
        }
        (void)end.release();
        return all;
    }
    bool answer(const sddf::block::Response& response)
    {
        auto       end    = response_producer();
        const bool pushed = end.push(response);
        (void)end.publish();
        return pushed;
    }
    std::vector<sddf::block::Response> take_responses()
    {
        auto                               end = response_consumer();
        std::vector<sddf::block::Response> all;
        for (auto left = end.available(); left != 0; --left) {
            all.push_back(*end.pop());
        }
        (void)end.release();
        return all;
    }
};

/// A free and an active ring.
struct NetLink {
    explicit NetLink(std::uint16_t slots = 8)
        : capacity{slots}
        , free{sddf::network::Producer::bytes_for(slots)}
        , active{sddf::network::Producer::bytes_for(slots)}
    {
    }
    std::uint16_t capacity;
    Memory        free;
    Memory        active;

    [[nodiscard]] sddf::network::Connection connection(std::uint8_t id)
    {
        return {.free_queue   = free.region(),
                .active_queue = active.region(),
                .num_buffers  = capacity,
                .id           = id};
    }

    bool put(Memory& ring, const sddf::network::Descriptor& buffer) const
    {
        auto       end    = opened<sddf::network::Producer>(ring.bytes(), capacity);
        const bool pushed = end.push(buffer);
        (void)end.publish_if_asked();
        return pushed;
    }
    /// All that waits in a ring; the consumer asks for more afterwards.
    std::vector<sddf::network::Descriptor> take(Memory& ring) const
    {
        auto end = opened<sddf::network::Consumer>(ring.bytes(), capacity);
        std::vector<sddf::network::Descriptor> all;
        for (auto left = end.available(); left != 0; --left) {
            all.push_back(*end.pop());
        }
        (void)end.release();
        (void)end.ask_for_more();
        return all;
    }
};

} // namespace kit
