// SPDX-License-Identifier: BSD-2-Clause
// A machine of variables in the place of target/machine/machine.hpp: registers keep what is
// written, time stands still unless told, interrupts are pending because a test says so.
#pragma once

#include "kernel/system_registers.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace machine {

struct Fake {
    std::array<std::uint64_t, static_cast<std::size_t>(Register::count)> registers{};
    /// All writes to system registers, in order.
    std::vector<std::pair<Register, std::uint64_t>> writes;
    /// Device registers by address; one never written reads as 0.
    std::map<std::uint64_t, std::uint64_t> devices;
    /// All writes to device registers, in order.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> device_writes;
    /// Interrupts that the GIC hands out, one at each acknowledgement.
    std::deque<std::uint32_t> pending;
    /// Address from which an acknowledgement is read (GICC_IAR), if the GIC is a version 2.
    std::uint64_t iar_address = 0;
    /// What happens while the core sleeps; must make something pending in the end.
    std::function<void()> sleep;
    /// The vector registers.
    std::array<std::uint64_t, 66> fp{};
    /// EL3.
    std::function<void(std::uint64_t*)> smc;

    [[nodiscard]] std::uint32_t acknowledge()
    {
        constexpr std::uint32_t k_spurious = 1023;
        if (pending.empty()) {
            return k_spurious;
        }
        const auto intid = pending.front();
        pending.pop_front();
        return intid;
    }
    std::uint64_t& operator[](Register name) { return registers[static_cast<std::size_t>(name)]; }

    [[nodiscard]] std::size_t count_writes(Register name) const
    {
        std::size_t count = 0;
        for (const auto& write : writes) {
            count += write.first == name ? 1U : 0U;
        }
        return count;
    }
};

inline Fake fake;

template <Register R>
[[nodiscard]] std::uint64_t read()
{
    return R == Register::icc_iar1_el1 ? fake.acknowledge() : fake[R];
}
template <Register R>
void write(std::uint64_t value)
{
    fake[R] = value;
    fake.writes.emplace_back(R, value);
}

[[nodiscard]] inline std::uint64_t read_device(std::uint64_t address)
{
    return address == fake.iar_address && address != 0 ? fake.acknowledge() : fake.devices[address];
}
inline void write_device(std::uint64_t address, std::uint64_t value)
{
    fake.devices[address] = value;
    fake.device_writes.emplace_back(address, value);
}
[[nodiscard]] inline std::uint32_t read32(std::uint64_t address)
{
    return static_cast<std::uint32_t>(read_device(address));
}
[[nodiscard]] inline std::uint64_t read64(std::uint64_t address) { return read_device(address); }
inline void write32(std::uint64_t address, std::uint32_t value) { write_device(address, value); }
inline void write64(std::uint64_t address, std::uint64_t value) { write_device(address, value); }

template <class T>
[[nodiscard]] T* pointer(std::uint64_t address)
{
    return reinterpret_cast<T*>(address);
}

inline void synchronise_context() {}
inline void wait_for_interrupt() { fake.sleep(); }

/// Stage 1 that adds one page.
[[nodiscard]] inline std::uint64_t translate_stage1_read(std::uint64_t address)
{
    return (address & ~std::uint64_t{0xfff}) + 0x1000;
}

inline void fp_save(void* to) { std::memcpy(to, fake.fp.data(), sizeof(fake.fp)); }
inline void fp_load(const void* from) { std::memcpy(fake.fp.data(), from, sizeof(fake.fp)); }
inline void smc(std::uint64_t* words) { fake.smc(words); }

} // namespace machine
