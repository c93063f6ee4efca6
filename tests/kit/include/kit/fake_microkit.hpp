// SPDX-License-Identifier: BSD-2-Clause
// A Microkit for host tests: takes every call that microkit.hpp makes, writes it down, and holds
// the state that the kernel would hold. Link `fake_microkit` where a program would link the SDK.
#pragma once

#include "microkit/fault.hpp"
#include "microkit/message.hpp"
#include "microkit/registers.hpp"
#include "microkit/smc.hpp"
#include "microkit/vcpu.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace kit {

/// What seam_crash becomes on the host: the PD would be dead now.
struct Crash : std::runtime_error {
    explicit Crash(unsigned error_number)
        : std::runtime_error{"crash with error " + std::to_string(error_number)}
        , error{error_number}
    {
    }
    unsigned error;
};

/// One vCPU as the kernel sees it.
struct FakeVcpu {
    enum class Run : std::uint8_t { stopped, running, faulted };

    Run                                                     run = Run::stopped;
    std::array<std::uint64_t, SEAM_REGISTERS>               registers{}; ///< in the kernel's order
    std::array<std::uint64_t, microkit::k_system_registers> system{};

    std::array<microkit::VectorRegister, 32> vectors{};

    struct ListRegister {
        bool                       pending = false;
        bool                       active  = false; ///< a test sets it to refuse an injection
        microkit::VirtualInterrupt interrupt{};
        unsigned                   sender = 0;
    };
    std::array<ListRegister, 16> list_registers{};

    unsigned priority         = 100;
    unsigned maximum_priority = 100; ///< of the system description
    unsigned resets           = 0;   ///< of the processor
    unsigned interface_resets = 0;

    unsigned starts          = 0;
    unsigned register_reads  = 0; ///< system calls, not words
    unsigned register_writes = 0;

    /// General registers by name, as a test wants to set and see them.
    [[nodiscard]] std::uint64_t& pc() { return registers[0]; }
    [[nodiscard]] std::uint64_t& spsr() { return registers[2]; }
    [[nodiscard]] std::uint64_t  x(unsigned n) const;
    void                         set_x(unsigned n, std::uint64_t value);

    [[nodiscard]] std::uint64_t& reg(microkit::SystemRegister which)
    {
        return system[static_cast<unsigned>(which)];
    }
};

struct Injection {
    unsigned                   vcpu;
    unsigned                   index;
    microkit::VirtualInterrupt interrupt;
};

struct ChildCall {
    enum class What : std::uint8_t { stop, restart, resume };
    What          what;
    unsigned      child;
    std::uint64_t entry; ///< of restart

    bool operator==(const ChildCall&) const = default;
};

/// The whole state. Tests read and write the members freely.
class FakeMicrokit {
public:
    /// The one that the calls reach.
    static FakeMicrokit& instance();

    /// Back to the state before the first event; the vCPUs that were added are gone.
    void reset();

    /// vCPUs that exist; any other id crashes, as the kernel would make it.
    FakeVcpu&          add_vcpu(unsigned id);
    FakeVcpu&          vcpu(unsigned id);
    [[nodiscard]] bool has_vcpu(unsigned id) const { return vcpus_.contains(id); }

    /// Puts a fault of `label` with these words into the IPC buffer; gives the info for `fault`.
    microkit::MessageInfo fault(microkit::FaultLabel                 label,
                                std::initializer_list<std::uint64_t> words);

    /// Ends an entry point as the event loop does: the deferred operation happens.
    void end_of_entry_point();

    std::string name = "test_pd";
    std::string debug_output;
    unsigned    list_registers = 4;     ///< that the hardware has
    bool        has_picokit    = false; ///< offers what picokit has besides seL4's calls
    unsigned    priority       = 150;   ///< of this PD; a vCPU above it runs when it is started
    unsigned    virtual_timer  = 27;    ///< the only private interrupt that it lets acknowledge
    unsigned    range_errors   = 0;     ///< injections that were refused: probes, or bugs
    bool        gives_vectors  = true;  ///< the kernel lets a VMM have the vector registers

    std::vector<unsigned>      notifications; ///< channels, in the order of the calls
    std::vector<unsigned>      acknowledgements;
    std::vector<Injection>     injections;
    std::vector<ChildCall>     child_calls;
    std::vector<std::uint32_t> ppi_acknowledgements;

    /// Answers Channel::call: channel and message; words are in the IPC buffer, both ways.
    std::function<microkit::MessageInfo(unsigned, microkit::MessageInfo)> on_call;
    /// Answers microkit::smc; empty: an SDK that forwards none.
    std::function<microkit::SmcWords(const microkit::SmcWords&)> on_smc;

    /// Every call of the kernel so far, and of which kind: the currency on seL4.
    std::map<std::string, unsigned> system_calls;
    [[nodiscard]] unsigned          total_system_calls() const;

    /// One waiting deferred operation, as in the SDK.
    struct Deferred {
        enum class What : std::uint8_t { none, notify, acknowledge };
        What     what    = What::none;
        unsigned channel = 0;
    } deferred;

private:
    std::map<unsigned, FakeVcpu> vcpus_;
};

} // namespace kit
