// SPDX-License-Identifier: BSD-2-Clause
// First where everything goes, as a pure function; then the copying.
#include "vmm/loader.hpp"

#include "base/checked.hpp"
#include "base/units.hpp"
#include "kernel_format.hpp"
#include "loader_space.hpp"
#include "vmm/elf.hpp"
#include "vmm/inflate.hpp"
#include "vmm/linux_image.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace vmm {

namespace {

using base::GuestPhysical;
using base::GuestRange;
using namespace base::literals;

constexpr std::uint64_t k_block            = 2_MiB; // Linux maps itself and its tree in such
constexpr std::uint64_t k_flat_offset      = 0x8'0000;
constexpr std::uint64_t k_initrd_alignment = 64_KiB; // the largest page of any guest
constexpr std::uint64_t k_window_alignment = 1_GiB;  // of kernel and initrd together …
constexpr std::uint64_t k_window_size      = 32_GiB; // … by the rules of arm64 Linux

constexpr std::string_view k_more_memory = "give the guest more memory";

/// The kernel may use memory behind its end that no header tells of, so that the tree and the
/// initrd had better stay away from there.
enum class Tail : std::uint8_t { known, unknown };

base::Result<> check_ram(const LoaderSpace& space, GuestRange range)
{
    if (space.region_of(range) == nullptr) {
        return base::fail("the kernel lies outside of the guest's RAM",
                          "link it to addresses of the guest's RAM (vmlinux is not: use Image)",
                          range.start().raw());
    }
    if (const auto* reserved = space.reserved_in(range)) {
        return base::fail("the kernel overlaps a reserved range of RAM",
                          "move the reserved range or the kernel", reserved->start().raw());
    }
    return {};
}

base::Result<Tail> place_image(LoadPlan& plan, const LoadRequest& request, LoaderSpace& space,
                               const KernelFile& file)
{
    std::array<std::byte, LinuxImage::k_header_size> room{};
    const auto                                       head  = TRY(kernel_head(file, room));
    const auto                                       image = TRY(read_linux_image(head));
    auto                                             size  = std::uint64_t{file.payload.size()};
    if (file.packing == Packing::gzip) {
        size = TRY(gunzip_size(file.payload));
    } else if (size < image.file_size) {
        return base::fail("the kernel is cut off", "copy the file again", size);
    }
    size = std::max({size, image.image_size, std::uint64_t{LinuxImage::k_header_size}});

    const auto place = space.lowest({size, k_block, image.text_offset});
    if (!place) {
        const auto fits = std::ranges::any_of(
            request.ram, [&](const MemoryRegion& region) { return region.guest.size() >= size; });
        if (fits) {
            return base::fail("no region of RAM has room for the kernel at a multiple of 2 MiB",
                              "give the guest more memory, or reserve less of it", size);
        }
        return base::fail("the kernel is larger than the guest's RAM", k_more_memory, size);
    }
    plan.kernel = *place;
    plan.entry  = place->start();
    space.take(*place);
    return image.image_size == 0 ? Tail::unknown : Tail::known;
}

base::Result<Tail> place_elf(LoadPlan& plan, LoaderSpace& space)
{
    const auto program = TRY(read_elf(plan.payload));
    auto       start   = program.segments[0].memory.start();
    auto       end     = program.segments[0].memory.end();
    for (const auto& segment : program.segments) {
        TRY(check_ram(space, segment.memory));
        space.take(segment.memory);
        start = std::min(start, segment.memory.start());
        end   = std::max(end, segment.memory.end());
    }
    plan.kernel = *GuestRange::create(start, end.minus(start));
    plan.entry  = program.entry;
    return Tail::unknown;
}

base::Result<Tail> place_flat(LoadPlan& plan, const LoadRequest& request, LoaderSpace& space)
{
    const auto usual = request.ram.front().guest.start().plus(k_flat_offset);
    const auto start = request.flat_address ? request.flat_address : usual;
    const auto size =
        plan.packing == Packing::gzip ? TRY(gunzip_size(plan.payload)) : plan.payload.size();
    if (size == 0) {
        return base::fail("the kernel is empty", "name a kernel image");
    }
    const auto range = start ? GuestRange::create(*start, size) : std::nullopt;
    if (!range || (!request.flat_address && space.region_of(*range) == nullptr)) {
        return base::fail("the kernel is larger than the guest's RAM", k_more_memory, size);
    }
    TRY(check_ram(space, *range));
    plan.kernel = *range;
    plan.entry  = range->start();
    space.take(*range);
    return Tail::unknown;
}

/// Room for the tree: for Linux right behind the kernel; else below it, where bare-metal programs
/// and U-Boot look for it, or at the top of RAM. A block that is aligned to its own size rounded up
/// to a power of two lies in one block of 2 MiB.
base::Result<> place_device_tree(LoadPlan& plan, const LoadRequest& request, LoaderSpace& space,
                                 Tail tail)
{
    if (request.device_tree_size > k_block) {
        return base::fail("the device tree is larger than 2 MiB", "arm64 kernels refuse it",
                          request.device_tree_size);
    }
    const auto        size = std::max(request.device_tree_size, std::uint64_t{8});
    LoaderSpace::Wish wish{size, std::max(std::bit_ceil(size), 4_KiB)};
    wish.reserved_margin = k_block; // such memory may be mapped with attributes of its own
    if (tail == Tail::unknown) {
        const auto* region = space.region_of(*GuestRange::create(plan.entry, 1));
        const auto  start  = region->guest.start();
        wish.within        = *GuestRange::create(
                   start, plan.kernel.start() < start ? 0 : plan.kernel.start().minus(start));
    } else {
        wish.within = *GuestRange::create(plan.kernel.end(), ~plan.kernel.end().raw());
    }
    auto place = space.lowest(wish);
    if (!place) {
        wish.within = LoaderSpace::k_everywhere;
        place       = tail == Tail::unknown ? space.highest(wish) : space.lowest(wish);
    }
    if (!place) {
        return base::fail("there is no room for the device tree in the guest's RAM", k_more_memory,
                          size);
    }
    plan.device_tree = *place;
    space.take(*place);
    return {};
}

/// The 32 GiB, beginning at a multiple of 1 GiB, in which an initrd must be: the highest and the
/// lowest such window that has all of the kernel in it bound where it may start and end.
GuestRange initrd_window(GuestRange kernel)
{
    const auto last  = base::align_down(kernel.end().raw() - 1, k_window_alignment);
    const auto above = base::align_down(kernel.start().raw(), k_window_alignment);
    const auto span  = last - above + k_window_alignment;
    if (span >= k_window_size) {
        return *GuestRange::create(GuestPhysical{above}, span);
    }
    const auto slack = k_window_size - span;
    const auto start = above < slack ? 0 : above - slack;
    const auto end   = base::checked_add(above, k_window_size).value_or(~std::uint64_t{0});
    return *GuestRange::create(GuestPhysical{start}, end - start);
}

base::Result<> place_initrd(LoadPlan& plan, const LoadRequest& request, LoaderSpace& space,
                            Tail tail)
{
    if (request.initrd_size == 0) {
        return {};
    }
    LoaderSpace::Wish wish{request.initrd_size, k_initrd_alignment};
    wish.within             = initrd_window(plan.kernel);
    const auto anywhere     = wish.within;
    const auto behind       = plan.kernel.end();
    const bool looks_behind = tail == Tail::known && anywhere.contains(behind);
    if (looks_behind) {
        wish.within = *GuestRange::create(behind, anywhere.end().minus(behind));
    }
    auto place = tail == Tail::known ? space.lowest(wish) : space.highest(wish);
    if (!place && looks_behind) {
        wish.within = anywhere;
        place       = space.lowest(wish);
    }
    if (!place) {
        return base::fail("there is no room for the initrd in the guest's RAM", k_more_memory,
                          request.initrd_size);
    }
    plan.initrd = *place;
    return {};
}

/// Bytes of the guest where a copy of `source` goes, unless they are there already.
base::Result<> copy(GuestMemory& memory, GuestPhysical to, std::span<const std::byte> source)
{
    if (source.empty()) {
        return {};
    }
    {
        const auto window = memory.window(to, source.size());
        if (window && window->bytes().data() == source.data()) {
            return {}; // the image tool placed it
        }
    }
    if (!memory.copy_in(to, source)) {
        return base::fail("the guest's RAM is not the one that was planned with", {}, to.raw());
    }
    return {};
}

base::Result<> inflate_to(GuestMemory& memory, GuestRange to, std::span<const std::byte> source)
{
    const auto window = memory.window(to.start(), to.size());
    if (!window) {
        return base::fail("the guest's RAM is not the one that was planned with", {},
                          to.start().raw());
    }
    const auto  bytes = window->bytes();
    const auto* end   = bytes.data() + bytes.size();
    if (source.data() < end && bytes.data() < source.data() + source.size()) {
        return base::fail("the packed kernel lies where it would be unpacked to",
                          "keep it outside of the guest's RAM", to.start().raw());
    }
    TRY(gunzip(source, bytes));
    return {};
}

base::Result<> load_elf(const LoadPlan& plan, GuestMemory& memory)
{
    const auto program = TRY(read_elf(plan.payload));
    for (const auto& segment : program.segments) {
        TRY(copy(memory, segment.memory.start(), segment.bytes));
        const auto rest = GuestPhysical{segment.memory.start().raw() + segment.bytes.size()};
        if (!memory.fill(rest, segment.memory.end().minus(rest), std::byte{0})) {
            return base::fail("the guest's RAM is not the one that was planned with", {},
                              rest.raw());
        }
    }
    return {};
}

} // namespace

