// SPDX-License-Identifier: BSD-2-Clause
// A sound card on sDDF between a hostile guest and a hostile virtualiser: any counters, any
// answers, any streams, at any time. Nothing is touched outside of what both share with us.
#include "kit/bell.hpp"
#include "virtio.hpp"

#include "backend/pcm_card.hpp"
#include "virtio/sound.hpp"

#include <array>
#include <cstring>

namespace {

using namespace sddf::sound;

struct alignas(4096) Shared {
    std::array<std::byte, 4 * 4096> data{};
    SharedState                     state{};
    alignas(8) std::array<std::byte, CommandProducer::bytes_for(k_command_capacity)> cmd_req{};
    alignas(8) std::array<std::byte, CommandProducer::bytes_for(k_command_capacity)> cmd_resp{};
    alignas(8) std::array<std::byte, PcmProducer::bytes_for(k_pcm_capacity)> pcm_req{};
    alignas(8) std::array<std::byte, PcmProducer::bytes_for(k_pcm_capacity)> pcm_resp{};
};

template <class T>
sddf::Region region(T& it)
{
    return {.vaddr = reinterpret_cast<std::uint64_t>(&it), .size = sizeof(it)};
}

template <class T>
void put(T& to, std::uint64_t at, std::uint32_t value)
{
    std::memcpy(reinterpret_cast<std::byte*>(&to) + at % (sizeof(to) - 3), &value, sizeof(value));
}

/// Answers the newest command or buffer, nearly as it should be.
template <class Slot, class Ring>
void answer(const Ring& requests, Ring& answers, std::uint32_t capacity, std::uint32_t& count,
            std::uint64_t twist)
{
    std::uint32_t tail = 0;
    std::memcpy(&tail, requests.data(), 4);
    Slot slot;
    std::memcpy(&slot, requests.data() + 8 + (tail - 1 - (twist & 3)) % capacity * sizeof(Slot),
                sizeof(slot));
    if constexpr (sizeof(Slot) == sizeof(Command)) {
        slot.value = static_cast<std::uint32_t>((twist & 0x30) == 0x30 ? twist >> 6 : 0);
    } else {
        slot.status = static_cast<Status>((twist & 0x30) == 0x30 ? twist >> 6 : 0);
        slot.len    = static_cast<std::uint32_t>((twist & 4) != 0 ? ~0U : slot.len);
    }
    std::memcpy(answers.data() + 8 + count % capacity * sizeof(Slot), &slot, sizeof(slot));
    ++count;
    std::memcpy(answers.data(), &count, 4);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Shared shared;
    shared.state.streams        = 2;
    shared.state.stream_info[0] = {1U << 5, 1U << 7, 0, 1, 2};
    shared.state.stream_info[1] = {1U << 5, 1U << 7, 1, 1, 1};
    shared.state.set_ready(true);
    ClientConfig config{.magic = k_magic,
                        .virt  = {.state    = region(shared.state),
                                  .cmd_req  = region(shared.cmd_req),
                                  .cmd_resp = region(shared.cmd_resp),
                                  .pcm_req  = region(shared.pcm_req),
                                  .pcm_resp = region(shared.pcm_resp),
                                  .id       = 0},
                        .data  = region(shared.data),
                        .first = 4096,
                        .size  = 3 * 4096};

    Bell                         bell;
    backend::PcmCard::Storage<4> parts;
    backend::PcmCard             card{parts, bell};
    fuzz::require(card.open(config).has_value());
    virtio::Sound::Storage<2> storage;
    virtio::Sound             device{card, storage};
    fuzz::HostileDriver       hostile{device, 4};
    const auto                at = hostile.ram().allocate(512);
    hostile.begin(~std::uint64_t{0});

    std::uint32_t commands = 0;
    std::uint32_t buffers  = 0;
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what   = input.take(1);
        const auto stream = static_cast<std::uint32_t>(what >> 7);
        switch (what & 7) {
        case 0:
        case 1: { // the guest goes on with its stream
            constexpr std::uint32_t k_codes[] = {0x101, 0x102, 0x103, 0x104,
                                                 0x105, 0x102, 0x104, 1};
            hostile.ram().store(at, k_codes[what >> 3 & 7]);
            hostile.ram().store(at + 4, stream);
            hostile.ram().store(at + 8, 8000U);
            hostile.ram().store(at + 12, 4000U);
            hostile.ram().store(at + 16, 0U);
            hostile.ram().store(at + 20, 1U | 5U << 8 | 7U << 16);
            hostile.pair(0, at, 24, at + 64, 4);
            break;
        }
        case 2: { // a message
            hostile.ram().store(at, stream);
            const auto length = static_cast<std::uint32_t>(input.take(2) % 10'000);
            hostile.pair(2 + stream, at, stream == 0 ? 4 + length : 4,
                         kit::GuestRam::k_start + 0x8000, stream == 0 ? 8 : 8 + length);
            break;
        }
        case 3:
            answer<Command>(shared.cmd_req, shared.cmd_resp, k_command_capacity, commands,
                            input.take(1));
            card.notified();
            break;
        case 4:
            answer<Pcm>(shared.pcm_req, shared.pcm_resp, k_pcm_capacity, buffers, input.take(1));
            card.notified();
            break;
        case 5: // anything, anywhere but the data
            put(shared.state, input.take(2), static_cast<std::uint32_t>(input.take(4)));
            device.card_changed();
            break;
        case 6:
            switch (what >> 3 & 3) {
            case 0:
                put(shared.cmd_req, input.take(1), static_cast<std::uint32_t>(input.take(4)));
                break;
            case 1:
                put(shared.cmd_resp, input.take(1), static_cast<std::uint32_t>(input.take(4)));
                break;
            case 2:
                put(shared.pcm_req, input.take(1), static_cast<std::uint32_t>(input.take(4)));
                break;
            default:
                put(shared.pcm_resp, input.take(1), static_cast<std::uint32_t>(input.take(4)));
                break;
            }
            card.notified();
            break;
        default:
            hostile.act(input);
            break;
        }
        fuzz::require(shared.data[0] == std::byte{0} && shared.data[4095] == std::byte{0});
    }
    return 0;
}
