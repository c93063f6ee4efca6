// SPDX-License-Identifier: BSD-2-Clause
// The images of a guest: those that a build puts into its VMM, and where libvmm's loader, asked
// here, puts them in the guest's RAM.
#include "input.hpp"
#include "reader.hpp"
#include "tree_source.hpp"
#include "vmm/device_tree.hpp"
#include "vmm/loader.hpp"
#include "vmm/reserved_memory.hpp"

#include <fmt/format.h>
#include <span>

namespace check {
namespace {

namespace fs = std::filesystem;
using base::GuestPhysical;
using base::GuestRange;

/// Bytes of a file; 0 if it is empty, not named or not there.
std::uint64_t size_of(const fs::path& file)
{
    std::error_code error;
    const auto      size = fs::file_size(file, error);
    return error ? 0 : size;
}

void read_folder(const fs::path& folder, Guest& guest, Subject& subject)
{
    auto&      said = guest.settings;
    const auto take = [&](const char* name, ImageSettings& image) {
        if (image.file.empty() && !image.address && size_of(folder / name) != 0) {
            image.file = name;
            image.path = folder / name;
            image.size = size_of(image.path);
        }
    };
    take("kernel", said.kernel);
    take("initrd", said.initrd);
    if (const auto words = description::content_of(folder / "cmdline");
        words && !words->empty() && !said.bootargs) {
        said.bootargs    = *words;
        said.bootargs_at = {fmt::format("command line of {}", guest.program), 0, 0};
    }
    if (!guest.tree && size_of(folder / "dtb") != 0) {
        auto tree = read_tree(folder / "dtb", fmt::format("device tree of {}", guest.program));
        if (tree) {
            guest.tree = *std::move(tree);
        } else {
            refuse(subject, "tree-refused", tree.error());
        }
    }
}

/// What the VMM gives its loader, and what that decides.
base::Result<vmm::LoadPlan> plan(const Subject& subject, const Guest& guest,
                                 const std::string& kernel)
{
    std::vector<vmm::MemoryRegion> ram;
    for (const auto& one : subject.guest_ram(guest)) {
        if (const auto range = GuestRange::create(GuestPhysical{one.here.start}, one.here.size)) {
            ram.push_back({.guest = *range, .mapping = base::PdVirtual{one.here.start}});
        }
    }
    vmm::ReservedRanges reserved;
    if (guest.tree && !guest.tree_is_ours) {
        reserved = TRY(vmm::read_reserved_memory(guest.tree->blob(), ram));
    }
    const auto words = guest.settings.bootargs.value_or("").size();
    const auto room  = vmm::device_tree_room(guest.tree ? guest.tree->blob().size() : 0, words);
    return vmm::plan_load({.kernel           = std::as_bytes(std::span{kernel}),
                           .initrd_size      = guest.settings.initrd.size.value_or(0),
                           .device_tree_size = room,
                           .ram              = ram,
                           .reserved         = {reserved.begin(), reserved.size()},
                           .flat_address     = {}});
}

void place(ImageSettings& image, const GuestRange& range, const Location& where)
{
    image.address = Setting{range.start().raw(), where};
    image.size    = range.size();
}

} // namespace

void read_images(const std::vector<description::GuestImages>& images, Subject& subject)
{
    for (const auto& guest : subject.guests) {
        for (const auto& one : images) {
            if (fs::path{guest->program}.filename() == one.program) {
                read_folder(one.folder, *guest, subject);
            }
        }
    }
}

void find_places(Subject& subject)
{
    for (const auto& guest : subject.guests) {
        auto& said = guest->settings;
        // Who says one address has a loader of their own.
        if (said.kernel.path.empty() || said.kernel.address || said.initrd.address ||
            said.dtb.address || subject.guest_ram(*guest).empty()) {
            continue;
        }
        const auto kernel = description::content_of(said.kernel.path);
        if (!kernel) {
            continue;
        }
        const auto& where  = guest->vm->where;
        const auto  placed = plan(subject, *guest, *kernel);
        if (!placed) {
            const auto& error = placed.error();
            refuse(subject, "images-refused",
                   {where,
                    fmt::format("the images of '{}' cannot be loaded: {}{}", guest->vm->name,
                                error.what,
                                error.value != 0 ? fmt::format(" ({})", hex(error.value)) : ""),
                    std::string{error.hint.empty() ? "give it other images" : error.hint}});
            continue;
        }
        place(said.kernel, placed->kernel, where);
        place(said.dtb, placed->device_tree, where);
        if (placed->initrd) {
            place(said.initrd, *placed->initrd, where);
        }
    }
}

} // namespace check
