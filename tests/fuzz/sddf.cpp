// SPDX-License-Identifier: BSD-2-Clause
// A hostile neighbour at every end of sDDF's rings: its counters and flags are any numbers.
#include "virtio.hpp"

#include "sddf/block.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace {

template <class Producer, class Consumer, class Slot>
void rings(fuzz::Input& input, std::uint32_t capacity)
{
    // Exactly as large as it must be, so that a step beyond it is seen.
    std::vector<std::uint64_t> words((Producer::bytes_for(capacity) + 7) / 8);
    const auto                 memory =
        std::as_writable_bytes(std::span{words}).first(Producer::bytes_for(capacity));
    Producer producer;
    Consumer consumer;
    fuzz::require(producer.open(memory, capacity).has_value());
    fuzz::require(consumer.open(memory, capacity).has_value());
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0: {
            const auto value = static_cast<std::uint32_t>(input.take(4));
            std::memcpy(memory.data() + (what >> 3) % 3 * 4, &value, 4);
            break;
        }
        case 1:
        case 2:
            (void)producer.push(Slot{});
            break;
        case 3:
            producer.publish();
            break;
        case 4:
        case 5:
            (void)consumer.pop();
            break;
        case 6:
            consumer.release();
            break;
        default:
            if constexpr (requires { producer.publish_if_asked(); }) {
                (void)producer.publish_if_asked();
                (void)consumer.ask_for_more();
            }
            break;
        }
        fuzz::require(producer.space() <= capacity && consumer.available() <= capacity);
    }
}

void stream(fuzz::Input& input)
{
    using namespace sddf::serial;
    Queue                     queue{};
    std::vector<std::byte>    data(32);
    std::array<std::byte, 50> text{};
    const auto                words = std::as_writable_bytes(std::span{&queue, 1});
    Producer                  producer;
    Consumer                  consumer;
    fuzz::require(producer.open(words, data).has_value() && consumer.open(words, data).has_value());
    while (!input.ended()) {
        const auto what = input.take(1);
        const auto some = std::span{text}.first(what >> 3);
        switch (what & 7) {
        case 0:
            (what & 8 ? queue.tail : queue.head) = static_cast<std::uint32_t>(input.take(4));
            break;
        case 1:
            fuzz::require(producer.write(some) <= some.size());
            break;
        case 2:
            std::ranges::fill(producer.room(), std::byte{1});
            producer.advance(static_cast<std::uint32_t>(producer.room().size()));
            break;
        case 3:
            (void)producer.publish();
            break;
        case 4:
            fuzz::require(consumer.read(some) <= some.size());
            break;
        case 5:
            std::ranges::copy(consumer.data(), text.begin());
            consumer.advance(static_cast<std::uint32_t>(consumer.data().size()));
            break;
        case 6:
            (void)consumer.release();
            break;
        default:
            (void)producer.ask_for_space(static_cast<std::uint32_t>(what));
            break;
        }
        fuzz::require(producer.space() <= 32 && consumer.available() <= 32);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace sddf;
    fuzz::Input input{data, size};
    const auto  which    = input.take(1);
    const auto  capacity = static_cast<std::uint32_t>(1 + which / 4 % 9);
    switch (which & 3) {
    case 0:
        rings<block::RequestProducer, block::RequestConsumer, block::Request>(input, capacity);
        break;
    case 1:
        rings<block::ResponseProducer, block::ResponseConsumer, block::Response>(input, capacity);
        break;
    case 2:
        rings<network::Producer, network::Consumer, network::Descriptor>(input, capacity);
        break;
    default:
        stream(input);
        break;
    }
    return 0;
}
