// SPDX-License-Identifier: BSD-2-Clause
// The block virtualiser between clients and a driver whose disk is in memory.
#pragma once

#include "../books.hpp"
#include "disk_image.hpp"

#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>

extern sddf::block::VirtConfig blk_config;

namespace blk_virt::test {

using sddf::block::Code;
using sddf::block::Request;
using sddf::block::Response;
using sddf::block::Status;

constexpr unsigned    k_driver  = 0;
constexpr std::size_t k_clients = 3;

class BlkVirt : public testing::Test {
protected:
    BlkVirt()
    {
        fake.reset();
        blk_virt::memory               = {};
        blk_config                     = {};
        blk_config.magic               = sddf::magic_of(sddf::Class::block);
        blk_config.num_clients         = k_clients;
        blk_config.driver.connection   = driver.connection(k_driver);
        blk_config.driver.data.region  = own.region();
        blk_config.driver.data.io_addr = own.region().vaddr;
        for (std::uint8_t i = 0; i < k_clients; ++i) {
            blk_config.clients[i].connection =
                links[i].connection(static_cast<std::uint8_t>(1 + i));
            blk_config.clients[i].data.region = data[i].region();
            // Device addresses are not the client's: here they are so by chance of the test.
            blk_config.clients[i].data.io_addr = data[i].region().vaddr;
            blk_config.clients[i].partition    = i;
        }
        disk.make_mbr({{64, 800}, {1024, 1600}, {4096, 80}});
    }
    void set_ready(bool read_only = false)
    {
        auto& info       = driver.storage();
        info.capacity    = disk.bytes.size() / 4096;
        info.sector_size = 512;
        info.read_only   = read_only ? 1 : 0;
        info.set_ready(true);
    }
    void start()
    {
        set_ready();
        init();
        run_driver();
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
        told.insert(told.end(), fake.notifications.begin(), fake.notifications.end());
    }
    static bool is_whole(const Request& request)
    {
        return request.code == Code::read || request.code == Code::write;
    }
    void serve_one(const Request& request)
    {
        seen.push_back(request);
        if (is_whole(request)) {
            ASSERT_LE((request.block_number + request.count) * 4096, disk.bytes.size());
            auto*      memory = reinterpret_cast<std::byte*>(request.io_or_offset);
            auto*      there  = &disk.bytes[request.block_number * 4096];
            const auto size   = std::size_t{request.count} * 4096;
            request.code == Code::read ? std::memcpy(memory, there, size)
                                         : std::memcpy(there, memory, size);
        }
        ASSERT_TRUE(driver.answer(
            {.status = Status::ok, .success_count = request.count, .id = request.id}));
    }
    /// The driver does all there is, until there is no more.
    void run_driver()
    {
        for (unsigned i = 0; i < 1000; ++i) {
            const auto requests = driver.take_requests();
            if (requests.empty()) {
                return;
            }
            std::ranges::for_each(requests, [&](const auto& request) { serve_one(request); });
            event(k_driver);
        }
        FAIL() << "it never ends";
    }
    Response ask(unsigned client, Request request)
    {
        EXPECT_TRUE(links[client].ask(request));
        event(1 + client);
        run_driver();
        const auto responses = links[client].take_responses();
        EXPECT_EQ(responses.size(), 1U);
        return responses.empty() ? Response{} : responses.front();
    }
    Status status(unsigned client, const Request& request) { return ask(client, request).status; }

    kit::FakeMicrokit&                    fake = kit::FakeMicrokit::instance();
    DiskImage                             disk{2048};
    kit::BlockLink                        driver{48}; // not a power of two
    kit::Memory                           own{40960};
    std::array<kit::BlockLink, k_clients> links{kit::BlockLink{16}, kit::BlockLink{16},
                                                kit::BlockLink{16}};
    std::array<kit::Memory, k_clients>    data{kit::Memory{65536}, kit::Memory{1 << 20},
                                            kit::Memory{65536}};
    std::vector<Request>                  seen;
    std::vector<unsigned>                 told;
};

} // namespace blk_virt::test
