// SPDX-License-Identifier: BSD-2-Clause
// From configuration sections to devices.
#include "vmm/section_devices.hpp"

#include "base/checked.hpp"
#include "vmm/machine.hpp"

#include <memory>
#include <new>
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

/// The section of the next device of a class, or nothing and a message.
template <class Clients>
auto next(const Clients& clients, std::size_t index, Machine& machine) -> Clients::value_type
{
    if (index < count(clients)) {
        return clients[index];
    }
    machine.reject(
        {.what  = ".vmm_config has more disks or network cards than there are client sections",
         .hint  = "give the program the section of each",
         .value = index + 1});
    return nullptr;
}

/// Through which disks copy what is no whole block, where their data region is guest RAM.
constexpr std::uint64_t k_bounce = 512 << 10;

/// Whether all of the guest's RAM lies in a disk's data region.
bool is_ram(const sddf::block::ClientConfig& client, const GuestConfig& guest)
{
    return guest.ram >= client.data.vaddr &&
           base::range_fits(guest.ram - client.data.vaddr, guest.ram_size, client.data.size);
}

/// What the guest does not get of its RAM, for all disks.
std::uint64_t kept(const Sections& from, const GuestConfig& guest)
{
    std::size_t disks = 0;
    for (std::size_t i = 0; i < count(from.block); ++i) {
        disks = is_ram(*from.block[i], guest) ? i + 1 : disks;
    }
    return disks * k_bounce;
}

} // namespace

void SectionDevicesBase::attach_to(Machine& machine, const Sections& from)
{
    static constexpr GuestConfig k_none{};
    const GuestConfig&           guest = from.guest != nullptr ? *from.guest : k_none;
    machine.adopt(guest, kept(from, guest));
    if (!check(guest)) {
        return; // adopt() has said what is wrong
    }
    if (from.timer != nullptr && from.timer->is_valid()) {
        machine.wake_by(microkit::Channel{from.timer->driver_id});
    }
    if (from.passed != nullptr && from.passed->magic == PassedThrough::k_magic) {
        machine.adopt(*from.passed);
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

template <class Device, class Source, class... More>
Device* SectionDevicesBase::create(const Place& place, const Source& source, const More&... more)
{
    void*       at   = room_.data();
    std::size_t left = room_.size();
    if (std::align(alignof(Device), sizeof(Device), at, left) == nullptr) {
        place.machine.reject({.what = "the VMM has too little room for all devices of .vmm_config",
                              .hint = "use vmm::SectionDevicesIn<BYTES> in place of SectionDevices",
                              .value = sizeof(Device)});
        return nullptr;
    }
    room_ = room_.last(left - sizeof(Device));
    return ::new (at) Device(place.machine, place.window, source, place.options, more...);
}

void SectionDevicesBase::make(GuestConfig::Kind kind, const Place& place)
{
    using Kind = GuestConfig::Kind;
    switch (kind) {
    case Kind::console:
        return make_console(place);
    case Kind::block:
        return make_disk(place);
    case Kind::network:
        return make_nic(place);
    case Kind::entropy:
        return make_entropy(place);
    case Kind::socket:
        return make_socket(place);
    case Kind::sound:
        return make_sound(place);
    default:
        place.machine.reject(
            {.what  = ".vmm_config has a device of a kind that is not known here",
             .hint  = "1 is a network card, 2 a disk, 3 a console, 4 entropy, 19 vsock, 25 sound",
             .value = static_cast<std::uint64_t>(kind)});
    }
}

void SectionDevicesBase::make_console(const Place& place)
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
    console_ = create<VirtioConsole>(place, std::span{ports}.first(size));
}

void SectionDevicesBase::make_entropy(const Place& place)
{
    const auto* const client = place.from.entropy;
    if (entropy_ || client == nullptr || !client->is_valid()) {
        return place.machine.reject(
            {.what = entropy_ ? ".vmm_config has a second entropy device"
                              : ".vmm_config has an entropy device, but no client is filled in",
             .hint = entropy_ ? "one suffices"
                              : "give the program its section .entropy_client_config"});
    }
    entropy_ = create<VirtioEntropy>(place, *client);
}

void SectionDevicesBase::make_socket(const Place& place)
{
    const auto* const section = place.from.vsock;
    if (socket_ || section == nullptr || !section->is_valid()) {
        return place.machine.reject(
            {.what = socket_ ? ".vmm_config has a second socket device"
                             : ".vmm_config has a socket device, but no links are filled in",
             .hint = socket_ ? "one has links to all that the guest may talk to"
                             : "give the program its section .vsock_config"});
    }
    socket_ = create<VirtioSocket>(place, *section);
}

void SectionDevicesBase::make_disk(const Place& place)
{
    const auto        index  = used(disks_);
    const auto* const client = next(place.from.block, index, place.machine);
    if (client == nullptr) {
        return;
    }
    if (!is_ram(*client, *place.from.guest)) {
        disks_[index] = create<VirtioBlock>(place, *client);
        return;
    }
    // What adopt() has kept, a part for each disk, from the end of RAM on downwards.
    const auto& guest = *place.from.guest;
    const auto  at    = guest.ram + guest.ram_size - (index + 1) * k_bounce;
    disks_[index]     = create<VirtioBlock>(
        place, *client, BouncePart{.offset = at - client->data.vaddr, .size = k_bounce});
}

void SectionDevicesBase::make_nic(const Place& place)
{
    const auto        index  = used(nics_);
    const auto* const client = next(place.from.network, index, place.machine);
    if (client != nullptr) {
        nics_[index] = create<VirtioNetwork>(place, *client);
    }
}

void SectionDevicesBase::make_sound(const Place& place)
{
    const auto* const client = place.from.sound;
    if (sound_ || client == nullptr || !client->is_valid()) {
        return place.machine.reject(
            {.what = sound_ ? ".vmm_config has a second sound card"
                            : ".vmm_config has a sound card, but no client is filled in",
             .hint = sound_ ? "one has all streams of the guest"
                            : "give the program its section .sound_client_config"});
    }
    sound_ = create<VirtioSound>(place, *client);
}

/// A client that nobody serves would hold up those that share the virtualiser with it.
void SectionDevicesBase::check_all_used(Machine& machine, const Sections& from) const
{
    if (used(disks_) < count(from.block) || used(nics_) < count(from.network) ||
        (!console_ && count(from.serial) != 0) ||
        (!socket_ && from.vsock != nullptr && from.vsock->is_valid()) ||
        (!sound_ && from.sound != nullptr && from.sound->is_valid())) {
        machine.reject(
            {.what = "a client section is filled in, but .vmm_config has no device for it",
             .hint = "give the program the files that were made for it"});
    }
}

} // namespace vmm
