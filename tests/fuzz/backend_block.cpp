// SPDX-License-Identifier: BSD-2-Clause
// A disk on sDDF between a hostile guest and a hostile virtualiser: any counters, any answers, any
// data, at any time. Nothing is touched outside of what both share with us.
#include "kit/bell.hpp"
#include "virtio.hpp"

#include "backend/block_disk.hpp"
#include "virtio/block.hpp"

#include <array>
#include <cstring>

namespace {

constexpr std::uint16_t k_capacity = 6;

struct alignas(4096) Shared {
    std::array<std::byte, 4 * 4096> data{};
    alignas(
        8) std::array<std::byte, sddf::block::RequestProducer::bytes_for(k_capacity)> requests{};
    alignas(
        8) std::array<std::byte, sddf::block::ResponseProducer::bytes_for(k_capacity)> responses{};
    sddf::block::StorageInfo info{};
};

template <class T>
sddf::Region region(T& it)
{
    return {.vaddr = reinterpret_cast<std::uint64_t>(&it), .size = sizeof(it)};
}

void put(std::span<std::byte> to, std::uint64_t at, std::uint32_t value)
{
    std::memcpy(to.data() + at % (to.size() - 3), &value, sizeof(value));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Shared shared;
    shared.info.capacity    = 32;
    shared.info.sector_size = 512;
    shared.info.set_ready(true);
    sddf::block::ClientConfig config{};
    config.magic             = sddf::magic_of(sddf::Class::block);
    config.virt.storage_info = region(shared.info);
    config.virt.req_queue    = region(shared.requests);
    config.virt.resp_queue   = region(shared.responses);
    config.virt.num_buffers  = k_capacity;
    config.data              = region(shared.data);

    Bell                           bell;
    backend::BlockDisk::Storage<4> parts;
    backend::BlockDisk             disk{parts, bell};
    fuzz::require(disk.open(config).has_value());
    virtio::Block::Storage<4, 1, 2> storage;
    virtio::Block                   device{disk, storage};
    fuzz::HostileDriver             hostile{device, 2};
    hostile.begin(~std::uint64_t{0});

    std::uint32_t answers = 0;
    const auto    answer  = [&](std::uint32_t id, std::uint32_t status) {
        const auto at = 8 + 12 * (answers % k_capacity);
        put(shared.responses, at, status);
        put(shared.responses, at + 8, id);
        put(shared.responses, 4, ++answers);
        disk.notified();
    };
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            answer(static_cast<std::uint32_t>(what >> 3 & 3), (what & 0x80) != 0 ? 1 : 0);
            break;
        case 1:
            answer(static_cast<std::uint32_t>(input.take(4)),
                   static_cast<std::uint32_t>(what >> 3));
            break;
        case 2:
            put(shared.requests, input.take(1), static_cast<std::uint32_t>(input.take(4)));
            break;
        case 3:
            put(shared.responses, input.take(1), static_cast<std::uint32_t>(input.take(4)));
            disk.notified();
            break;
        case 4:
        case 5: {
            const auto type = input.take(1) & 0xf;
            hostile.request(what >> 3 & 1, type, input.take(1),
                            static_cast<std::uint32_t>(input.take(1)) * 256, type != 1);
            break;
        }
        case 6:
            put(std::as_writable_bytes(std::span{&shared.info, 1}), input.take(1),
                static_cast<std::uint32_t>(input.take(4)));
            device.disk_changed();
            break;
        default:
            hostile.act(input);
            break;
        }
        fuzz::require(device.in_flight() <= 4);
    }
    return 0;
}
