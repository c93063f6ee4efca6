// SPDX-License-Identifier: BSD-2-Clause
// A system of PDs and vCPUs on the fake machine: what the image tool would have made, and threads
// that do what a test tells them to.
#pragma once

#include "kernel/core.hpp"
#include "kernel/system.hpp"
#include "machine/machine.hpp"
#include "picokit/abi.h"
#include "picokit/system_table.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace kernel::test {

using machine::Register;

/// What panic() becomes.
struct Panic {
    std::string what;
};

struct PdOptions {
    std::uint8_t  priority = 100;
    bool          passive  = false;
    bool          fpu      = true;
    std::uint64_t budget   = 1000;
    std::uint64_t period   = 1000;
    std::uint8_t  domain   = 0;
    int           parent   = -1;
    std::uint8_t  child_id = 0;
};

class World {
public:
    World();

    /// Returns the index.
    unsigned add_pd(const std::string& name, const PdOptions& options);
    /// With the TCB and vCPU capabilities of the parent.
    unsigned add_vcpu(unsigned parent, std::uint8_t id, std::uint8_t priority);
    void     add_irq(unsigned pd, std::uint8_t channel, std::uint32_t intid);
    /// Notifications in both directions; with `callee`, b can be called by a.
    void channel(unsigned a, std::uint8_t a_id, unsigned b, std::uint8_t b_id, bool call = false);
    void capability(unsigned pd, std::uint64_t slot, picokit::CapEntry entry);
    void domain(std::uint8_t number, std::uint64_t ticks);

    /// Makes the kernel's objects, and finds who runs first.
    void boot();

    [[nodiscard]] Pd&     pd(unsigned index) { return g_system.pds[index]; }
    [[nodiscard]] Vcpu&   vcpu(unsigned index) { return g_system.vcpus[index]; }
    [[nodiscard]] Thread* current() { return core->current; }

    /// The current thread, which must be this PD, makes a system call.
    void syscall(unsigned pd, unsigned number, std::uint64_t x0 = 0, std::uint64_t x1 = 0,
                 std::uint64_t x2 = 0);
    /// The same; the result in x0.
    std::uint64_t ask(unsigned pd, unsigned number, std::uint64_t x0 = 0, std::uint64_t x1 = 0,
                      std::uint64_t x2 = 0);
    void          receive(unsigned pd) { syscall(pd, PICOKIT_SYS_RECEIVE); }
    void          reply_and_receive(unsigned pd, std::uint64_t info = 0)
    {
        syscall(pd, PICOKIT_SYS_RECEIVE, 0, info, 1);
    }
    /// Stops a PD as its parent would.
    void stop(unsigned pd);
    /// … and starts it again.
    void start(unsigned pd);
    /// The current thread takes an exception.
    void trap(std::uint64_t esr);
    void interrupt(std::uint32_t intid);
    /// Time passes; the kernel's timer fires if it is due.
    void pass(Ticks ticks);

    [[nodiscard]] std::uint64_t x0(unsigned index) { return pd(index).context[Word::x0]; }
    [[nodiscard]] std::uint64_t x1(unsigned index) { return pd(index).context[Word::x1]; }
    std::uint64_t&              word(unsigned index, unsigned n) { return pd(index).message[n]; }

    std::unique_ptr<Core> core = std::make_unique<Core>();

private:
    void enter(Thread* next);

    struct alignas(4096) Page {
        std::array<std::uint64_t, 512> words{};
    };
    using CapTable = std::array<picokit::CapEntry, PICOKIT_CAP_SLOTS>;
    using UserCaps = std::array<picokit::CapEntry, PICOKIT_CAP_USER_SLOTS>;

    picokit::SystemTable              table_{};
    std::vector<picokit::PdEntry>     pds_;
    std::vector<picokit::VcpuEntry>   vcpus_;
    std::vector<picokit::IrqEntry>    irqs_;
    std::vector<picokit::DomainEntry> domains_;
    std::deque<CapTable>              caps_;
    std::deque<UserCaps>              user_caps_;
    std::deque<Page>                  buffers_;
};

/// MessageInfo of `words` words.
constexpr std::uint64_t info(std::uint64_t label, std::uint64_t words)
{
    return label << 12 | words;
}

} // namespace kernel::test
