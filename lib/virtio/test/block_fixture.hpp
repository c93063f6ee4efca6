// SPDX-License-Identifier: BSD-2-Clause
// A block device on a disk in memory, and the requests of a driver.
#pragma once

#include "kit/fake_disk.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace block_test {

using kit::FakeDisk;
using kit::FakeRing;
using kit::from_device;
using kit::to_device;
using virtio::Block;
using Operation = FakeDisk::Operation;

constexpr std::uint32_t k_in           = 0;
constexpr std::uint32_t k_out          = 1;
constexpr std::uint32_t k_flush        = 4;
constexpr std::uint32_t k_get_id       = 8;
constexpr std::uint32_t k_discard      = 11;
constexpr std::uint32_t k_write_zeroes = 13;

constexpr std::uint8_t k_ok          = 0;
constexpr std::uint8_t k_io_error    = 1;
constexpr std::uint8_t k_unsupported = 2;
constexpr std::uint8_t k_unanswered  = 0xee;

class VirtioBlock : public testing::Test {
protected:
    struct Request {
        std::uint16_t head;
        std::uint64_t data;
        std::uint64_t status;
    };

    void start(std::uint64_t features = ~std::uint64_t{0})
    {
        ASSERT_TRUE(driver.negotiate(features));
        rings.clear();
        for (unsigned i = 0; i < 2; ++i) {
            rings.push_back(&driver.set_up(i, 32));
        }
        driver.go();
    }
    /// A request with its data in pieces of `piece` bytes; not notified.
    Request add(std::uint32_t type, std::uint64_t sector, std::uint32_t size,
                std::uint32_t piece = 4096, unsigned queue = 0)
    {
        const auto header = ram.allocate(16);
        const auto data   = ram.allocate(size);
        const auto status = ram.allocate(1);
        ram.store<std::uint64_t>(header, type);
        ram.store(header + 8, sector);
        ram.store(status, k_unanswered);
        std::vector<kit::Buffer> buffers{to_device(header, 16)};
        for (std::uint32_t at = 0; at < size; at += piece) {
            buffers.push_back(
                {data + at, std::min(piece, size - at), type == k_in || type == k_get_id});
        }
        buffers.push_back(from_device(status, 1));
        const auto head =
            buffers.size() < 6 ? rings[queue]->add(buffers) : rings[queue]->add_indirect(buffers);
        return {head, data, status};
    }
    std::uint8_t answer(const Request& request) { return ram.load<std::uint8_t>(request.status); }

    /// Adds, notifies, and gives the answer.
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint32_t size)
    {
        const auto request = add(type, sector, size);
        driver.notify(0);
        last = rings[0]->used();
        return answer(request);
    }
    /// A discard or write-zeroes request.
    std::uint8_t run_range(std::uint32_t type, std::uint64_t sector, std::uint32_t sectors,
                           std::uint32_t flags = 0, std::uint32_t size = 16)
    {
        const auto request = add(type, 0, size);
        ram.store(request.data, sector);
        ram.store(request.data + 8, sectors);
        ram.store(request.data + 12, flags);
        driver.notify(0);
        return answer(request);
    }
    void fill_disk()
    {
        for (std::size_t i = 0; i < disk.content.size(); ++i) {
            disk.content[i] = static_cast<char>(i / 512 * 7 + i);
        }
    }
    std::string on_disk(std::uint64_t sector, std::size_t size)
    {
        return {disk.content.data() + sector * 512, size};
    }

    kit::GuestRam                 ram{std::size_t{4} << 20};
    FakeDisk                      disk{1024};
    Block::Storage<8, 2, 2>       storage;
    Block                         device{disk, storage};
    kit::FakeDriver               driver{ram, device};
    std::vector<FakeRing*>        rings;
    std::optional<FakeRing::Used> last;
};

} // namespace block_test
