// SPDX-License-Identifier: BSD-2-Clause
// One page at a time.
#include "vmm/guest_space.hpp"

#include <algorithm>
#include <cstring>

namespace vmm {

using base::GuestPhysical;
using base::GuestVirtual;

void GuestSpace::use_kernel_tables(GuestPhysical root)
{
    registers_.ttbr1 = arch::TtbrEl1{root.raw()};
    page_.reset();
    page_address_ = k_no_page;
}

bool GuestSpace::turn_to(GuestVirtual at)
{
    page_.reset();
    page_address_    = k_no_page;
    const auto place = walk_stage1(GuestVirtual{at.raw() & ~k_in_page}, registers_, memory_);
    if (!place) {
        return false;
    }
    if (auto window = memory_.window(*place, k_in_page + 1)) {
        page_.emplace(std::move(*window));
        page_address_ = at.raw() & ~k_in_page;
        return true;
    }
    return false;
}

bool GuestSpace::read(GuestVirtual from, std::span<std::byte> to)
{
    std::uint64_t at = from.raw();
    while (!to.empty()) {
        if ((at & ~k_in_page) != page_address_ && !turn_to(GuestVirtual{at})) {
            return false;
        }
        const auto here = page_->bytes().subspan(at & k_in_page);
        const auto size = std::min(here.size(), to.size());
        std::memcpy(to.data(), here.data(), size);
        to = to.subspan(size);
        at +=
            size; // at the end of all addresses: begins anew, where nothing is mapped or something
    }
    return true;
}

} // namespace vmm
