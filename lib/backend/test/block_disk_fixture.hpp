// SPDX-License-Identifier: BSD-2-Clause
// A block device on a back end, with a driver in front and a virtualiser behind.
#pragma once

#include "backend/block_disk.hpp"
#include "kit/fake_block_server.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace block_disk_test {

using backend::BlockDisk;
using backend::BlockPool;
using kit::FakeBlockServer;
using kit::FakeDriver;
using virtio::Block;
using Code   = sddf::block::Code;
using Status = sddf::block::Status;

constexpr std::uint32_t k_in           = 0;
constexpr std::uint32_t k_out          = 1;
constexpr std::uint32_t k_flush        = 4;
constexpr std::uint32_t k_write_zeroes = 13;

class BackendBlockDisk : public testing::Test {
protected:
    struct Request {
        std::uint64_t data;
        std::uint64_t status;
    };

    /// `guest_is_data`: the guest's RAM is the data region, and its end is for bouncing.
    void start(std::uint64_t blocks = 64, std::uint16_t capacity = 8, std::size_t data_blocks = 16,
               bool guest_is_data = false)
    {
        server = std::make_unique<FakeBlockServer>(
            blocks, capacity, data_blocks, guest_is_data ? ram.all() : std::span<std::byte>{});
        for (std::size_t i = 0; i < server->content.size(); ++i) {
            server->content[i] = static_cast<char>(i / 512 * 7 + i);
        }
        disk = std::make_unique<BlockDisk>(disk_storage, *server);
        if (guest_is_data) {
            const auto bounce = ram.all().size() - data_blocks * 4096;
            ASSERT_TRUE(disk->open(server->config(), bounce, data_blocks * 4096));
        } else {
            ASSERT_TRUE(disk->open(server->config()));
        }
        device = std::make_unique<Block>(*disk, storage);
        driver = std::make_unique<FakeDriver>(ram, *device);
        ASSERT_TRUE(driver->negotiate());
        ring = &driver->set_up(0, 128);
        driver->go();
    }
    Request add(std::uint32_t type, std::uint64_t sector, std::uint32_t size,
                std::uint32_t piece = 1U << 20, std::uint64_t alignment = 16)
    {
        const auto header = ram.allocate(16);
        const auto status = ram.allocate(1);
        const auto data   = ram.allocate(size, alignment);
        ram.store<std::uint64_t>(header, type);
        ram.store(header + 8, sector);
        ram.store<std::uint8_t>(status, 0xee);
        std::vector<kit::Buffer> buffers{kit::to_device(header, 16)};
        for (std::uint32_t at = 0; at < size; at += piece) {
            buffers.push_back({data + at, std::min(piece, size - at), type == k_in});
        }
        buffers.push_back(kit::from_device(status, 1));
        ring->add_indirect(buffers);
        return {data, status};
    }
    std::uint8_t answer(const Request& request) { return ram.load<std::uint8_t>(request.status); }

    /// Lets the virtualiser work until nothing is left to do.
    void settle()
    {
        server->collect();
        while (!server->pending.empty()) {
            server->answer(server->pending.size() / 2);
            server->publish();
            disk->notified();
            server->collect();
        }
    }
    std::string on_disk(std::uint64_t sector, std::size_t size)
    {
        return {server->content.data() + sector * 512, size};
    }
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint32_t size)
    {
        const auto request = add(type, sector, size);
        driver->notify(0);
        settle();
        return answer(request);
    }

    kit::GuestRam                    ram{std::size_t{8} << 20};
    std::unique_ptr<FakeBlockServer> server;
    BlockDisk::Storage<32>           disk_storage;
    Block::Storage<32, 4, 1>         storage;
    std::unique_ptr<BlockDisk>       disk;
    std::unique_ptr<Block>           device;
    std::unique_ptr<FakeDriver>      driver;
    kit::FakeRing*                   ring = nullptr;
};

} // namespace block_disk_test
