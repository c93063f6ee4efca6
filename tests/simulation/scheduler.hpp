// SPDX-License-Identifier: BSD-2-Clause
// Who runs when: protection domains as fibers of one program, in an order that a seed decides.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace simulation {

/// Numbers from a seed: the same everywhere (splitmix64).
class Random {
public:
    explicit Random(std::uint64_t seed)
        : state_{seed * 0x9e37'79b9'7f4a'7c15 + 1}
    {
    }
    std::uint64_t next()
    {
        std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15;
        z               = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z               = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    /// 0 to limit - 1.
    unsigned below(std::uint64_t limit) { return static_cast<unsigned>(next() % limit); }
    /// True once in `n` times.
    bool one_in(unsigned n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

/// What the kernel and the hardware keep of a protection domain, a guest's among them.
struct Domain {
    static constexpr unsigned k_channels = 64;

    std::string   name;
    unsigned      priority = 0;
    std::uint64_t badge    = 0; ///< channels with a notification that was not handled yet

    /// The other end of each channel, by number here.
    struct Wire {
        Domain*               to    = nullptr;
        unsigned              there = 0;   ///< the channel's number at the other end
        std::function<void()> acknowledge; ///< of an interrupt
    };
    std::array<Wire, k_channels> wires{};

    /// The one deferred operation that the event loop carries out.
    struct Deferred {
        enum class What : std::uint8_t { none, notify, acknowledge };
        What     what    = What::none;
        unsigned channel = 0;
    } deferred{};

    struct Store {
        void*         at;
        std::uint64_t value;
        unsigned      size;
    };
    std::deque<Store> stores{};  ///< that the other cores do not see yet
    std::string       printed{}; ///< the line of debug output that is not complete
};

/// How a run is to be, all of it from the seed.
struct Mode {
    bool     priorities  = false; ///< one core, the highest priority runs; otherwise anybody
    bool     late_stores = false; ///< cores that delay stores
    unsigned visibility  = 2;     ///< a delayed store is seen after so many decisions or so
    bool     fences      = true;  ///< false, to see that a run finds what that breaks
    unsigned preemption  = 8;     ///< at one in so many accesses; 0: never
    unsigned hardware    = 4;     ///< devices act in one of so many decisions
    unsigned restarts    = 0;     ///< of components, wherever they are: at most so many
    unsigned lost        = 0;     ///< one in so many notifications is lost, to see that it is found
};

class Scheduler {
public:
    Scheduler(std::uint64_t seed, const Mode& mode, bool trace);
    ~Scheduler();
    Scheduler(const Scheduler&)            = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// The one that runs.
    static Scheduler& current() { return *current_; }
    static bool       exists() { return current_ != nullptr; }

    /// Adds something that runs as `domain`.
    void spawn(Domain& domain, std::function<void()> body);
    /// Ends everything that runs as `domain`, wherever it is, as a restart of it does.
    void end(Domain& domain);
    /// Whether one of the restarts that a run has may be now. True: it is used up.
    [[nodiscard]] bool may_restart();
    /// There are no more from here on. True: there could have been some.
    bool end_restarts() { return std::exchange(may_restart_, false) && mode.restarts != 0; }
    /// Something that happens by itself: `can` says whether it may now.
    void add_hardware(std::string name, std::function<bool()> can, std::function<void()> act);

    /// What happens when nobody can go on, as a timeout would. False: it changes nothing.
    void at_rest(std::function<bool()> act) { at_rest_ = std::move(act); }

    /// Runs everything until nobody can go on. False: somebody failed, or they go on for ever.
    bool run();

    // For what runs.

    /// Until `condition` holds. Others' stores are visible to it as they are in memory.
    void wait(std::function<bool()> condition);
    /// Lets the schedule decide who goes on.
    void yield();
    /// A place where that may happen.
    void point();
    /// Who runs; nobody: the hardware.
    [[nodiscard]] Domain* domain() { return fiber_ == nullptr ? nullptr : fiber_->domain; }
    /// Runs `action` as another domain, as a VMM answers a guest's exit.
    void become(Domain& other, const std::function<void()>& action);
    /// Runs `action` as the hardware, which nobody interrupts.
    void as_hardware(const std::function<void()>& action);

    void notify(Domain& from, unsigned channel);
    void interrupt(Domain& to, unsigned channel);
    /// Ends a system call: what was stored is seen by all.
    void flush(Domain& domain);
    /// What the event loop does after the entry points.
    void end_of_event(Domain& domain);

    void fail(const std::string& what);
    /// What went wrong first; empty: nothing.
    [[nodiscard]] const std::string& failure() const { return failure_; }

    std::uint64_t load(const void* at, unsigned size);
    void          store(void* at, std::uint64_t value, unsigned size);
    void          fence();
    void          trace(const std::string& what);

    Random      random;
    const Mode  mode;
    std::size_t points = 0; ///< so far

private:
    struct Fiber {
        Domain*                          domain;
        std::function<void()>            body;
        std::function<bool()>            condition{}; ///< empty: it can run
        std::unique_ptr<std::uint64_t[]> stack{};
        ucontext_t                       context{};
        bool                             done = false;
    };
    struct Source {
        std::string           name;
        std::function<bool()> can;
        std::function<void()> act;
    };

    static void          enter();
    [[nodiscard]] bool   can_run(const Fiber& fiber) const;
    [[nodiscard]] Fiber* choose();
    bool                 let_hardware_act();
    void                 let_stores_be_seen();
    bool                 step();
    void                 count_down();

    static inline Scheduler* current_ = nullptr;

    bool                                trace_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::vector<Fiber*>                 able_;
    std::vector<Source>                 hardware_;
    std::function<bool()>               at_rest_;
    std::vector<Domain*>                domains_;
    ucontext_t                          scheduler_{};
    Fiber*                              fiber_       = nullptr;
    unsigned                            restarts_    = 0; ///< so far
    bool                                may_restart_ = true;
    unsigned                            in_hardware_ = 0;
    unsigned                            countdown_   = 0;
    std::string                         failure_;
};

} // namespace simulation
