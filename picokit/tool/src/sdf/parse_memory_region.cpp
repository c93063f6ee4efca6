// SPDX-License-Identifier: BSD-2-Clause
// <memory_region>.
#include "sdf/parse.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace tool {
namespace {

constexpr std::array<std::string_view, 6> k_bootinfo{
    "x86_vbe", "x86_mbmmap", "x86_acpi_rsdp", "x86_framebuffer", "x86_tsc_freq", "fdt"};

Result<> refuse_bootinfo(const Attributes& attributes)
{
    const auto kind = attributes.optional_text("prefill_bootinfo");
    if (!kind) {
        return {};
    }
    if (attributes.has("prefill_path")) {
        return refuse(attributes.where(), "both 'prefill_path' and 'prefill_bootinfo'",
                      "a memory region is filled from one source: remove one of them");
    }
    if (std::ranges::find(k_bootinfo, *kind) == k_bootinfo.end()) {
        return attributes.refuse_value("prefill_bootinfo",
                                       "no kernel has boot information of this name; the only one "
                                       "for AArch64 is 'fdt'");
    }
    if (kind->starts_with("x86_")) {
        return attributes.refuse_value("prefill_bootinfo",
                                       "this boot information exists on x86-64 only: remove it");
    }
    return attributes.refuse_value("prefill_bootinfo",
                                   "picokit's kernel is given no device tree at boot: use "
                                   "prefill_path with a device tree blob");
}

} // namespace

Result<MemoryRegion> parse_memory_region(const Element& element)
{
    const auto   attributes = TRY(Attributes::read(
          element, {"name", "size", "page_size", "phys_addr", "prefill_path", "prefill_bootinfo"}));
    MemoryRegion region;
    region.where        = element.where;
    region.name         = TRY(attributes.text("name"));
    region.size         = TRY(attributes.optional_number("size", {1}));
    region.page_size    = TRY(attributes.optional_number("page_size"));
    region.phys_addr    = TRY(attributes.optional_number("phys_addr"));
    region.prefill_path = attributes.optional_text("prefill_path");
    TRY(refuse_bootinfo(attributes));

    if (region.page_size && *region.page_size != arch::k_page_size &&
        *region.page_size != arch::k_block_size) {
        return attributes.refuse_value("page_size", "use 0x1000 or 0x200000");
    }
    const auto page = region.page_size.value_or(arch::k_page_size);
    const auto fits = fmt::format("use a multiple of the page size, {:#x}", page);
    if (!region.size && !region.prefill_path) {
        return refuse(element.where, fmt::format("memory region '{}' has no 'size'", region.name),
                      "only a region with 'prefill_path' takes its size from the file");
    }
    if (region.size && !base::is_aligned(*region.size, page)) {
        return attributes.refuse_value("size", fits);
    }
    if (region.phys_addr && !base::is_aligned(*region.phys_addr, page)) {
        return attributes.refuse_value("phys_addr", fits);
    }
    return region;
}

} // namespace tool
