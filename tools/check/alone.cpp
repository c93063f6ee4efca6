// SPDX-License-Identifier: BSD-2-Clause
// A device tree without a system: as of a guest that has everything the tree describes.
#include "input.hpp"

namespace check {
namespace {

constexpr std::uint64_t k_page = 0x1000;

/// Adds the pages of a range to those that there are already.
void add_pages(std::vector<Range>& pages, const Range& range)
{
    Range whole{range.start / k_page * k_page, 0};
    whole.size = (range.end() + k_page - 1) / k_page * k_page - whole.start;
    for (auto at = pages.begin(); at != pages.end();) {
        if (at->overlaps(whole)) {
            const auto end = std::max(at->end(), whole.end());
            whole.start    = std::min(at->start, whole.start);
            whole.size     = end - whole.start;
            at             = pages.erase(at);
        } else {
            ++at;
        }
    }
    pages.push_back(whole);
}

} // namespace

void describe_alone(Tree tree, Subject& subject)
{
    const Location where{tree.file(), 0, 0};

    tool::VirtualMachine machine;
    machine.where = where;
    machine.name  = "guest";
    std::vector<Range> pages;
    std::size_t        vcpus = 0;
    for (const auto& node : tree.nodes()) {
        if (!node.enabled) {
            continue;
        }
        vcpus += node.text("device_type") == "cpu" ? 1U : 0U;
        for (const auto& range : node.registers) {
            if (range.size != 0 && range.end() > range.start) {
                add_pages(pages, range);
            }
        }
    }
    for (std::size_t i = 0; i < std::max<std::size_t>(vcpus, 1); ++i) {
        machine.vcpus.push_back({where, i, std::nullopt});
    }
    tool::System system;
    system.file = tree.file();
    tool::ProtectionDomain domain;
    domain.where = where;
    domain.name  = "vmm";
    for (std::size_t i = 0; i < pages.size(); ++i) {
        tool::MemoryRegion region;
        region.where     = where;
        region.name      = "range " + std::to_string(i);
        region.size      = pages[i].size;
        region.phys_addr = pages[i].start;
        system.regions.push_back(region);
        machine.maps.push_back({where, region.name, pages[i].start, {true, true, true}, true});
    }
    domain.vm = std::move(machine);
    system.pds.push_back(std::move(domain));
    subject.system = std::move(system);
    subject.alone  = true;

    auto guest  = std::make_unique<Guest>();
    guest->vmm  = &subject.system->pds.front();
    guest->vm   = &*guest->vmm->vm;
    guest->tree = std::move(tree);
    subject.guests.push_back(std::move(guest));
}

} // namespace check
