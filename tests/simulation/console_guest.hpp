// SPDX-License-Identifier: BSD-2-Clause
// A guest's console driver, with one port or several.
#pragma once

#include "text.hpp"
#include "vmm.hpp"

#include "kit/fake_driver.hpp"
#include "virtio/console.hpp"

#include <deque>
#include <map>
#include <vector>

namespace simulation {

class ConsoleGuest {
public:
    struct Options {
        bool     multiport = false;
        unsigned resets    = 0;
        bool     lines     = false; ///< the output has ends of lines, which are in no text
        unsigned stops_at  = ~0U;   ///< after so many characters of input it does nothing any more
        std::uint64_t features = ~std::uint64_t{0};
    };
    struct Port {
        Output* output;
        Input*  input;
    };
    ConsoleGuest(Vmm& vmm, virtio::Device& device, const Options& options, std::vector<Port> ports);

    void                      start();
    [[nodiscard]] std::string unfinished() const;
    [[nodiscard]] bool        has_stopped() const { return handled_ >= options_.stops_at; }

private:
    static constexpr std::uint32_t k_room = 128;

    struct Slot {
        std::uint64_t at       = 0;
        std::uint32_t size     = 0;
        bool          busy     = false;
        std::uint32_t letters  = 0; ///< of a text, among those bytes
        std::uint64_t position = 0;
    };
    struct Queue {
        kit::FakeRing*                 ring = nullptr;
        std::array<Slot, 4>            slots{};
        std::map<std::uint16_t, Slot*> by_head{};
    };
    struct Message {
        std::uint32_t id;
        std::uint16_t event;
        std::uint16_t value;
    };

    void               bring_up();
    void               tear_down();
    void               work();
    void               serve_control();
    void               say(std::uint32_t port, std::uint16_t event);
    void               offer(unsigned queue, std::uint32_t size);
    bool               write(unsigned port);
    void               read(unsigned port);
    void               take_written(unsigned port);
    void               tell(unsigned queue);
    [[nodiscard]] bool can_write(unsigned port) const;

    [[nodiscard]] unsigned queues() const
    {
        return options_.multiport ? 2 + 2 * static_cast<unsigned>(ports_.size()) : 2;
    }
    static unsigned receive_queue(unsigned port) { return port == 0 ? 0 : 2 + 2 * port; }
    Random&         random() { return Scheduler::current().random; }

    Vmm&                vmm_;
    Options             options_;
    std::vector<Port>   ports_;
    kit::FakeDriver     driver_;
    std::vector<Queue>  queues_;
    std::vector<bool>   open_;
    std::deque<Message> to_say_;
    std::uint64_t       handled_     = 0;
    unsigned            resets_left_ = 0;
    std::uint64_t       reset_at_    = 0;
};

} // namespace simulation
