// SPDX-License-Identifier: BSD-2-Clause
// A guest's block driver with several queues, and what it knows must be on its disk.
#pragma once

#include "vmm.hpp"

#include "kit/fake_driver.hpp"
#include "virtio/block.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace simulation {

class BlockGuest {
public:
    struct Options {
        unsigned      number     = 0; ///< part of what it writes
        unsigned      queues     = 1;
        unsigned      requests   = 20;
        unsigned      resets     = 0;
        bool          may_fail   = false; ///< the device gives errors
        std::uint64_t sectors    = 0;
        std::uint64_t features   = ~std::uint64_t{0};
        unsigned      ring_size  = 16;
        bool          has_merges = true; ///< requests that begin or end within a block
    };
    BlockGuest(Vmm& vmm, virtio::Device& device, const Options& options);

    /// Its vCPUs; they do nothing until `is_there` says that there is a device.
    void start(std::function<bool()> is_there);

    /// Asks for more, of which none may fail unless it is said so.
    void go_on(unsigned requests, bool may_fail)
    {
        options_.requests += requests;
        options_.may_fail = may_fail;
    }

    /// What is missing, when nobody can go on any more; empty: nothing.
    [[nodiscard]] std::string unfinished() const;
    /// Whether the disk holds what it must; what is wrong, or nothing.
    [[nodiscard]] std::string compare(std::span<const char> disk) const;

private:
    static constexpr unsigned      k_slots      = 6; ///< of each queue
    static constexpr std::uint32_t k_slot_bytes = 16384;
    static constexpr std::uint32_t k_margin     = 64;

    /// What is on the disk: one of these.
    struct Sector {
        std::vector<std::uint32_t> possible{0};
        unsigned                   readers = 0;
        bool                       written = false; ///< a write is under way
    };
    struct Slot {
        std::uint64_t header = 0;
        std::uint64_t data   = 0;
        std::uint64_t status = 0;
        bool          busy   = false;
        std::uint32_t type   = 0;
        std::uint64_t sector = 0;
        std::uint32_t count  = 0; ///< sectors
        std::uint32_t size   = 0; ///< bytes of data
        std::uint32_t id     = 0; ///< of what is written
    };
    struct Queue {
        kit::FakeRing*                 ring = nullptr;
        std::array<Slot, k_slots>      slots{};
        std::map<std::uint16_t, Slot*> by_head{};
        Lock                           lock{};
        bool                           submits = false;
    };

    void                        bring_up();
    void                        tear_down();
    void                        submit(unsigned queue);
    void                        take_interrupts();
    bool                        prepare(Slot& slot);
    void                        make_available(Queue& queue, Slot& slot);
    void                        complete(Queue& queue, const kit::FakeRing::Used& used);
    void                        settle(Slot& slot, bool good, bool surely);
    void                        check_read(Slot& slot);
    [[nodiscard]] bool          reserve(const Slot& slot);
    void                        fill(std::uint64_t at, std::uint64_t sector, std::uint32_t id);
    [[nodiscard]] std::uint32_t identify(const std::byte* bytes, std::uint64_t sector) const;
    [[nodiscard]] std::uint64_t word(std::uint64_t sector, std::uint32_t id, unsigned index) const;
    [[nodiscard]] bool          is_idle() const;
    Random&                     random() { return Scheduler::current().random; }

    Vmm&                vmm_;
    Options             options_;
    kit::FakeDriver     driver_;
    std::vector<Queue>  queues_;
    std::vector<Sector> sectors_;
    std::uint32_t       last_id_     = 0;
    unsigned            submitted_   = 0;
    unsigned            completed_   = 0;
    unsigned            resets_left_ = 0;
    bool                is_up_       = false;
    bool                in_handler_  = false;
};

} // namespace simulation
