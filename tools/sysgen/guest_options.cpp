// SPDX-License-Identifier: BSD-2-Clause
#include "guest_options.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <vector>

namespace sysgen {

namespace {

// lib/vmm, vmm/guest_options.hpp: DeviceOptions and PortOptions.
constexpr std::size_t   k_first_device = 8;
constexpr std::size_t   k_device_size  = 40;
constexpr std::size_t   k_queues_at    = 8;
constexpr std::size_t   k_mtu_at       = 10;
constexpr std::size_t   k_read_only_at = 12;
constexpr std::size_t   k_id_at        = 13;
constexpr std::size_t   k_id_size      = 20;
constexpr std::size_t   k_first_port   = 1288;
constexpr std::size_t   k_port_size    = 32;
constexpr unsigned      k_most_ports   = 16;
constexpr std::uint64_t k_most_queues  = 16;

/// Feature bits by the names of the standard (virtIO 1.2, sections 5 and 6), in small letters.
using Names = std::map<std::string_view, unsigned>;

const Names k_common{{"indirect_desc", 28}, {"event_idx", 29}, {"ring_reset", 40}};

const std::map<std::string_view, Names> k_own{
    {"console", {{"size", 0}, {"multiport", 1}, {"emerg_write", 2}}},
    {"disk",
     {{"size_max", 1},
      {"seg_max", 2},
      {"blk_size", 6},
      {"flush", 9},
      {"topology", 10},
      {"config_wce", 11},
      {"mq", 12},
      {"discard", 13},
      {"write_zeroes", 14}}},
    {"nic",
     {{"csum", 0},
      {"guest_csum", 1},
      {"mtu", 3},
      {"mac", 5},
      {"guest_tso4", 7},
      {"guest_tso6", 8},
      {"host_tso4", 11},
      {"host_tso6", 12},
      {"mrg_rxbuf", 15},
      {"status", 16},
      {"ctrl_vq", 17},
      {"ctrl_rx", 18},
      {"ctrl_rx_extra", 20}}},
    {"entropy", {}},
    {"vsock", {{"stream", 0}, {"seqpacket", 1}}},
    {"sound", {}},
};

const std::map<std::string_view, std::vector<std::string_view>> k_attributes{
    {"console", {"without", "name"}}, {"disk", {"without", "queues", "read_only", "id"}},
    {"nic", {"without", "mtu"}},      {"entropy", {"without"}},
    {"vsock", {"without"}},           {"sound", {"without"}},
};

Result<std::uint64_t> features(unsigned line, std::string_view device, std::string_view list)
{
    auto names = k_own.at(device);
    names.insert(k_common.begin(), k_common.end());
    std::uint64_t bits = 0;
    while (!list.empty()) {
        const auto end  = std::min(list.find(','), list.size());
        auto       name = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        name = name.substr(0, name.find(' '));
        if (name.empty()) {
            continue;
        }
        const auto found = names.find(name);
        if (found == names.end()) {
            std::vector<std::string_view> all;
            for (const auto& [known, bit] : names) {
                all.push_back(known);
            }
            return refuse(line, fmt::format("a {} has no feature '{}'", device, name),
                          fmt::format("it has {}", fmt::join(all, ", ")));
        }
        bits |= 1ULL << found->second;
    }
    return bits;
}

} // namespace

bool GuestOptions::knows(pugi::xml_node part, pugi::xml_attribute attribute)
{
    const auto found = k_attributes.find(part.name());
    return found != k_attributes.end() &&
           std::ranges::find(found->second, attribute.name()) != found->second.end();
}

Result<> GuestOptions::read(pugi::xml_node part, unsigned device)
{
    const bool is_console = std::string_view{part.name()} == "console";
    for (const auto attribute : part.attributes()) {
        if (!knows(part, attribute)) {
            continue;
        }
        bytes_.text(0, "vmmopt");
        bytes_.u8(7, 1); // version of the section
        used_ = true;
        TRY(read_attribute(part, attribute, k_first_device + k_device_size * device));
    }
    consoles_ += is_console ? 1 : 0;
    return {};
}

Result<> GuestOptions::read_attribute(pugi::xml_node part, pugi::xml_attribute attribute,
                                      std::size_t at)
{
    const std::string_view name = attribute.name();
    if (name == "name") {
        if (consoles_ == k_most_ports) {
            return refuse(document_.line(part), "too many consoles with a name",
                          fmt::format("the first {} may have one", k_most_ports));
        }
        return text(part, attribute, k_first_port + k_port_size * consoles_, k_port_size);
    }
    if (name == "id") {
        return text(part, attribute, at + k_id_at, k_id_size);
    }
    if (name == "without") {
        if (std::string_view{part.name()} == "console" && consoles_ != 0) {
            return refuse(document_.line(part), "features of a second console",
                          "it is a port of the first: write 'without' there");
        }
        bytes_.u64(at, TRY(features(document_.line(part), part.name(), attribute.value())));
    } else if (name == "queues") {
        bytes_.u16(at + k_queues_at, TRY(number(part, "queues", 1, k_most_queues)));
    } else if (name == "mtu") {
        bytes_.u16(at + k_mtu_at, TRY(number(part, "mtu", 68, 1500))); // 5.1.4.1: from 68 on
    } else {
        bytes_.u8(at + k_read_only_at, TRY(document_.flag_or(part, "read_only", false)) ? 1 : 0);
    }
    return {};
}

Result<std::uint64_t> GuestOptions::number(pugi::xml_node part, const char* attribute,
                                           std::uint64_t least, std::uint64_t most) const
{
    const auto value = TRY(document_.number_of(part, attribute));
    if (value < least || value > most) {
        return refuse(document_.line(part), fmt::format("{}=\"{}\"", attribute, value),
                      fmt::format("{} to {}", least, most));
    }
    return value;
}

Result<> GuestOptions::text(pugi::xml_node part, pugi::xml_attribute attribute, std::size_t at,
                            std::size_t most)
{
    const std::string_view value = attribute.value();
    if (value.empty() || value.size() > most) {
        return refuse(document_.line(part), fmt::format("{}=\"{}\"", attribute.name(), value),
                      fmt::format("1 to {} bytes", most));
    }
    bytes_.text(at, value);
    return {};
}

} // namespace sysgen
