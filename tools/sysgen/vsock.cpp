// SPDX-License-Identifier: BSD-2-Clause
// <vsock>: guests and programs that have context IDs, and the links between them: a channel and two
// regions each, of which either side writes one. No class of sDDF: see lib/vsock, vsock/config.hpp.
#include "layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sysgen {

namespace {

constexpr std::size_t   k_config_size  = 656;
constexpr std::size_t   k_most_links   = 16;
constexpr std::size_t   k_link_size    = 40;
constexpr std::uint64_t k_ring         = 0x1'0000; ///< bytes of each region of a link
constexpr std::uint64_t k_largest_ring = 0x1000'0000;
constexpr std::uint64_t k_host         = 2; ///< the lowest ID that anybody has; no guest has it
constexpr std::uint64_t k_any          = 0xffff'ffff;

/// A guest or a program, and what its section will hold.
struct Station {
    Use           use;
    std::string   name;
    std::uint64_t cid   = 0;
    std::size_t   links = 0;
    ConfigBytes   config{k_config_size};
};

class Sockets {
public:
    Sockets(Layout& layout, pugi::xml_node node)
        : layout_{layout}
        , document_{layout.document()}
        , node_{node}
    {
    }

    Result<> expand()
    {
        TRY(document_.allow(node_, {"name", "ring"}));
        TRY(document_.allow_children(node_, {"link"}));
        name_ = TRY(document_.text_of(node_, "name"));
        ring_ = TRY(document_.number_or(node_, "ring", k_ring));
        if (ring_ == 0 || ring_ % k_page != 0 || ring_ > k_largest_ring) {
            return refuse(
                document_.line(node_), fmt::format("a ring of {} bytes", hex(ring_)),
                fmt::format("a multiple of {}, up to {}", hex(k_page), hex(k_largest_ring)));
        }
        for (const auto& use : TRY(layout_.uses("vsock", name_))) {
            TRY(add_station(use));
        }
        TRY(add_links());
        for (auto& station : stations_) {
            station.config.u8(12, station.links);
            layout_.configure(*station.use.client, ".vsock_config",
                              fmt::format("{}/vsock_{}", name_, station.name), station.config);
            station.use.client->node().remove_child(station.use.node);
        }
        return {};
    }

private:
    Result<> add_station(const Use& use)
    {
        TRY(document_.allow(use.node, {"vsock", "cid"}));
        const auto& name = use.client->name();
        if (!use.suffix.empty()) {
            return refuse(use.line, fmt::format("'{}' has a second context ID", name),
                          "one leads to all others; name them with <link>");
        }
        const auto cid      = TRY(document_.number_of(use.node, "cid"));
        const bool is_guest = !use.client->node().child("virtual_machine").empty();
        if (cid < k_host + (is_guest ? 1 : 0) || cid >= k_any) {
            return refuse(use.line, fmt::format("'{}' has the context ID {}", name, cid),
                          "guests have 3 and more, up to 0xfffffffe; a program may have 2, "
                          "which guests call the host");
        }
        const auto other = std::ranges::find(stations_, cid, &Station::cid);
        if (other != stations_.end()) {
            return refuse(
                use.line,
                fmt::format("'{}' and '{}' have the context ID {}", other->name, name, cid),
                "give each one of its own");
        }
        Station station{.use = use, .name = name, .cid = cid};
        station.config.text(0, "vmmvsock");
        station.config.u32(8, cid);
        stations_.push_back(std::move(station));
        return {};
    }

    /// Those that are named; without any, all with all.
    Result<> add_links()
    {
        if (!node_.child("link")) {
            for (std::size_t i = 0; i < stations_.size(); ++i) {
                for (std::size_t j = i + 1; j < stations_.size(); ++j) {
                    TRY(add_link(stations_[i], stations_[j], document_.line(node_)));
                }
            }
            return {};
        }
        std::vector<std::pair<const Station*, const Station*>> known;
        for (const auto link : node_.children("link")) {
            TRY(document_.allow(link, {"from", "to"}));
            auto*      from = TRY(find(link, "from"));
            auto*      to   = TRY(find(link, "to"));
            const auto line = document_.line(link);
            if (from == to) {
                return refuse(line, fmt::format("a link from '{0}' to '{0}'", from->name),
                              "name two");
            }
            if (std::ranges::find(known, std::pair<const Station*, const Station*>{
                                             std::minmax(from, to)}) != known.end()) {
                return refuse(
                    line, fmt::format("a second link between '{}' and '{}'", from->name, to->name),
                    "one carries packets both ways");
            }
            known.emplace_back(std::minmax(from, to));
            TRY(add_link(*from, *to, line));
        }
        return {};
    }

    Result<Station*> find(pugi::xml_node link, const char* attribute)
    {
        const auto name  = TRY(document_.text_of(link, attribute));
        const auto found = std::ranges::find(stations_, name, &Station::name);
        if (found == stations_.end()) {
            std::vector<std::string> all;
            for (const auto& station : stations_) {
                all.push_back(station.name);
            }
            return refuse(document_.line(link),
                          fmt::format("<vsock> '{}' has no '{}' to link", name_, name),
                          fmt::format("it has {}", fmt::join(all, ", ")));
        }
        return &*found;
    }

    Result<> add_link(Station& first, Station& second, unsigned line)
    {
        for (const auto* station : {&first, &second}) {
            if (station->links == k_most_links) {
                return refuse(
                    line, fmt::format("'{}' has more than {} links", station->name, k_most_links),
                    "name those that talk to each other with <link from=… to=… />");
            }
        }
        const auto ends  = TRY(layout_.connect(*first.use.client, *second.use.client));
        const auto forth = region(first, second);
        const auto back  = region(second, first);
        put(first, forth, back, second.cid, ends.first);
        put(second, back, forth, first.cid, ends.second);
        return {};
    }

    Region region(const Station& from, const Station& to)
    {
        return layout_.add_region(fmt::format("{}_{}_{}", name_, from.name, to.name), ring_);
    }

    /// The next link of a station: it writes one region, and reads the other.
    static void put(Station& station, const Region& own, const Region& peer, std::uint64_t cid,
                    unsigned channel)
    {
        auto&      domain = *station.use.client;
        const auto at     = 16 + k_link_size * station.links++;
        station.config.region(at, {domain.map(own, Access::read_write), own.size});
        station.config.region(at + 16, {domain.map(peer, Access::read), peer.size});
        station.config.u32(at + 32, cid);
        station.config.u8(at + 36, channel);
    }

    Layout&              layout_;
    const Document&      document_;
    pugi::xml_node       node_;
    std::string          name_;
    std::uint64_t        ring_ = k_ring;
    std::vector<Station> stations_;
};

} // namespace

Result<> expand_vsock(Layout& layout, pugi::xml_node node)
{
    return Sockets{layout, node}.expand();
}

} // namespace sysgen
