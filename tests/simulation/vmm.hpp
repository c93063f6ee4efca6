// SPDX-License-Identifier: BSD-2-Clause
// A VMM's protection domain and its guest: one thing at a time, a notification or an exit.
#pragma once

#include "scheduler.hpp"

#include "backend/doorbell.hpp"
#include "kit/guest_ram.hpp"

#include <bit>
#include <functional>
#include <string>
#include <utility>

namespace simulation {

class Vmm : public Domain {
public:
    Vmm(const std::string& its_name, unsigned its_priority, std::size_t ram_bytes)
        : ram{ram_bytes}
    {
        name           = its_name;
        priority       = its_priority;
        guest.name     = its_name + "'s guest";
        guest.priority = 1;
    }

    /// Runs `init`, then `notified` for each channel that was signalled.
    void start(std::function<void()> init, std::function<void(unsigned)> notified)
    {
        Scheduler::current().spawn(*this, [this, init, notified] {
            auto& scheduler = Scheduler::current();
            init();
            scheduler.end_of_event(*this);
            is_busy_ = false;
            for (;;) {
                scheduler.wait([this] { return badge != 0 && !is_busy_; });
                scheduler.trace(name + " runs");
                is_busy_    = true;
                auto events = std::exchange(badge, 0);
                for (; events != 0; events &= events - 1) {
                    notified(static_cast<unsigned>(std::countr_zero(events)));
                }
                scheduler.end_of_event(*this);
                is_busy_ = false;
            }
        });
    }

    /// In a vCPU: what the VMM does upon an access to a device. It returns when it is done.
    void exit(const std::function<void()>& action)
    {
        auto& scheduler = Scheduler::current();
        scheduler.wait([this] { return !is_busy_; });
        is_busy_ = true;
        scheduler.become(*this, [&] {
            action();
            scheduler.end_of_event(*this);
        });
        is_busy_ = false;
    }

    Domain        guest; ///< its vCPUs
    kit::GuestRam ram;

private:
    bool is_busy_ = true; ///< until init is over
};

/// A channel of a domain.
class Bell final : public backend::Doorbell {
public:
    Bell(Domain& from, unsigned channel)
        : from_{from}
        , channel_{channel}
    {
    }
    void ring() override { Scheduler::current().notify(from_, channel_); }

private:
    Domain&  from_;
    unsigned channel_;
};

/// Something that one fiber has at a time.
class Lock {
public:
    void take()
    {
        Scheduler::current().wait([this] { return !is_taken_; });
        is_taken_ = true;
    }
    void give() { is_taken_ = false; }

private:
    bool is_taken_ = false;
};

} // namespace simulation
