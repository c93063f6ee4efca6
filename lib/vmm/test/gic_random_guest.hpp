// SPDX-License-Identifier: BSD-2-Clause
// A guest that does anything at all with its GIC, and a model beside it to which the same is done.
#pragma once

#include "gic_fake.hpp"
#include "gic_model.hpp"

#include <random>

namespace vmm_test {

/// What a random guest runs on.
struct RandomRun {
    GicVersion version;
    Kernel     kernel;
    unsigned   list_registers;
    bool       refuses = false; ///< a blind kernel that refuses to overwrite what is active
};

class RandomGuest {
public:
    RandomGuest(const RandomRun& run, unsigned seed);

    /// One thing that a guest, a device or whoever suspends vCPUs may do; compared with the model.
    void step();

    /// Everything on, everything routed to CPU 0, all lines low: now all that is pending must come.
    void drain();

    /// How many interrupts it took.
    unsigned taken() const { return taken_; }

private:
    struct Running {
        std::uint32_t iar;
        bool          deactivated; ///< by ICACTIVER: its end only drops the priority
    };

    bool v2() const { return run_.version == GicVersion::v2; }
    bool sees() const { return run_.kernel == Kernel::seeing; }

    unsigned      pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    std::uint32_t pick_intid()
    {
        // Few enough to collide, of every kind.
        constexpr std::uint32_t k_some[] = {0,  1,  2,  15, 16, 27, 30, 31, 32, 33, 34, 35,
                                            40, 41, 42, 43, 62, 63, 64, 65, 70, 90, 94, 95};
        return k_some[pick(std::size(k_some))];
    }

    // gic_random_writes.cpp: done to the machine and to the model alike
    void write_bits(std::uint64_t reg);
    void write_activity();
    void write_priority();
    void route(std::uint32_t intid, std::uint8_t targets);
    void write_route();
    void write_group();
    void write_configuration();
    void write_ctlr(std::uint32_t value);
    void send_sgi();
    void set_line();
    void pulse();
    void switch_power();
    /// Applies a change of line or configuration to the model. What was pending only by its line
    /// and is in a list register of a blind kernel may then be taken though nothing is pending any
    /// more.
    template <class Change>
    void note_phantoms(std::uint32_t intid, Change change);

    // gic_random_guest.cpp: compared with the model
    void acknowledge();
    void end();
    void compare_registers();
    bool in_list_register(unsigned cpu, std::uint32_t intid, FakeMachine::State state) const;
    /// An interrupt that ended elsewhere may come here only once the VMM knows of its end.
    bool message_under_way() const;
    bool phantom_anywhere() const;

    RandomRun                                                         run_;
    FakeMachine                                                       machine_;
    ModelGic                                                          model_{};
    std::mt19937                                                      random_;
    unsigned                                                          cpu_ = 0;
    std::array<std::vector<Running>, ModelGic::k_cpus>                running_{};
    std::array<std::array<bool, ModelGic::k_total>, ModelGic::k_cpus> phantoms_{};
    unsigned                                                          taken_ = 0;
};

} // namespace vmm_test
