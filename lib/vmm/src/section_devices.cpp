// SPDX-License-Identifier: BSD-2-Clause
// From configuration sections to devices.
#include "vmm/section_devices.hpp"

#include "vmm/machine.hpp"

#include <span>

namespace vmm {

namespace {

/// How many of a class's sections are filled in; they are filled from the first on.
template <class Clients>
std::size_t count(const Clients& clients)
{
    std::size_t filled = 0;
    while (filled < clients.size() && clients[filled] != nullptr && clients[filled]->is_valid()) {
        ++filled;
    }
    return filled;
}

template <class Devices>
std::size_t used(const Devices& devices)
{
    std::size_t made = 0;
    while (made < devices.size() && devices[made]) {
        ++made;
    }
    return made;
}

} // namespace

void SectionDevices::attach_to(Machine& machine, const Sections& from)
{
    static constexpr GuestConfig k_none{};
    const GuestConfig&           guest = from.guest != nullptr ? *from.guest : k_none;
    machine.adopt(guest);
    if (!check(guest)) {
        return; // adopt() has said what is wrong
    }
    if (from.timer != nullptr && from.timer->is_valid()) {
        machine.wake_by(microkit::Channel{from.timer->driver_id});
    }
    const GuestOptions options = from.options != nullptr ? *from.options : GuestOptions{};
    for (std::size_t i = 0; i < guest.num_devices; ++i) {
        const auto& device = guest.devices[i];
        make(device.kind,
             {.machine = machine,
              .from    = from,
              .window  = {.address = device.base, .size = device.size, .intid = device.intid},
              .options = options.device(i)});
    }
    check_all_used(machine, from);
}

void SectionDevices::make(GuestConfig::Kind kind, const Place& place)
{
    using Kind = GuestConfig::Kind;
    switch (kind) {
    case Kind::console:
        return make_console(place);
    case Kind::block:
        return make_next(disks_, place.from.block, place);
    case Kind::network:
        return make_next(nics_, place.from.network, place);
    case Kind::entropy:
        return make_entropy(place);
    default:
        place.machine.reject({.what  = ".vmm_config has a device of a kind that is not known here",
                              .hint  = "1 is a network card, 2 a disk, 3 a console, 4 entropy",
                              .value = static_cast<std::uint64_t>(kind)});
    }
}

void SectionDevices::make_console(const Place& place)
{
    if (console_) {
        return place.machine.reject({.what = ".vmm_config has a second console",
                                     .hint = "further serial clients are ports of the first"});
    }
    std::array<ConsolePort, Sections::k_most> ports{};
    const auto                                size = count(place.from.serial);
    if (size == 0) {
        return place.machine.reject(
            {.what = ".vmm_config has a console, but no serial client is filled in",
             .hint = "give the program its section .serial_client_config"});
    }
    for (std::size_t i = 0; i < size; ++i) {
        ports[i] = {.section = place.from.serial[i],
                    .name    = place.from.options != nullptr ? place.from.options->port_name(i)
                                                             : std::string_view{}};
    }
    console_.emplace(place.machine, place.window, std::span{ports}.first(size), place.options);
}

void SectionDevices::make_entropy(const Place& place)
{
    const auto* const client = place.from.entropy;
    if (entropy_ || client == nullptr || !client->is_valid()) {
        return place.machine.reject(
            {.what = entropy_ ? ".vmm_config has a second entropy device"
                              : ".vmm_config has an entropy device, but no client is filled in",
             .hint = entropy_ ? "one suffices"
                              : "give the program its section .entropy_client_config"});
    }
    entropy_.emplace(place.machine, place.window, *client, place.options);
}

template <class Device, class Clients>
void SectionDevices::make_next(Several<Device>& devices, const Clients& clients, const Place& place)
{
    const auto index = used(devices);
    if (index == count(clients)) {
        return place.machine.reject(
            {.what  = ".vmm_config has more disks or network cards than there are client sections",
             .hint  = "give the program the section of each",
             .value = place.window.address});
    }
    devices[index].emplace(place.machine, place.window, *clients[index], place.options);
}

/// A client that nobody serves would hold up those that share the virtualiser with it.
void SectionDevices::check_all_used(Machine& machine, const Sections& from) const
{
    if (used(disks_) < count(from.block) || used(nics_) < count(from.network) ||
        (!console_ && count(from.serial) != 0)) {
        machine.reject(
            {.what = "a client section is filled in, but .vmm_config has no device for it",
             .hint = "give the program the files that were made for it"});
    }
}

} // namespace vmm
