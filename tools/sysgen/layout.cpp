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
    {"blk", expand_blk},     {"net", expand_net},         {"vsock", expand_vsock},
    {"sound", expand_sound},
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
                              const std::vector<DriverInfo>& drivers, BoardTrees trees)
{
    Layout layout{std::move(document), board, drivers, std::move(trees)};
    layout.note_memory();
    TRY(layout.note_domains(layout.document_.system()));
    TRY(layout.note_channels());
    return layout;
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
    // Those whose components use other classes come first.
    for (const bool uses_others : {true, false}) {
        for (const auto node : children(system)) {
            const auto found = k_classes.find(node.name());
            if (found != k_classes.end() && (found->second == expand_sound) == uses_others) {
                TRY(found->second(*this, node));
            }
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
    for (const auto& domain : domains_) {
        images_.emplace(domain.node().child("program_image").attribute("path").value());
    }
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

} // namespace sysgen
