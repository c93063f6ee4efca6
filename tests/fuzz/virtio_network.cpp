// SPDX-License-Identifier: BSD-2-Clause
// Any driver at a network device, with a card that has frames and buffers at any time.
#include "virtio.hpp"
#include "virtio/network.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace {

class Card final : public virtio::Nic {
public:
    [[nodiscard]] Info                 info() const override { return {.mac = {2, 0, 0, 0, 0, 1}}; }
    [[nodiscard]] std::span<std::byte> transmit_buffer() override
    {
        return buffers == 0 ? std::span<std::byte>{} : std::span{buffer};
    }
    void transmit(std::size_t size) override
    {
        fuzz::require(buffers != 0 && size >= 14 && size <= 1518);
        --buffers;
    }
    void                                     flush() override {}
    [[nodiscard]] std::span<const std::byte> next_received() override { return frame; }
    void                                     release_received() override { frame = {}; }
    [[nodiscard]] bool                       receive_done() override { return !frame.empty(); }

    std::array<std::byte, 1600> buffer{};
    std::array<std::byte, 2000> memory{};
    std::span<const std::byte>  frame{};
    unsigned                    buffers = 4;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Card                card;
    virtio::Network     device{card};
    fuzz::HostileDriver hostile{device, 3};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            card.memory[0] = static_cast<std::byte>(what >> 3);
            card.frame     = std::span{card.memory}.first(input.take(2) % card.memory.size());
            device.received();
            break;
        case 1:
            card.buffers = static_cast<unsigned>(what >> 3);
            device.transmit_ready();
            break;
        case 2:
            device.set_link((what & 8) != 0);
            break;
        case 3: { // a frame, a buffer, or a command
            const auto first  = input.take(8);
            const auto second = input.take(4);
            hostile.request(static_cast<unsigned>(what >> 3) % 3, first, second,
                            static_cast<std::uint32_t>(input.take(2) % 1700), (what & 0x80) != 0);
            break;
        }
        default:
            hostile.act(input);
            break;
        }
    }
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    return 0;
}
