// SPDX-License-Identifier: BSD-2-Clause
// Seeded schedules of clients, virtualiser and driver, each of which runs only when it was
// notified: every request is answered once, and nobody waits for ever.
#include "../books.hpp"
#include "disk_image.hpp"

#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

extern sddf::block::VirtConfig blk_config;

namespace {

using sddf::block::Request;
using sddf::block::Status;

constexpr unsigned      k_clients  = 3;
constexpr unsigned      k_driver   = 0; ///< channel of the virtualiser
constexpr std::uint16_t k_capacity = 8;
constexpr unsigned      k_requests = 60; ///< of each client

struct Client {
    kit::BlockLink          link{k_capacity};
    kit::Memory             data{16384};
    std::set<std::uint32_t> waiting;
    unsigned                asked     = 0;
    bool                    has_event = true;
};

class Simulation {
public:
    explicit Simulation(unsigned seed)
        : random_{seed}
        , driver_{static_cast<std::uint16_t>(1 + seed % 9)}
    {
        fake_.reset();
        blk_virt::memory       = {};
        blk_config             = {};
        blk_config.magic       = sddf::magic_of(sddf::Class::block);
        blk_config.num_clients = k_clients;
        blk_config.driver = {driver_.connection(k_driver), {own_.region(), own_.region().vaddr}};
        disk_.make_mbr({{64, 80}, {160, 80}, {seed % 4 == 0 ? 241U : 240U, 80}});
        for (std::uint8_t i = 0; i < k_clients; ++i) {
            blk_config.clients[i] = {clients_[i].link.connection(static_cast<std::uint8_t>(1 + i)),
                                     {clients_[i].data.region(), clients_[i].data.region().vaddr},
                                     i};
        }
        driver_.storage().capacity = 2048;
    }

    void run()
    {
        init();
        collect();
        for (unsigned step = 0; step < 100'000 && act(); ++step) {
        }
        for (const auto& client : clients_) {
            EXPECT_EQ(client.asked, k_requests) << "stuck";
            EXPECT_TRUE(client.waiting.empty()) << "lost";
        }
    }

private:
    unsigned pick(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

    /// Where the notifications of the virtualiser went.
    void collect()
    {
        fake_.end_of_entry_point();
        for (const unsigned channel : fake_.notifications) {
            (channel == k_driver ? driver_event_ : clients_[channel - 1].has_event) = true;
        }
        fake_.notifications.clear();
    }
    /// Lets one of those run that can. False: nobody can.
    bool act()
    {
        std::vector<unsigned> able;
        for (unsigned i = 0; i < k_clients; ++i) {
            if (clients_[i].has_event) {
                able.push_back(i);
            }
        }
        if (virt_event_) {
            able.push_back(k_clients);
        }
        if (driver_event_ || !held_.empty() || !is_ready_) {
            able.push_back(k_clients + 1);
        }
        if (able.empty()) {
            return false;
        }
        const unsigned who = able[pick(static_cast<unsigned>(able.size()))];
        if (who < k_clients) {
            run_client(clients_[who]);
        } else if (who == k_clients) {
            virt_event_ = false;
            notified(microkit::Channel{pick(1 + k_clients)}); // events may be merged
            collect();
        } else {
            run_driver();
        }
        return true;
    }
    void run_client(Client& client)
    {
        client.has_event = false;
        for (const auto& response : client.link.take_responses()) {
            EXPECT_EQ(client.waiting.erase(response.id), 1U) << "answered twice, or never asked";
        }
        const unsigned many = 1 + pick(k_capacity);
        for (unsigned i = 0; i < many && client.asked < k_requests; ++i) {
            if (client.waiting.size() == k_capacity) {
                break;
            }
            const Request request{.code         = static_cast<sddf::block::Code>(pick(5)),
                                  .io_or_offset = 4096ULL * pick(5),
                                  .block_number = pick(12),
                                  .count        = static_cast<std::uint16_t>(pick(3)),
                                  .id           = client.asked * 7};
            EXPECT_TRUE(client.link.ask(request));
            client.waiting.insert(request.id);
            ++client.asked;
            virt_event_ = true;
        }
    }
    void run_driver()
    {
        if (!is_ready_) {
            is_ready_ = true;
            driver_.storage().set_ready(true);
            virt_event_ = true;
        }
        driver_event_ = false;
        for (const auto& request : driver_.take_requests()) {
            held_.push_back(request);
        }
        for (unsigned many = pick(4); many != 0 && !held_.empty(); --many) {
            const unsigned which   = pick(static_cast<unsigned>(held_.size()));
            const Request  request = held_[which];
            held_.erase(held_.begin() + which);
            if (request.code == sddf::block::Code::read) {
                ASSERT_LE((request.block_number + request.count) * 4096, disk_.bytes.size());
                std::memcpy(reinterpret_cast<void*>(request.io_or_offset),
                            &disk_.bytes[request.block_number * 4096],
                            std::size_t{request.count} * 4096);
            }
            EXPECT_TRUE(driver_.answer({.success_count = request.count, .id = request.id}));
            virt_event_ = true;
        }
    }

    kit::FakeMicrokit&            fake_ = kit::FakeMicrokit::instance();
    std::mt19937                  random_;
    kit::BlockLink                driver_;
    kit::Memory                   own_{40960};
    blk_virt::test::DiskImage     disk_{2048};
    std::array<Client, k_clients> clients_;
    std::vector<Request>          held_; ///< by the driver
    bool                          is_ready_     = false;
    bool                          driver_event_ = false;
    bool                          virt_event_   = false;
};

TEST(BlkSimulation, EveryRequestIsAnsweredOnceAndNobodyWaitsForEver)
{
    for (unsigned seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(seed);
        Simulation{seed}.run();
        if (testing::Test::HasFailure()) {
            break;
        }
    }
}

} // namespace
