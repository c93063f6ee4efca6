// SPDX-License-Identifier: BSD-2-Clause
#include "hardware.hpp"

#include "arch/mmio.hpp"

namespace simulation {

Bus& Bus::instance()
{
    static Bus the_one;
    return the_one;
}

void Bus::add(std::uintptr_t address, virtio::MmioTransport& transport)
{
    add(address,
        {.read  = [&](std::uint64_t offset, unsigned size) { return transport.read(offset, size); },
         .write = [&](std::uint64_t offset, unsigned size,
                      std::uint64_t value) { transport.write(offset, size, value); }});
}

std::uint64_t Bus::read(std::uintptr_t address, unsigned size)
{
    auto&         scheduler = Scheduler::current();
    std::uint64_t value     = 0;
    scheduler.point();
    scheduler.as_hardware(
        [&] { value = devices_.at(address & ~(k_size - 1)).read(address & (k_size - 1), size); });
    return value;
}

void Bus::write(std::uintptr_t address, unsigned size, std::uint64_t value)
{
    auto& scheduler = Scheduler::current();
    scheduler.point();
    scheduler.as_hardware(
        [&] { devices_.at(address & ~(k_size - 1)).write(address & (k_size - 1), size, value); });
    scheduler.point();
}

} // namespace simulation

namespace arch {

std::uint32_t mmio_read32(std::uintptr_t address)
{
    return static_cast<std::uint32_t>(simulation::Bus::instance().read(address, 4));
}
void mmio_write32(std::uintptr_t address, std::uint32_t value)
{
    simulation::Bus::instance().write(address, 4, value);
}
std::uint8_t mmio_read8(std::uintptr_t address)
{
    return static_cast<std::uint8_t>(simulation::Bus::instance().read(address, 1));
}

} // namespace arch
