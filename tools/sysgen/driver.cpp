// SPDX-License-Identifier: BSD-2-Clause
#include "driver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sysgen {

namespace {

constexpr std::size_t k_resources_size = 1608;
constexpr std::size_t k_most_resources = 64;

/// The generic timer is no node with registers; its interrupts are in the order of the binding.
boardgen::Device timer_device(const boardgen::Board& board)
{
    const auto level = [](std::uint32_t intid) { return boardgen::Interrupt{intid, false}; };
    return {.name         = "timer",
            .compatible   = {"arm,armv8-timer"},
            .registers    = {},
            .interrupts   = {level(board.timer.physical_secure), level(board.timer.physical),
                             level(board.timer.virtual_timer), level(board.timer.hypervisor)},
            .clocks       = {},
            .dma_coherent = true};
}

Result<DriverInfo> choose_driver(const Layout& layout, pugi::xml_node owner,
                                 const std::string& device_class, const boardgen::Device& device)
{
    if (const auto file = owner.child("driver").attribute("resources")) {
        const auto image = TRY(layout.document().text_of(owner.child("driver"), "image"));
        return read_driver(file.value(), device_class, image);
    }
    for (const auto& driver : layout.drivers()) {
        const auto fits = std::ranges::any_of(device.compatible, [&](const auto& name) {
            return std::ranges::find(driver.compatible, name) != driver.compatible.end();
        });
        if (driver.device_class == device_class && fits) {
            return driver;
        }
    }
    return refuse(layout.document().line(owner),
                  fmt::format("there is no {} driver for '{}' ({})", device_class, device.name,
                              fmt::join(device.compatible, ", ")),
                  "name one: <driver image=\"….elf\" resources=\"…/config.json\" />");
}

struct Resource {
    Mapping       mapping;
    std::uint64_t device = 0;
};

Result<Resource> give_registers(Layout& layout, pugi::xml_node owner, Domain& domain,
                                const boardgen::Device& device, const DriverRegion& wish)
{
    if (*wish.index >= device.registers.size()) {
        return refuse(layout.document().line(owner),
                      fmt::format("the driver wants range {} of registers, and '{}' has {}",
                                  *wish.index, device.name, device.registers.size()),
                      "choose another device or another driver");
    }
    auto range = device.registers[*wish.index];
    if (wish.size) {
        range.size = *wish.size;
    }
    const auto region =
        layout.registers(fmt::format("registers_{:x}", range.start / k_page * k_page), range);
    const auto access  = wish.writable ? Access::read_write : Access::read;
    const auto address = domain.map(region, access, wish.cached ? Cache::on : Cache::off);
    return Resource{.mapping = {address + range.start % k_page, region.size},
                    .device  = *region.physical};
}

} // namespace

Result<Domain*> add_driver(Layout& layout, pugi::xml_node owner, const char* device_class,
                           const std::string& name, unsigned priority)
{
    const bool generic = std::string_view{device_class} == "timer" && !owner.attribute("device");
    const auto device  = generic ? timer_device(layout.board()) : TRY(layout.find_device(owner));
    const auto info    = TRY(choose_driver(layout, owner, device_class, device));
    if (!generic) {
        layout.use_device({device_class, name, owner.attribute("device").value()});
    }
    auto* const domain =
        TRY(layout.add_domain(owner, "driver", name + "_driver", info.image, priority));

    if (info.regions.size() > k_most_resources || info.interrupts.size() > k_most_resources) {
        return refuse(layout.document().line(owner),
                      fmt::format("{} wants too many resources", info.image),
                      fmt::format("sDDF allows {} regions and {} interrupts", k_most_resources,
                                  k_most_resources));
    }
    ConfigBytes config{Class::device, k_resources_size};
    config.u8(5, info.regions.size());
    config.u8(6, info.interrupts.size());
    for (std::size_t i = 0; i < info.interrupts.size(); ++i) {
        if (info.interrupts[i] >= device.interrupts.size()) {
            return refuse(layout.document().line(owner),
                          fmt::format("the driver wants interrupt {}, and '{}' has {}",
                                      info.interrupts[i], device.name, device.interrupts.size()),
                          "choose another device or another driver");
        }
        const auto& interrupt = device.interrupts[info.interrupts[i]];
        config.u8(1544 + i, TRY(domain->add_interrupt(interrupt.intid, interrupt.edge)));
    }
    for (std::size_t i = 0; i < info.regions.size(); ++i) {
        const auto& wish = info.regions[i];
        Resource    resource;
        if (wish.index) {
            resource = TRY(give_registers(layout, owner, *domain, device, wish));
        } else {
            const auto region =
                TRY(layout.add_device_region(owner, fmt::format("{}_{}", domain->name(), wish.name),
                                             wish.size.value_or(k_page)));
            const auto access = wish.writable ? Access::read_write : Access::read;
            resource          = {
                         .mapping = {domain->map(region, access, wish.cached ? Cache::on : Cache::off),
                                     region.size},
                         .device  = *region.physical};
        }
        config.device_region(8 + 24 * i, resource.mapping, resource.device);
    }
    layout.configure(*domain, ".device_resources",
                     name + "/" + domain->name() + "_device_resources", config);
    return domain;
}

} // namespace sysgen
