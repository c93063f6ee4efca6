// SPDX-License-Identifier: BSD-2-Clause
// Any driver at a block device, with a disk that is slow, busy, out of order and broken in turn.
#include "virtio.hpp"

#include "kit/fake_disk.hpp"
#include "virtio/block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::FakeDisk disk{256};
    disk.what.discard = true;
    virtio::Block::Storage<4, 1, 2> storage;
    virtio::Block                   device{disk, storage};
    fuzz::HostileDriver             hostile{device, 2};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            disk.at_once = (what & 8) != 0;
            disk.broken  = (what & 16) != 0;
            break;
        case 1:
            disk.capacity = what >> 4;
            break;
        case 2:
            if (!disk.jobs.empty()) {
                disk.finish((what >> 3) % disk.jobs.size());
            }
            break;
        case 3:
            disk.finish_all();
            break;
        case 4: {
            const auto type = input.take(1) & 0xf;
            hostile.request(what >> 3 & 1, type, input.take(1),
                            static_cast<std::uint32_t>(input.take(1) & 0x3f) * 256, type != 1);
            continue;
        }
        default:
            break;
        }
        fuzz::require(device.in_flight() <= 4);
        hostile.act(input);
    }
    // Nothing is stuck: with a disk that works, all that was begun ends.
    disk.capacity = 64;
    disk.broken   = false;
    hostile.driver().write(kit::Mmio::status, 0);
    for (int i = 0; i < 8; ++i) {
        disk.finish_all();
    }
    fuzz::require(device.in_flight() == 0 && hostile.driver().status() == 0);
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    return 0;
}
