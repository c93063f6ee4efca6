// SPDX-License-Identifier: BSD-2-Clause
#include "relations.hpp"

namespace graph {
namespace {

void note_mappings(const tool::System& system, Relations& all)
{
    all.mappings.resize(system.regions.size());
    const auto note = [&](std::size_t pd, bool by_vm, const std::vector<tool::Map>& maps) {
        for (const auto& map : maps) {
            if (const auto region = system.find_region(map.region)) {
                all.mappings[*region].push_back({pd, by_vm, map});
            }
        }
    };
    for (std::size_t pd = 0; pd < system.pds.size(); ++pd) {
        note(pd, false, system.pds[pd].maps);
        if (system.pds[pd].vm) {
            note(pd, true, system.pds[pd].vm->maps);
        }
    }
}

/// The key of two domains: the one with the lower priority first.
std::pair<std::size_t, std::size_t> ordered(const tool::System& system, std::size_t a,
                                            std::size_t b)
{
    const auto rank = [&](std::size_t pd) {
        return std::pair{system.pds[pd].scheduling.priority, pd};
    };
    return rank(a) < rank(b) ? std::pair{a, b} : std::pair{b, a};
}

void note_channel(const tool::System& system, const tool::Channel& channel, Relations& all)
{
    const auto one = system.find_pd(channel.ends[0].pd);
    const auto two = system.find_pd(channel.ends[1].pd);
    if (!one || !two) {
        return;
    }
    const auto  key    = ordered(system, *one, *two);
    const auto& first  = channel.ends[key.first == *one ? 0 : 1];
    const auto& second = channel.ends[key.first == *one ? 1 : 0];
    auto&       link   = all.links[key];
    link.first_ids.push_back(first.id);
    link.second_ids.push_back(second.id);
    link.first_notifies |= first.notify;
    link.second_notifies |= second.notify;
    link.first_calls |= first.pp;
    link.second_calls |= second.pp;
}

} // namespace

Relations relate(const tool::System& system)
{
    Relations all;
    note_mappings(system, all);
    for (const auto& channel : system.channels) {
        note_channel(system, channel, all);
    }
    for (std::size_t region = 0; region < system.regions.size(); ++region) {
        std::set<std::size_t> users;
        for (const auto& mapping : all.mappings[region]) {
            users.insert(mapping.pd);
        }
        if (users.empty()) {
            all.unused.push_back(region);
        } else if (users.size() == 1) {
            all.own[*users.begin()].push_back(region);
        } else if (users.size() == 2) {
            all.links[ordered(system, *users.begin(), *users.rbegin())].regions.push_back(region);
        } else {
            all.common[users].push_back(region);
        }
    }
    return all;
}

} // namespace graph
