// SPDX-License-Identifier: BSD-2-Clause
#include "features.hpp"

#include "front_door.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace system_test {

namespace {

std::string without(const char* list)
{
    return *list == '\0' ? std::string{} : fmt::format("without=\"{}\"", list);
}

Variant without_everywhere(const char* name, const char* list)
{
    const auto all = without(list);
    return {.name = name, .console = all, .disk = all, .nic = all, .entropy = all};
}

/// One feature of each device's own.
Variant without_own(const char* name, const char* console, const char* disk, const char* nic)
{
    return {.name = name, .console = without(console), .disk = without(disk), .nic = without(nic)};
}

const std::string& attributes_of(const Variant& variant, const std::string& device)
{
    return device == "console" ? variant.console
           : device == "disk"  ? variant.disk
           : device == "nic"   ? variant.nic
                               : variant.entropy;
}

/// Whether the variant's layout switches a feature off by name.
bool is_off(const Variant& variant, const Feature& feature)
{
    const auto& attributes = attributes_of(variant, feature.device);
    const auto  begin      = attributes.find("without=\"");
    if (begin == std::string::npos) {
        return false;
    }
    const auto         list = attributes.substr(begin + std::string_view{"without=\""}.size());
    std::istringstream names(list.substr(0, list.find('"')));
    for (std::string name; std::getline(names, name, ',');) {
        if (name == feature.name) {
            return true;
        }
    }
    return false;
}

} // namespace

const std::vector<Variant>& variants()
{
    static const std::vector<Variant> all{
        {.name = "as_it_is"},
        without_everywhere("no_indirect_desc", "indirect_desc"),
        without_everywhere("no_event_idx", "event_idx"),
        without_everywhere("no_ring_reset", "ring_reset"),
        without_everywhere("plain_rings", "indirect_desc,event_idx,ring_reset"),
        without_own("own_1", "size", "size_max", "csum"),
        without_own("own_2", "multiport", "seg_max", "guest_csum"),
        without_own("own_3", "emerg_write", "blk_size", "mtu"),
        without_own("own_4", "", "flush", "mac,host_tso4,guest_tso4"),
        without_own("own_5", "", "topology", "mrg_rxbuf,host_tso6,guest_tso6"),
        without_own("own_6", "", "config_wce", "status"),
        without_own("own_7", "", "mq", "ctrl_vq"),
        without_own("own_8", "", "write_zeroes", "ctrl_rx"),
        without_own("own_9", "", "discard", "ctrl_rx_extra"),
        without_own("own_none", "size,multiport,emerg_write",
                    "size_max,seg_max,blk_size,flush,topology,config_wce,mq,discard,write_zeroes",
                    "csum,guest_csum,guest_tso4,guest_tso6,host_tso4,host_tso6,mtu,mac,mrg_rxbuf,"
                    "status,ctrl_vq,ctrl_rx,ctrl_rx_extra"),
        {.name        = "options",
         .disk        = "read_only=\"true\" queues=\"2\" id=\"a disk to read\"",
         .nic         = "mtu=\"1280\"",
         .second_port = true},
    };
    return all;
}

const Variant& variant(const std::string& name)
{
    const auto& all   = variants();
    const auto  found = std::ranges::find(all, name, &Variant::name);
    EXPECT_NE(found, all.end()) << name;
    return found == all.end() ? all.front() : *found;
}

std::filesystem::path layout_of(const Variant& variant)
{
    constexpr const char* k_second = "        <console serial=\"serial\" name=\"second\" />\n";
    return write_file(std::string{variant.name} + ".layout.xml",
                      fmt::format(R"(<system>
    <timer name="timer" />
    <serial name="serial" device="uart0" colour="false" />
    <blk name="disk" device="virtio_mmio.31" />
    <net name="net" device="virtio_mmio.30" />
    <entropy name="rng" device="virtio_mmio.28" />
    <guest name="linux" image="linux.elf" ram="0x10000000" smc="true">
        <console serial="serial" {} />
{}        <disk blk="disk" partition="0" {} />
        <nic net="net" mac="52:54:00:12:34:56" {} />
        <entropy entropy="rng" {} />
    </guest>
</system>
)",
                                  variant.console, variant.second_port ? k_second : "",
                                  variant.disk, variant.nic, variant.entropy));
}

const std::vector<Feature>& features()
{
    static const std::vector<Feature> all = [] {
        std::vector<Feature> list{{"console", 3, "size", 0},
                                  {"console", 3, "multiport", 1},
                                  {"console", 3, "emerg_write", 2},
                                  {"disk", 2, "size_max", 1},
                                  {"disk", 2, "seg_max", 2},
                                  {"disk", 2, "ro", 5},
                                  {"disk", 2, "blk_size", 6},
                                  {"disk", 2, "flush", 9},
                                  {"disk", 2, "topology", 10},
                                  {"disk", 2, "config_wce", 11},
                                  {"disk", 2, "mq", 12},
                                  {"disk", 2, "write_zeroes", 14},
                                  {"nic", 1, "csum", 0},
                                  {"nic", 1, "guest_csum", 1},
                                  {"nic", 1, "mtu", 3},
                                  {"nic", 1, "mac", 5},
                                  {"nic", 1, "guest_tso4", 7},
                                  {"nic", 1, "guest_tso6", 8},
                                  {"nic", 1, "host_tso4", 11},
                                  {"nic", 1, "host_tso6", 12},
                                  {"nic", 1, "mrg_rxbuf", 15},
                                  {"nic", 1, "status", 16},
                                  {"nic", 1, "ctrl_vq", 17},
                                  {"nic", 1, "ctrl_rx", 18},
                                  {"nic", 1, "ctrl_rx_extra", 20}};
        for (const auto& [device, type] :
             {std::pair{"console", 3U}, {"disk", 2U}, {"nic", 1U}, {"entropy", 4U}}) {
            list.push_back({device, type, "indirect_desc", 28});
            list.push_back({device, type, "event_idx", 29});
            list.push_back({device, type, "version_1", 32});
            list.push_back({device, type, "ring_reset", 40});
        }
        return list;
    }();
    return all;
}

bool is_offered(const Variant& variant, const Feature& feature)
{
    const std::string_view name = feature.name;
    const auto             off  = [&](const char* other) {
        return is_off(variant, {feature.device, feature.type, other, 0});
    };
    const bool read_only = variant.disk.contains("read_only=\"true\"");
    if (name == "ro") {
        return read_only;
    }
    if ((name == "multiport" && !variant.second_port) || (name == "write_zeroes" && read_only) ||
        (name == "config_wce" && off("flush")) || (name.starts_with("host_tso") && off("csum")) ||
        (name.starts_with("guest_tso") && off("guest_csum")) ||
        (name.starts_with("ctrl_rx") && off("ctrl_vq"))) {
        return false;
    }
    return !is_off(variant, feature);
}

bool is_used_by_linux(const Feature& feature)
{
    const std::string_view name = feature.name;
    // Its queues can be reset by virtIO over PCI only.
    return name != "emerg_write" && name != "ctrl_rx_extra" && name != "ring_reset";
}

} // namespace system_test
