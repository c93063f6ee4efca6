// SPDX-License-Identifier: BSD-2-Clause
#include "picture.hpp"
#include "text.hpp"

#include <nlohmann/json.hpp>

namespace graph {
namespace {

using nlohmann::ordered_json;

ordered_json maps_of(const std::vector<tool::Map>& maps)
{
    auto list = ordered_json::array();
    for (const auto& map : maps) {
        list.push_back({{"region", map.region},
                        {"address", map.vaddr},
                        {"permissions", permissions_of(map)},
                        {"cached", map.cached}});
    }
    return list;
}

ordered_json domain_of(const tool::System& system, const tool::ProtectionDomain& pd)
{
    ordered_json one{{"name", pd.name},
                     {"program", pd.program.path},
                     {"priority", pd.scheduling.priority},
                     {"cpu", pd.cpu},
                     {"passive", pd.passive},
                     {"parent", nullptr},
                     {"maps", maps_of(pd.maps)},
                     {"interrupts", ordered_json::array()},
                     {"virtual_machine", nullptr}};
    if (pd.parent) {
        one["parent"] = system.pds[*pd.parent].name;
    }
    for (const auto& irq : pd.irqs) {
        one["interrupts"].push_back({{"number", irq.number},
                                     {"channel", irq.id},
                                     {"trigger", irq.edge ? "edge" : "level"}});
    }
    if (pd.vm) {
        one["virtual_machine"] = {{"name", pd.vm->name},
                                  {"priority", pd.vm->scheduling.priority},
                                  {"vcpus", pd.vm->vcpus.size()},
                                  {"maps", maps_of(pd.vm->maps)}};
    }
    return one;
}

ordered_json end_of(const tool::ChannelEnd& end)
{
    return {{"domain", end.pd}, {"id", end.id}, {"notify", end.notify}, {"call", end.pp}};
}

} // namespace

std::string to_json(const tool::System& system)
{
    ordered_json all{{"domains", ordered_json::array()},
                     {"regions", ordered_json::array()},
                     {"channels", ordered_json::array()}};
    for (const auto& pd : system.pds) {
        all["domains"].push_back(domain_of(system, pd));
    }
    for (const auto& region : system.regions) {
        ordered_json one{{"name", region.name}, {"size", nullptr}, {"physical", nullptr}};
        if (region.size) {
            one["size"] = *region.size;
        }
        if (region.phys_addr) {
            one["physical"] = *region.phys_addr;
        }
        all["regions"].push_back(one);
    }
    for (const auto& channel : system.channels) {
        all["channels"].push_back({end_of(channel.ends[0]), end_of(channel.ends[1])});
    }
    return all.dump(2) + "\n";
}

} // namespace graph
