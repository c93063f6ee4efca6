// SPDX-License-Identifier: BSD-2-Clause
// A guest's network driver: frames to whom its flows say, and a look at each that it receives.
#pragma once

#include "frame.hpp"
#include "vmm.hpp"

#include "kit/fake_driver.hpp"
#include "virtio/network.hpp"

#include <functional>
#include <map>
#include <vector>

namespace simulation {

class NetworkGuest {
public:
    struct Options {
        unsigned      station   = 0;
        std::uint64_t features  = ~std::uint64_t{0};
        std::uint16_t ring_size = 16;
        unsigned      resets    = 0;
        /// Frames after which it does nothing any more; its flows may lose some then.
        std::uint32_t stops_after = ~0U;
    };
    /// The flow between two stations.
    using Flows = std::function<Flow&(unsigned from, unsigned to)>;

    NetworkGuest(Vmm& vmm, virtio::Device& device, const Options& options, Flows flows,
                 std::vector<unsigned> peers);

    void start();

    /// What is missing, when nobody can go on any more; empty: nothing.
    [[nodiscard]] std::string unfinished();
    [[nodiscard]] bool        has_stopped() const { return handled_ >= options_.stops_after; }

private:
    static constexpr std::uint32_t k_header = 12;
    static constexpr std::uint32_t k_room   = 2048;

    struct Slot {
        std::uint64_t at   = 0;
        std::uint32_t size = k_room;
        bool          busy = false;
        Frame         frame{};
    };
    /// A queue and the buffers that go through it.
    struct Queue {
        kit::FakeRing*                 ring = nullptr;
        std::vector<Slot>              slots{};
        std::map<std::uint16_t, Slot*> by_head{};
    };

    void bring_up();
    void tear_down();
    void work();
    void offer_buffers();
    bool send_frames();
    void take_sent();
    void take_received();
    void receive(std::vector<std::byte>& bytes);
    void tell(Queue& queue, unsigned index);

    Random& random() { return Scheduler::current().random; }

    Vmm&                  vmm_;
    Options               options_;
    Flows                 flows_;
    std::vector<unsigned> peers_;
    kit::FakeDriver       driver_;
    Queue                 receive_;
    Queue                 transmit_;
    std::uint32_t         handled_     = 0; ///< frames, both ways
    unsigned              resets_left_ = 0;
    std::uint32_t         reset_at_    = 0;
};

} // namespace simulation