base::Result<LoadPlan> plan_load(const LoadRequest& request)
{
    if (request.ram.empty()) {
        return base::fail("the guest has no RAM", "add a region");
    }
    const auto  file = TRY(identify_kernel(request.kernel));
    LoaderSpace space{request.ram, request.reserved};
    LoadPlan    plan{file.format, file.packing, file.payload, {}, {}, {}, {}};
    auto        tail = Tail::unknown;
    switch (file.format) {
    case KernelFormat::linux_image:
        tail = TRY(place_image(plan, request, space, file));
        break;
    case KernelFormat::elf:
        tail = TRY(place_elf(plan, space));
        break;
    case KernelFormat::flat:
        tail = TRY(place_flat(plan, request, space));
        break;
    }
    TRY(place_device_tree(plan, request, space, tail));
    TRY(place_initrd(plan, request, space, tail));
    return plan;
}

base::Result<> load_images(const LoadPlan& plan, std::span<const std::byte> initrd,
                           GuestMemory& memory)
{
    if (plan.format == KernelFormat::elf) {
        TRY(load_elf(plan, memory));
    } else if (plan.packing == Packing::gzip) {
        TRY(inflate_to(memory, plan.kernel, plan.payload));
    } else {
        TRY(copy(memory, plan.kernel.start(), plan.payload));
    }
    if (initrd.size() != (plan.initrd ? plan.initrd->size() : 0)) {
        return base::fail("the initrd is not the one that was planned with", {}, initrd.size());
    }
    return plan.initrd ? copy(memory, plan.initrd->start(), initrd) : base::Result<>{};
}

} // namespace vmm
