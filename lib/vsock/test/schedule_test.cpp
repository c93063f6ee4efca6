// SPDX-License-Identifier: BSD-2-Clause
// Two guests and a program that talk to each other, under random schedules and restarts: every byte
// in order, none lost, none twice, nobody stuck, nothing grows.
#include "nodes.hpp"

#include <random>

namespace {

using vsock::SocketType;

constexpr std::uint32_t k_port = 5;

/// What a connection is to carry, and what became of it.
struct Talk {
    std::size_t   from;
    std::size_t   to;
    SocketType    type;
    std::uint32_t there; ///< bytes from the one who connects
    std::uint32_t back;
    bool          broken     = false; ///< a restart came in between
    std::uint32_t got_there  = 0;
    std::uint32_t got_back   = 0;
    bool          over_there = false;
    bool          over_back  = false;
};

/// The byte at a place of a stream.
std::byte pattern(std::uint32_t talk, bool back, std::uint32_t at)
{
    return static_cast<std::byte>((talk * 31 + at * 7 + (at >> 8) + (back ? 101 : 0)) & 0xff);
}

/// One end of a talk, in the program of a node.
struct Side {
    Handle                       handle;
    std::optional<std::uint32_t> talk; ///< of an accepted one: after the first four bytes
    bool                         accepted = false;
    std::uint32_t                sent     = 0;
    std::uint32_t                got      = 0;
    bool                         shut     = false;
    std::string                  first{};
};

class VsockSchedule : public testing::TestWithParam<unsigned> {
protected:
    VsockSchedule()
    {
        for (std::size_t i = 0; i < 3; ++i) {
            restart(i);
        }
    }

    std::vector<Node::Cable> cables(std::size_t node)
    {
        // Wire i joins nodes i and i + 1.
        std::vector<Node::Cable> list;
        for (const std::size_t wire : {node, (node + 2) % 3}) {
            const bool        left  = wire == node;
            const std::size_t other = left ? (wire + 1) % 3 : wire;
            list.push_back({left ? &wires[wire].left : &wires[wire].right,
                            left ? &wires[wire].right : &wires[wire].left, cids[other],
                            &bells[other]});
        }
        return list;
    }
    void restart(std::size_t i)
    {
        for (Talk& talk : talks) {
            const bool over = talk.over_there && talk.over_back;
            talk.broken     = talk.broken || ((talk.from == i || talk.to == i) && !over);
        }
        sides[i].clear();
        if (nodes[i]) {
            nodes[i]->orderly = random() % 2 == 0;
            nodes[i].reset();
        }
        const auto features = random() % 2 == 0 ? ~0ULL : ~virtio::k_feature_event_idx;
        if (i == 2) {
            nodes[i] = std::make_unique<Program>(cids[i], cables(i), features);
        } else {
            nodes[i] = std::make_unique<Guest>(cids[i], cables(i), features);
        }
        ASSERT_TRUE(nodes[i]->sockets().listen(k_port, SocketType::stream, 6));
        ASSERT_TRUE(nodes[i]->sockets().listen(k_port + 1, SocketType::seqpacket, 6));
        nodes[i]->sockets().flush();
    }

    void begin_talk()
    {
        const std::size_t from   = random() % 3;
        const std::size_t to     = (from + 1 + random() % 2) % 3;
        const auto        type   = random() % 2 == 0 ? SocketType::stream : SocketType::seqpacket;
        const auto        port   = type == SocketType::stream ? k_port : k_port + 1;
        const auto        handle = nodes[from]->sockets().connect(cids[to], port, type);
        if (handle) {
            const auto number = static_cast<std::uint32_t>(talks.size());
            talks.push_back({.from  = from,
                             .to    = to,
                             .type  = type,
                             .there = 4 + static_cast<std::uint32_t>(random() % 5000),
                             .back  = static_cast<std::uint32_t>(random() % 5000)});
            sides[from].push_back({.handle = *handle, .talk = number});
        }
    }

    /// A program goes on with what it can; whether it did something.
    bool program(std::size_t i)
    {
        Endpoint& sockets = nodes[i]->sockets();
        bool      did     = false;
        for (const std::uint32_t port : {k_port, k_port + 1}) {
            while (const auto handle = sockets.accept(port)) {
                sides[i].push_back({.handle = *handle, .talk = std::nullopt, .accepted = true});
                did = true;
            }
        }
        for (std::size_t k = 0; k < sides[i].size();) {
            const bool over = !work(sockets, sides[i][k], did);
            if (over) {
                sockets.close(sides[i][k].handle);
                sides[i].erase(sides[i].begin() + static_cast<std::ptrdiff_t>(k));
                did = true;
            } else {
                ++k;
            }
        }
        sockets.flush();
        return did;
    }

