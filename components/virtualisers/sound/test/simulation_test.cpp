// SPDX-License-Identifier: BSD-2-Clause
// Seeded schedules of clients, virtualiser and driver, each of which runs only when it was
// notified, and restarts of the virtualiser: everything is answered once, nobody waits for ever,
// and a stream never has two owners.
#include "fixture.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace {

using namespace sound_virt;
using namespace sound_virt::test;

constexpr unsigned k_acts = 150; ///< of each client

struct Asker {
    std::set<std::uint32_t> commands; ///< that are not answered
    std::set<std::uint32_t> buffers;
    unsigned                acts      = 0;
    bool                    has_event = true;
};

/// Not a test itself: one for each seed.
class Simulation final : public SoundVirt {
public:
    void run(unsigned seed)
    {
        random_.seed(seed);
        // Some see the same streams, some have their own.
        set_streams(1 + pick(3), 1 + pick(3));
        driver.page().set_ready(false);
        init();
        collect();
        for (unsigned step = 0; step < 100'000 && act(); ++step) {
        }
        for (const auto& asker : askers_) {
            EXPECT_EQ(asker.acts, k_acts) << "stuck";
            EXPECT_TRUE(asker.commands.empty()) << "a command is lost";
            EXPECT_TRUE(asker.buffers.empty()) << "a buffer is lost";
        }
    }

private:
    void     TestBody() override {}
    unsigned pick(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

    /// Where the notifications of the virtualiser went.
    void collect()
    {
        fake.end_of_entry_point();
        for (const unsigned channel : fake.notifications) {
            (channel == k_driver ? driver_event_ : askers_[channel - 1].has_event) = true;
        }
        fake.notifications.clear();
    }
    /// Lets one of those run that can. False: nobody can.
    bool act()
    {
        std::vector<unsigned> able;
        for (unsigned i = 0; i < k_clients; ++i) {
            if (askers_[i].has_event || askers_[i].acts < k_acts) {
                able.push_back(i);
            }
        }
        if (virt_event_) {
            able.push_back(k_clients);
        }
        if (driver_event_ || !held_.empty() || !obeyed_.empty() || !driver.page().is_ready()) {
            able.push_back(k_clients + 1);
        }
        if (able.empty()) {
            return false;
        }
        const unsigned who = able[pick(static_cast<unsigned>(able.size()))];
        if (who < k_clients) {
            run_client(who);
        } else if (who == k_clients) {
            virt_event_ = false;
            if (pick(20) == 0) {
                init();
            } else {
                notified(microkit::Channel{pick(1 + k_clients)}); // events may be merged
            }
            collect();
        } else {
            run_driver();
        }
        return true;
    }
    void run_client(unsigned number)
    {
        auto& me     = askers_[number];
        auto& link   = links[number];
        me.has_event = false;
        for (const auto& it : link.take_command_answers()) {
            EXPECT_EQ(me.commands.erase(it.cookie), 1U) << "answered twice, or never asked";
        }
        for (const auto& it : link.take_buffer_answers()) {
            EXPECT_EQ(me.buffers.erase(it.cookie), 1U) << "answered twice, or never given";
        }
        for (unsigned many = pick(6); many != 0 && me.acts < k_acts; --many) {
            const auto name = 10 * ++me.acts + number;
            if (pick(2) == 0 && me.commands.size() < 8) {
                // Often what comes next in a stream's life, sometimes anything.
                const auto stream = pick(2);
                const auto code   = static_cast<Code>(pick(5));
                EXPECT_TRUE(link.ask({code, name, stream, code == Code::take ? k_offered : 0}));
                me.commands.insert(name);
            } else if (me.buffers.size() < sddf::sound::k_pcm_capacity) {
                EXPECT_TRUE(link.give(buffer(name, pick(2), 4096ULL * pick(5), 1 + pick(4096))));
                me.buffers.insert(name);
            }
            virt_event_ = true;
        }
    }
    void run_driver()
    {
        if (!driver.page().is_ready()) {
            driver.page().set_ready(true);
            virt_event_ = true;
        }
        driver_event_ = false;
        for (const auto& it : driver.take_buffers()) {
            held_.push_back(it);
        }
        for (const auto& it : driver.take_commands()) {
            const auto next = sddf::sound::after(states_.at(it.stream_id), it.code);
            EXPECT_TRUE(next) << "a command out of turn";
            states_.at(it.stream_id) = next.value_or(State::released);
            if (it.code == Code::release) { // all that it has of the stream is answered before
                for (const auto& one : held_) {
                    if (one.stream_id == it.stream_id) {
                        EXPECT_TRUE(driver.answer(one));
                    }
                }
                std::erase_if(held_, [&](const Pcm& one) { return one.stream_id == it.stream_id; });
            }
            obeyed_.push_back(it);
        }
        for (unsigned many = pick(4); many != 0 && !obeyed_.empty(); --many) {
            EXPECT_TRUE(driver.answer(obeyed_.front(), Status::ok));
            obeyed_.erase(obeyed_.begin());
            virt_event_ = true;
        }
        for (unsigned many = pick(8); many != 0 && !held_.empty(); --many) {
            const auto which = pick(static_cast<unsigned>(held_.size()));
            EXPECT_TRUE(driver.answer(held_[which]));
            held_.erase(held_.begin() + which);
            virt_event_ = true;
        }
    }

    std::mt19937                     random_;
    std::array<Asker, k_clients>     askers_;
    std::vector<Pcm>                 held_; ///< by the driver
    std::vector<Command>             obeyed_;
    std::array<State, k_max_streams> states_{};
    bool                             driver_event_ = false;
    bool                             virt_event_   = true;
};

TEST(SoundSimulation, EverythingIsAnsweredOnceAndNobodyWaitsForEver)
{
    for (unsigned seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(seed);
        Simulation{}.run(seed);
        if (testing::Test::HasFailure()) {
            break;
        }
    }
}

} // namespace
