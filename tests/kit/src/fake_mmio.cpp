// SPDX-License-Identifier: BSD-2-Clause
#include "kit/fake_mmio.hpp"

#include "arch/mmio.hpp"

namespace kit {

FakeMmio& FakeMmio::instance()
{
    static FakeMmio the_one;
    return the_one;
}

} // namespace kit

namespace arch {

std::uint32_t mmio_read32(std::uintptr_t address)
{
    return kit::FakeMmio::instance().on_read(address);
}
void mmio_write32(std::uintptr_t address, std::uint32_t value)
{
    kit::FakeMmio::instance().on_write(address, value);
}
std::uint8_t mmio_read8(std::uintptr_t address)
{
    return kit::FakeMmio::instance().on_read8(address);
}

} // namespace arch
