// SPDX-License-Identifier: BSD-2-Clause
// A guest's RAM on the host, and what a loader plans for it and puts there.
#pragma once

#include "kernels.hpp"
#include "vmm/loader.hpp"

#include "base/units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace vmm_test {

using namespace base::literals;
using base::GuestPhysical;
using base::GuestRange;
using vmm::KernelFormat;
using vmm::MemoryRegion;

inline GuestRange range(std::uint64_t start, std::uint64_t size)
{
    return *GuestRange::create(GuestPhysical{start}, size);
}

/// RAM of a guest on the host, and everything that is loaded into it.
class Loader : public ::testing::Test {
protected:
    void add_ram(std::uint64_t start, std::uint64_t size)
    {
        ram_.push_back({range(start, size), {}});
    }

    vmm::LoadRequest request(const Bytes& kernel) const
    {
        return {.kernel           = kernel,
                .initrd_size      = initrd_size_,
                .device_tree_size = 64_KiB,
                .ram              = ram_,
                .reserved         = reserved_,
                .flat_address     = flat_};
    }

    vmm::LoadPlan plan(const Bytes& kernel) const
    {
        const auto result = vmm::plan_load(request(kernel));
        EXPECT_TRUE(result) << result.error().what;
        if (!result) {
            std::abort();
        }
        check(*result);
        return *result;
    }

    std::string_view error_of(const Bytes& kernel) const
    {
        const auto result = vmm::plan_load(request(kernel));
        if (result) {
            check(*result);
        }
        return result ? std::string_view{} : result.error().what;
    }

    /// The rules that hold for every plan.
    void check(const vmm::LoadPlan& plan) const
    {
        std::vector<GuestRange> parts{plan.device_tree};
        if (plan.format != KernelFormat::elf) {
            parts.push_back(plan.kernel);
        }
        if (plan.initrd) {
            parts.push_back(*plan.initrd);
            EXPECT_EQ(plan.initrd->size(), initrd_size_);
            const auto low = std::min(plan.initrd->start(), plan.kernel.start()).raw();
            const auto top = std::max(plan.initrd->end(), plan.kernel.end()).raw();
            EXPECT_LE((top + 1_GiB - 1) / 1_GiB * 1_GiB - low / 1_GiB * 1_GiB, 32_GiB);
        }
        for (const auto& part : parts) {
            EXPECT_TRUE(std::ranges::any_of(ram_,
                                            [&](const MemoryRegion& region) {
                                                return region.guest.contains(part.start(),
                                                                             part.size());
                                            }))
                << std::hex << part.start().raw();
            for (const auto& reserved : reserved_) {
                EXPECT_FALSE(part.overlaps(reserved));
            }
            for (const auto& other : parts) {
                EXPECT_TRUE(&other == &part || !other.overlaps(part));
            }
        }
        EXPECT_TRUE(plan.kernel.contains(plan.entry));
        EXPECT_EQ(plan.device_tree.start().raw() % 8, 0U);
        EXPECT_GE(plan.device_tree.size(), 64_KiB);
        EXPECT_EQ(plan.device_tree.start().raw() / 2_MiB,
                  (plan.device_tree.end().raw() - 1) / 2_MiB);
    }

    /// Loads into real memory, which is filled with something before.
    base::Result<> load(const vmm::LoadPlan& plan, const Bytes& initrd = {})
    {
        for (const auto& region : ram_) {
            const auto size  = region.guest.size() + 4_KiB;
            auto&      block = blocks_.emplace_back(
                     static_cast<std::byte*>(std::aligned_alloc(4_KiB, size)), &std::free);
            std::fill_n(block.get(), size, std::byte{0xee});
            EXPECT_TRUE(memory_.add(region.guest.start(),
                                    base::PdVirtual{reinterpret_cast<std::uintptr_t>(block.get())},
                                    region.guest.size()));
        }
        return vmm::load_images(plan, initrd, memory_);
    }
    Bytes content(GuestPhysical from, std::size_t size) const
    {
        Bytes bytes(size);
        EXPECT_TRUE(memory_.copy_out(bytes, from));
        return bytes;
    }

    std::vector<MemoryRegion>    ram_;
    std::vector<GuestRange>      reserved_;
    std::uint64_t                initrd_size_ = 0;
    std::optional<GuestPhysical> flat_;

    std::vector<std::unique_ptr<std::byte, void (*)(void*)>> blocks_;
    vmm::GuestMemory                                         memory_;
};

} // namespace vmm_test
