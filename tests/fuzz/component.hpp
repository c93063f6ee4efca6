// SPDX-License-Identifier: BSD-2-Clause
// A program of components/ between hostile neighbours, for fuzz targets: what they may write is
// written, and it is notified at any time. It must neither crash nor touch anything else.
#pragma once

#include "neighbours.hpp"

#include "kit/fake_microkit.hpp"
#include "microkit/microkit.hpp"

#include <cstdint>

namespace fuzz {

/// Where device addresses of a region begin: not at ours.
inline constexpr std::uint64_t k_io = 0x5'0000'0000'0000;

[[nodiscard]] inline sddf::DeviceRegion with_device(kit::Memory& memory)
{
    return {memory.region(), memory.region().vaddr + k_io};
}

class Component : public Neighbours {
public:
    Component() { fake_.reset(); }

    void start()
    {
        init();
        fake_.end_of_entry_point();
    }
    void event(unsigned channel)
    {
        fake_.notifications.clear();
        notified(microkit::Channel{channel});
        fake_.end_of_entry_point();
    }

private:
    kit::FakeMicrokit& fake_ = kit::FakeMicrokit::instance();
};

} // namespace fuzz