    /// False: this side has come to its end.
    bool work(Endpoint& sockets, Side& side, bool& did)
    {
        if (side.talk) {
            Talk&                      talk  = talks[*side.talk];
            const auto                 total = side.accepted ? talk.back : talk.there;
            std::array<std::byte, 150> bytes;
            while (side.sent < total) {
                const auto size = std::min<std::uint32_t>(
                    total - side.sent, static_cast<std::uint32_t>(1 + random() % 150));
                for (std::uint32_t n = 0; n < size; ++n) {
                    const auto at = side.sent + n;
                    bytes[n]      = !side.accepted && at < 4
                                        ? static_cast<std::byte>(*side.talk >> (8 * at))
                                        : pattern(*side.talk, side.accepted, at);
                }
                const auto sent =
                    sockets.send(side.handle, std::span{bytes}.first(size), End::message);
                side.sent += sent;
                did = did || sent != 0;
                if (sent < size) {
                    break;
                }
            }
            if (side.sent == total && !side.shut && !side.accepted &&
                sockets.is_connected(side.handle)) {
                sockets.shutdown(side.handle, virtio::k_shutdown_send);
                side.shut = true;
                did       = true;
            }
        }
        std::array<std::byte, 200> bytes;
        const auto got = sockets.receive(side.handle, std::span{bytes}.first(1 + random() % 200));
        did            = did || got.size != 0;
        for (std::uint32_t n = 0; n < got.size; ++n, ++side.got) {
            if (side.accepted && side.got < 4) {
                side.first += static_cast<char>(bytes[n]);
                if (side.got == 3) {
                    std::uint32_t number = 0;
                    std::memcpy(&number, side.first.data(), 4);
                    side.talk = number;
                    EXPECT_LT(number, talks.size());
                }
            } else {
                EXPECT_EQ(bytes[n], pattern(*side.talk, !side.accepted, side.got));
            }
        }
        if (side.talk) {
            Talk& talk                                       = talks[*side.talk];
            (side.accepted ? talk.got_there : talk.got_back) = side.got;
            if (got.is_over) {
                (side.accepted ? talk.over_there : talk.over_back) = true;
                // The one who answers goes when it has said all.
                return side.accepted && side.sent < talk.back && !sockets.is_closed(side.handle);
            }
        }
        return !(got.is_over || (side.got == 0 && sockets.is_closed(side.handle)));
    }

    /// One random step; with `quiet`, only what somebody has been notified of, and programs.
    bool step(std::size_t i)
    {
        bool did = false;
        switch (random() % 3) {
        case 0:
            if (bells[i].take()) {
                nodes[i]->relay.notified();
                did = true;
            }
            break;
        case 1:
            did = nodes[i]->interrupt();
            break;
        default:
            did = program(i);
            break;
        }
        EXPECT_TRUE(nodes[i]->is_sound());
        EXPECT_LE(nodes[i]->sockets().in_use(), Node::k_sockets);
        return did;
    }
    /// Until nobody has anything to do any more.
    void settle()
    {
        for (unsigned idle = 0; idle < 200;) {
            idle = step(random() % 3) ? 0 : idle + 1;
        }
    }
    void expect_all_done()
    {
        std::size_t broken = 0;
        for (std::size_t n = 0; n < talks.size(); ++n) {
            const Talk& talk = talks[n];
            broken += talk.broken ? 1 : 0;
            if (!talk.broken && talk.got_there + talk.got_back != 0) {
                EXPECT_EQ(talk.got_there, talk.there) << n;
                EXPECT_EQ(talk.got_back, talk.back) << n;
                EXPECT_TRUE(talk.over_there && talk.over_back) << n;
            }
            done += !talk.broken && talk.over_there && talk.over_back ? 1 : 0;
        }
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_TRUE(sides[i].empty()) << i;
            EXPECT_EQ(nodes[i]->sockets().in_use(), 2u) << i; // those that listen
        }
    }

    std::mt19937                         random{GetParam()};
    std::array<std::uint32_t, 3>         cids{3, 4, 2};
    std::array<Wire, 3>                  wires{Wire{1088}, Wire{1096}, Wire{1600}};
    std::array<FakeBell, 3>              bells;
    std::array<std::unique_ptr<Node>, 3> nodes;
    std::array<std::vector<Side>, 3>     sides;
    std::vector<Talk>                    talks;
    std::size_t                          done = 0;
};

TEST_P(VsockSchedule, EverythingArrivesOnceAndInOrder)
{
    settle();
    for (unsigned round = 0; round < 3000; ++round) {
        if (random() % 40 == 0) {
            begin_talk();
        }
        (void)step(random() % 3);
    }
    settle();
    expect_all_done();
    EXPECT_GT(done, 20u);
}

TEST_P(VsockSchedule, ARestartEndsWhatItTouchesAndNothingElse)
{
    settle();
    for (unsigned round = 0; round < 3000; ++round) {
        if (random() % 30 == 0) {
            begin_talk();
        }
        if (random() % 400 == 0) {
            restart(random() % 3);
        }
        (void)step(random() % 3);
    }
    settle();
    expect_all_done();
    // And all of them are reachable again.
    const auto before = done;
    for (unsigned n = 0; n < 12; ++n) {
        begin_talk();
        settle();
    }
    done = 0;
    expect_all_done();
    EXPECT_EQ(done, before + 12);
}

INSTANTIATE_TEST_SUITE_P(Seeds, VsockSchedule, testing::Range(0U, 16U));

} // namespace
