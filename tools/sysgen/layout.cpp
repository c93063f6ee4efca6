// SPDX-License-Identifier: BSD-2-Clause
#include "layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace sysgen {

namespace {

constexpr unsigned k_most_domains = 63;

using Expansion = Result<> (*)(Layout&, pugi::xml_node);

const std::map<std::string_view, Expansion> k_classes{
    {"timer", expand_timer}, {"entropy", expand_entropy}, {"serial", expand_serial},
    {"blk", expand_blk},     {"net", expand_net},
};

std::string names_of_classes()
{
    std::vector<std::string_view> names;
    for (const auto& [name, expansion] : k_classes) {
        names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Elements of protection domains, a parent before its children.
std::vector<pugi::xml_node> domains_in_order(pugi::xml_node parent)
{
    std::vector<pugi::xml_node> found;
    for (const auto node : parent.children("protection_domain")) {
        found.push_back(node);
        const auto nested = domains_in_order(node);
        found.insert(found.end(), nested.begin(), nested.end());
    }
    return found;
}

/// Children are removed while we walk.
std::vector<pugi::xml_node> children(pugi::xml_node parent)
{
    return {parent.children().begin(), parent.children().end()};
}

} // namespace

Result<Layout> Layout::create(Document document, const boardgen::Board& board,
                              const std::vector<DriverInfo>& drivers)
{
    Layout layout{std::move(document), board, drivers};
    layout.note_memory();
    TRY(layout.note_domains(layout.document_.system()));
    TRY(layout.note_channels());
    return layout;
}

void Layout::note_memory()
{
    for (const auto region : document_.system().children("memory_region")) {
        const auto start = parse_number(region.attribute("phys_addr").value());
        const auto size  = parse_number(region.attribute("size").value());
        if (start && size) {
            taken_.push_back({*start, *size});
        }
    }
}

Result<> Layout::note_domains(pugi::xml_node parent)
{
    for (const auto node : parent.children("protection_domain")) {
        auto domain = TRY(Domain::create(document_, node));
        if (std::ranges::find(domains_, domain.name(), &Domain::name) != domains_.end()) {
            return refuse(domain.line(),
                          fmt::format("there are two protection domains '{}'", domain.name()),
                          "give each a name of its own");
        }
        domains_.push_back(std::move(domain));
        TRY(note_domains(node));
    }
    return {};
}

Result<> Layout::note_channels()
{
    for (const auto channel : document_.system().children("channel")) {
        for (const auto end : channel.children("end")) {
            const auto at = std::ranges::find(domains_, end.attribute("pd").value(), &Domain::name);
            if (at != domains_.end()) { // else the microkit tool will say so
                at->use_channel(TRY(document_.number_of(end, "id")));
            }
        }
    }
    return {};
}

Result<> Layout::expand()
{
    auto system = document_.system();
    for (const auto node : children(system)) {
        if (std::string_view{node.name()} == "guest") {
            TRY(expand_guest(*this, node));
            system.remove_child(node);
        }
    }
    for (const auto node : children(system)) {
        if (const auto found = k_classes.find(node.name()); found != k_classes.end()) {
            TRY(found->second(*this, node));
        }
    }
    // Only now, since <use> may stand before what it names.
    for (const auto& domain : domains_) {
        if (const auto use = domain.node().child("use")) {
            return refuse(
                document_.line(use) != 0 ? document_.line(use) : domain.line(),
                fmt::format("'{}' uses {} '{}', which is not there", domain.name(),
                            use.first_attribute().name(), use.first_attribute().value()),
                fmt::format("the classes are {}; each system of one is an element like <{} "
                            "name=\"{}\" …/>",
                            names_of_classes(), use.first_attribute().name(),
                            use.first_attribute().value()));
        }
    }
    for (const auto node : children(system)) {
        if (k_classes.contains(node.name())) {
            system.remove_child(node);
        }
    }
    if (domains_.size() > k_most_domains) {
        return refuse(0, fmt::format("the system has {} protection domains", domains_.size()),
                      fmt::format("Microkit allows {}", k_most_domains));
    }
    rename_programs();
    return {};
}

Result<pugi::xml_node> Layout::parent_of(pugi::xml_node settings) const
{
    const std::string name = settings.attribute("parent").value();
    if (name.empty()) {
        return document_.system();
    }
    const auto found = std::ranges::find(domains_, name, &Domain::name);
    if (found == domains_.end()) {
        return refuse(document_.line(settings),
                      fmt::format("there is no protection domain '{}' to be the parent", name),
                      "declare it with <protection_domain>");
    }
    return found->node();
}

Result<Domain*> Layout::add_domain(pugi::xml_node owner, const char* role, const std::string& name,
                                   const std::string& image, unsigned priority)
{
    if (std::ranges::find(domains_, name, &Domain::name) != domains_.end()) {
        return refuse(document_.line(owner),
                      fmt::format("<{}> needs a protection domain '{}', and there is one already",
                                  owner.name(), name),
                      "rename one of the two");
    }
    const auto settings = owner.child(role);
    TRY(document_.allow(settings, {"image", "priority", "budget", "period", "stack_size",
                                   "resources", "parent", "id"}));

    auto node = TRY(parent_of(settings)).append_child("protection_domain");
    node.append_attribute("name").set_value(name.c_str());
    if (settings.attribute("parent")) {
        const auto id = TRY(document_.number_of(settings, "id"));
        node.append_attribute("id").set_value(static_cast<unsigned>(id));
    }
    node.append_attribute("priority")
        .set_value(static_cast<unsigned>(TRY(document_.number_or(settings, "priority", priority))));
    for (const char* setting : {"budget", "period", "stack_size"}) {
        if (const auto attribute = settings.attribute(setting)) {
            node.append_attribute(setting).set_value(attribute.value());
        }
    }
    const auto given = settings.attribute("image");
    node.append_child("program_image")
        .append_attribute("path")
        .set_value(given ? given.value() : image.c_str());

    domains_.push_back(TRY(Domain::create(document_, node)));
    return &domains_.back();
}

Result<std::vector<Use>> Layout::uses(const char* device_class, const std::string& system)
{
    std::vector<Use> found;
    for (const auto node_of_domain : domains_in_order(document_.system())) {
        auto& domain = *std::ranges::find(domains_, node_of_domain, &Domain::node);
        for (const auto node : domain.node().children("use")) {
            if (std::string_view{node.first_attribute().name()} != device_class ||
                system != node.first_attribute().value()) {
                continue;
            }
            const auto turn = domain.next_use(device_class);
            found.push_back(
                {.client = &domain,
                 .node   = node,
                 .line   = document_.line(node) != 0 ? document_.line(node) : domain.line(),
                 .suffix = turn == 0 ? "" : fmt::format("_{}", turn)});
        }
    }
    constexpr std::size_t k_most_clients = 64;
    if (found.size() > k_most_clients) {
        return refuse(found.back().line,
                      fmt::format("{} '{}' has {} clients", device_class, system, found.size()),
                      fmt::format("sDDF allows {}", k_most_clients));
    }
    return found;
}

Region Layout::add_region(const std::string& name, std::uint64_t size)
{
    auto node = document_.system().append_child("memory_region");
    node.append_attribute("name").set_value(name.c_str());
    node.append_attribute("size").set_value(hex(size).c_str());
    return {.name = name, .size = size, .physical = {}};
}

Result<Region> Layout::add_device_region(pugi::xml_node owner, const std::string& name,
                                         std::uint64_t size)
{
    const Region shape{.name = name, .size = size, .physical = {}};
    auto         areas = board_.ram;
    std::ranges::sort(areas, {}, &boardgen::AddressRange::start);
    for (auto area = areas.rbegin(); area != areas.rend(); ++area) {
        auto end = area->end();
        while (end >= area->start + size) {
            const auto start    = (end - size) / shape.alignment() * shape.alignment();
            const auto conflict = std::ranges::find_if(taken_, [&](const auto& range) {
                return range.start < start + size && start < range.end();
            });
            if (start < area->start) {
                break;
            }
            if (conflict == taken_.end()) {
                auto region     = add_region(name, size);
                region.physical = start;
                taken_.push_back({start, size});
                document_.system()
                    .find_child_by_attribute("memory_region", "name", name.c_str())
                    .append_attribute("phys_addr")
                    .set_value(hex(start).c_str());
                return region;
            }
            end = conflict->start;
        }
    }
    return refuse(document_.line(owner),
                  fmt::format("no {} bytes of RAM are left for '{}'", hex(size), name),
                  fmt::format("the board '{}' has {} regions of RAM; use smaller buffers",
                              board_.name, board_.ram.size()));
}

Region Layout::registers(const std::string& name, const boardgen::AddressRange& range)
{
    const auto start = range.start / k_page * k_page;
    const auto size  = (range.end() - start + k_page - 1) / k_page * k_page;
    // One region for a page, whatever device of it asked first.
    for (const auto node : document_.system().children("memory_region")) {
        if (parse_number(node.attribute("phys_addr").value()) == start &&
            parse_number(node.attribute("size").value()) == size) {
            return {.name = node.attribute("name").value(), .size = size, .physical = start};
        }
    }
    auto region     = add_region(name, size);
    region.physical = start;
    document_.system()
        .find_child_by_attribute("memory_region", "name", name.c_str())
        .append_attribute("phys_addr")
        .set_value(hex(start).c_str());
    return region;
}

Result<Region> Layout::find_region(pugi::xml_node owner, const std::string& name) const
{
    const auto node =
        document_.system().find_child_by_attribute("memory_region", "name", name.c_str());
    if (!node) {
        return refuse(document_.line(owner), fmt::format("there is no memory region '{}'", name),
                      "declare it with <memory_region>");
    }
    return Region{.name     = name,
                  .size     = TRY(document_.number_of(node, "size")),
                  .physical = parse_number(node.attribute("phys_addr").value())};
}

Result<Ends> Layout::connect(Domain& first, Domain& second, Call call)
{
    if (call != Call::no && second.priority() <= first.priority()) {
        return refuse(
            first.line() != 0 ? first.line() : second.line(),
            fmt::format("'{}' (priority {}) calls '{}' (priority {})", first.name(),
                        first.priority(), second.name(), second.priority()),
            "a protected procedure call goes to a higher priority: change one of the two");
    }
    const Ends ends{.first = TRY(first.take_channel()), .second = TRY(second.take_channel())};
    auto       channel = document_.system().append_child("channel");
    auto       a       = channel.append_child("end");
    a.append_attribute("pd").set_value(first.name().c_str());
    a.append_attribute("id").set_value(ends.first);
    auto b = channel.append_child("end");
    b.append_attribute("pd").set_value(second.name().c_str());
    b.append_attribute("id").set_value(ends.second);
    if (call != Call::no) {
        a.append_attribute("pp").set_value("true");
    }
    if (call == Call::instead_of_notifying) {
        a.append_attribute("notify").set_value("false");
    }
    return ends;
}

void Layout::configure(const Domain& domain, std::string section, std::string file,
                       const ConfigBytes& bytes)
{
    files_.push_back({domain.name(), std::move(section), std::move(file) + ".data", bytes.bytes()});
}

void Layout::rename_programs()
{
    for (const auto& file : files_) {
        if (std::ranges::find(programs_, file.domain, &Program::domain) != programs_.end()) {
            continue;
        }
        const auto domain = std::ranges::find(domains_, file.domain, &Domain::name);
        auto       path   = domain->node().child("program_image").attribute("path");
        programs_.push_back({file.domain, path.value(), file.domain + ".elf"});
        path.set_value(programs_.back().copy.c_str());
    }
}

Result<Domain*> Layout::adopt(pugi::xml_node domain, unsigned line)
{
    auto made = TRY(Domain::create(document_, domain));
    if (std::ranges::find(domains_, made.name(), &Domain::name) != domains_.end()) {
        return refuse(line, fmt::format("there are two protection domains '{}'", made.name()),
                      "give each a name of its own");
    }
    made.set_line(line);
    domains_.push_back(std::move(made));
    return &domains_.back();
}

Result<boardgen::Device> Layout::find_device(pugi::xml_node owner) const
{
    const auto name = TRY(document_.text_of(owner, "device"));
    if (const auto found = board_.devices.find(name); found != board_.devices.end()) {
        return found->second;
    }
    const auto dot   = name.find('.');
    const auto array = board_.device_arrays.find(name.substr(0, dot));
    if (dot != std::string::npos && array != board_.device_arrays.end()) {
        const auto index = parse_number(name.substr(dot + 1));
        if (index && *index < array->second.size()) {
            return array->second[*index];
        }
    }
    std::vector<std::string> known;
    for (const auto& [device, data] : board_.devices) {
        known.push_back(device);
    }
    for (const auto& [device, data] : board_.device_arrays) {
        known.push_back(fmt::format("{0}.0 to {0}.{1}", device, data.size() - 1));
    }
    return refuse(document_.line(owner),
                  fmt::format("the board '{}' has no device '{}'", board_.name, name),
                  fmt::format("it has {}", fmt::join(known, ", ")));
}

} // namespace sysgen
