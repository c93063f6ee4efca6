// SPDX-License-Identifier: BSD-2-Clause
// Any call from any vCPU at any time, against a plain model of what PSCI promises: who is on, what
// the machine is asked for, which registers a call may change, and that a caller goes on unless it
// asked not to.
#include "input.hpp"

#include "vmm/smccc.hpp"

#include "microkit/seam.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using base::GuestPhysical;
using vmm::VcpuId;

constexpr std::uint64_t k_ram_start = 0x4000'0000, k_ram_size = 0x100'0000;

using fuzz::Input;
using fuzz::require;

/// What the machine was asked for by the call that is being answered.
enum class Asked : std::uint8_t { nothing, on, off, standby, suspend, system_off, reset };

/// A machine that knows on its own which of its vCPUs run.
class Machine final : public vmm::PowerHost {
public:
    explicit Machine(unsigned vcpus)
        : vcpus_{vcpus}
    {
    }

    void begin(VcpuId vcpu)
    {
        caller      = vcpu;
        asked       = Asked::nothing;
        unreachable = false;
    }
    [[nodiscard]] unsigned count() const
    {
        unsigned on = 0;
        for (const bool one : runs) {
            on += one ? 1 : 0;
        }
        return on;
    }

    void power_on(VcpuId vcpu, GuestPhysical entry, std::uint64_t) override
    {
        ask(Asked::on);
        require(vcpu < vcpus_ && !runs[vcpu] && vcpu != caller);
        require(is_ram(entry) && entry.raw() % 4 == 0);
        runs[vcpu] = true;
    }
    void power_off(VcpuId vcpu) override
    {
        ask(Asked::off);
        require(vcpu == caller && runs[vcpu]);
        runs[vcpu] = false;
    }
    void standby(VcpuId vcpu) override
    {
        ask(Asked::standby);
        require(vcpu == caller && runs[vcpu]);
    }
    void suspend_system(VcpuId vcpu, GuestPhysical entry, std::uint64_t) override
    {
        ask(Asked::suspend);
        require(vcpu == caller && runs[vcpu] && count() == 1);
        require(is_ram(entry) && entry.raw() % 4 == 0);
    }
    void system_off() override
    {
        require(asked == Asked::nothing || (asked == Asked::off && count() == 0));
        asked = Asked::system_off;
    }
    void               system_reset(vmm::ResetKind) override { ask(Asked::reset); }
    void               firmware_unreachable() override { unreachable = true; }
    [[nodiscard]] bool is_ram(GuestPhysical address) const override
    {
        return address.raw() - k_ram_start < k_ram_size;
    }

    std::array<bool, vmm::k_max_vcpus> runs{true};
    VcpuId                             caller      = 0;
    Asked                              asked       = Asked::nothing;
    bool                               unreachable = false;

private:
    void ask(Asked what)
    {
        require(asked == Asked::nothing);
        asked = what;
    }

    unsigned vcpus_;
};

bool firmware_answers = false;
bool firmware_called  = false;
bool entropy_is_there = false;

bool entropy(std::span<std::byte> bytes)
{
    for (auto& byte : bytes) {
        byte = std::byte{0xff};
    }
    return entropy_is_there;
}

/// Mostly calls that mean something.
std::uint32_t function(Input& input)
{
    const auto number = static_cast<std::uint32_t>(input.take(1));
    switch (input.take(1) % 6) {
    case 0:
        return static_cast<std::uint32_t>(input.take(4));
    case 1:
        return 0x8400'0050 + number % 8 + (number & 0x80) * 0x80'0000;
    case 2:
        return 0x8000'0000 + number % 4;
    case 3:
        return 0x8200'0000 + number % 32;
    default:
        return 0x8400'0000 + number % 32 + (number & 0x80) * 0x80'0000;
    }
}

std::uint64_t argument(Input& input)
{
    const auto kind = input.take(1);
    switch (kind % 4) {
    case 0:
        return kind / 4;
    case 1:
        return k_ram_start + kind / 4;
    case 2:
        return kind / 4 << 16;
    default:
        return input.take(8);
    }
}

void one_call(Input& input, Machine& machine, vmm::Psci& psci, const vmm::SmcccConfig& config,
              VcpuId caller)
{
    const auto     id    = function(input);
    vmm::CallWords words = {
        input.take(1) << 32 | id, argument(input), argument(input), argument(input), 4, 5, 6, 7};
    const auto given = words;
    machine.begin(caller);
    firmware_called   = false;
    const auto result = vmm::answer_call(caller, words, config, psci, machine);

    const bool stays = machine.asked == Asked::nothing || machine.asked == Asked::on;
    require(result.resumes == stays && (result.words != 0) == result.resumes);
    const bool owner_may = (id >> 24 & 0x3f) == 2 || (id >> 24 & 0x3f) == 3;
    require(!firmware_called || owner_may);
    require(!machine.unreachable || (owner_may && !firmware_answers));
    const unsigned changed = firmware_called ? 8 : result.words;
    require(changed <= 4 || firmware_called);
    for (unsigned i = changed == 0 ? 1 : changed; i < words.size(); ++i) {
        require(words[i] == given[i]);
    }
    // An error comes alone, but for TRNG's, which clear what would have been random.
    if (result.resumes && !firmware_called && static_cast<std::int64_t>(words[0]) < 0) {
        require(result.words == 1 || (words[1] == 0 && words[2] == 0 && words[3] == 0));
        require(machine.asked == Asked::nothing);
    }
    for (VcpuId vcpu = 0; vcpu < vmm::k_max_vcpus; ++vcpu) {
        require(psci.is_on(vcpu) == machine.runs[vcpu]);
    }
}

} // namespace

extern "C" bool seam_smc(const std::uint64_t arguments[8], std::uint64_t results[8])
{
    if (!firmware_answers) {
        return false;
    }
    firmware_called = true;
    for (unsigned i = 0; i < 8; ++i) {
        results[i] = ~arguments[i];
    }
    return true;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input            input{data, size};
    const auto       shape = input.take(1);
    const auto       vcpus = static_cast<unsigned>(1 + shape % vmm::k_max_vcpus);
    Machine          machine{vcpus};
    vmm::Psci        psci;
    vmm::SmcccConfig config{};
    firmware_answers = (shape & 0x10) != 0;
    entropy_is_there = (shape & 0x20) != 0;
    config.entropy   = (shape & 0x40) != 0 ? entropy : nullptr;
    if ((shape & 0x80) != 0) {
        config.workarounds = vmm::Workarounds::not_affected;
        // The second range must have no effect.
        config.forward = {{0x8200'0000, 0x8200'000f}, {0x8400'0000, 0x84ff'ffff}};
    }
    psci.reset(vcpus);
    while (!input.ended() && machine.count() != 0) {
        auto caller = static_cast<VcpuId>(input.take(1) % vcpus);
        while (!machine.runs[caller]) {
            caller = (caller + 1) % vcpus;
        }
        one_call(input, machine, psci, config, caller);
        if (machine.asked == Asked::reset || machine.asked == Asked::system_off) {
            machine = Machine{vcpus};
            psci.reset(vcpus);
        }
    }
    return 0;
}
