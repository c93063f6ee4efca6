// SPDX-License-Identifier: BSD-2-Clause
#include "passthrough.hpp"

#include "closure.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace sysgen {
namespace {

// lib/vmm, vmm/passed_through.hpp: PassedThrough.
constexpr std::size_t k_section_size = 8192;
constexpr std::size_t k_first_call   = 24;
constexpr std::size_t k_call_size    = 16;
constexpr std::size_t k_most_calls   = 64;
constexpr std::size_t k_first_node   = 1048;
constexpr std::size_t k_most_nodes   = k_section_size - k_first_node;

class Finder {
public:
    Finder(Layout& layout, pugi::xml_node guest)
        : layout_{layout}
        , document_{layout.document()}
        , guest_{guest}
    {
    }

    Result<PassedDevices> find()
    {
        for (const auto part : guest_.children("passthrough")) {
            TRY(document_.allow(part, {"device", "tree"}));
            TRY(document_.allow_children(part, {"give", "leave", "share"}));
            result_.line = result_.line == 0 ? document_.line(part) : result_.line;
        }
        if (!guest_.child("passthrough")) {
            return result_;
        }
        if (!layout_.trees()) {
            TRY(add_plain());
            return result_;
        }
        const auto tree    = TRY(find_tree());
        const auto request = TRY(read_request(*tree));
        const auto closure = passthrough::close(*tree, request);
        if (!closure.refusals.empty()) {
            const auto& first = closure.refusals.front();
            return refuse(result_.line, first.what, first.hint);
        }
        TRY(take(*tree, closure));
        return result_;
    }

private:
    /// As the board's own description has them, and no more.
    Result<> add_plain()
    {
        for (const auto part : guest_.children("passthrough")) {
            const auto device = TRY(layout_.find_device(part));
            result_.registers.insert(result_.registers.end(), device.registers.begin(),
                                     device.registers.end());
            result_.interrupts.insert(result_.interrupts.end(), device.interrupts.begin(),
                                      device.interrupts.end());
        }
        return {};
    }

    Result<const check::Tree*> find_tree()
    {
        const std::string file = guest_.child("passthrough").attribute("tree").value();
        for (const auto part : guest_.children("passthrough")) {
            if (file != part.attribute("tree").value()) {
                return refuse(document_.line(part), "two device trees for one guest",
                              "name the same tree in each <passthrough>");
            }
        }
        own_            = file.empty();
        const auto tree = layout_.trees()(file);
        if (!tree) {
            return refuse(result_.line, tree.error(), "name the board's device tree, as a blob");
        }
        return *tree;
    }

    /// The path of a device that an element names: of board.json, or of the tree.
    Result<std::string> path_of(const check::Tree& tree, pugi::xml_node element)
    {
        const auto name = TRY(document_.text_of(element, "device"));
        if (passthrough::find(tree, name) != nullptr) {
            return name;
        }
        if (!own_) {
            return refuse(document_.line(element),
                          fmt::format("the device tree has no node '{}'", name),
                          "name it by its path or by an alias");
        }
        const auto device = TRY(layout_.find_device(element));
        for (const auto& node : tree.nodes()) {
            if (node.name == device.name && !node.registers.empty() && !device.registers.empty() &&
                node.registers[0].start == device.registers[0].start) {
                return node.path;
            }
        }
        return refuse(document_.line(element), fmt::format("'{}' has no registers", name),
                      "there is nothing to pass through");
    }

    Result<passthrough::Request> read_request(const check::Tree& tree)
    {
        passthrough::Request request{.devices = {}, .choices = {}, .taken = layout_.given()};
        for (const auto part : guest_.children("passthrough")) {
            request.devices.push_back(TRY(path_of(tree, part)));
            for (const auto choice : part.children()) {
                if (choice.type() == pugi::node_element) {
                    request.choices.push_back(TRY(read_choice(choice)));
                }
            }
        }
        // What drivers stand on.
        for (const auto element : document_.system().children()) {
            if (element.attribute("device") && own_) {
                if (const auto path = path_of(tree, element)) {
                    request.taken.push_back(*path);
                }
            }
        }
        return request;
    }

    Result<passthrough::Choice> read_choice(pugi::xml_node element)
    {
        using Kind                  = passthrough::Choice::Kind;
        const std::string_view name = element.name();
        TRY(document_.allow(element, {"node", "frequency"}));
        passthrough::Choice choice{.kind        = name == "give"    ? Kind::give
                                                  : name == "leave" ? Kind::leave
                                                                    : Kind::share,
                                   .node        = TRY(document_.text_of(element, "node")),
                                   .frequencies = {}};
        std::string_view    rates = element.attribute("frequency").value();
        while (!rates.empty()) {
            const auto end  = std::min(rates.find(','), rates.size());
            const auto rate = parse_number(rates.substr(0, end));
            if (!rate || choice.kind != Kind::leave) {
                return refuse(
                    document_.line(element),
                    fmt::format("frequency=\"{}\"", element.attribute("frequency").value()),
                    "of clocks that are left: Hz, with commas where there are several");
            }
            choice.frequencies.push_back(*rate);
            rates.remove_prefix(std::min(end + 1, rates.size()));
        }
        return choice;
    }

    Result<> take(const check::Tree& tree, const passthrough::Closure& closure)
    {
        for (const auto& pages : closure.pages) {
            result_.registers.push_back({pages.start, pages.size});
        }
        for (const auto& line : closure.interrupts) {
            result_.interrupts.push_back({line.intid, line.edge});
        }
        for (const auto& call : closure.calls) {
            result_.calls.push_back(
                {call.first, call.last, call.first_argument, call.last_argument});
        }
        if (!closure.dma.empty()) {
            result_.dma = closure.dma.front()->name;
        }
        auto nodes = passthrough::guest_nodes(tree, closure);
        if (!nodes) {
            return refuse(result_.line, nodes.error(), "pass fewer devices through");
        }
        result_.nodes = *std::move(nodes);
        if (result_.calls.size() > k_most_calls || result_.nodes.size() > k_most_nodes) {
            return refuse(
                result_.line,
                fmt::format("the devices need {} calls of the firmware and nodes of {} "
                            "bytes",
                            result_.calls.size(), result_.nodes.size()),
                fmt::format("at most {} calls and {} bytes: leave something, or pass fewer "
                            "devices through",
                            k_most_calls, k_most_nodes));
        }
        std::vector<std::string> given;
        for (const auto& one : closure.given) {
            given.push_back(one.node->path);
        }
        layout_.note_given(given);
        for (const auto part : guest_.children("passthrough")) {
            layout_.use_device({.device_class = "passthrough",
                                .name         = guest_.attribute("name").value(),
                                .device       = part.attribute("device").value(),
                                .playback     = 0,
                                .capture      = 0});
        }
        return {};
    }

    Layout&         layout_;
    const Document& document_;
    pugi::xml_node  guest_;
    PassedDevices   result_;
    bool            own_ = true; ///< the tree is the board's own
};

} // namespace

ConfigBytes PassedDevices::section() const
{
    ConfigBytes bytes{k_section_size};
    bytes.text(0, "vmmpass");
    bytes.u8(7, 1); // version of the section
    std::uint64_t edges = 0;
    for (std::size_t i = 0; i < interrupts.size(); ++i) {
        edges |= std::uint64_t{interrupts[i].edge ? 1U : 0U} << i;
    }
    bytes.u32(8, edges);
    bytes.u32(12, calls.size());
    bytes.u32(16, nodes.size());
    auto at = k_first_call;
    for (const auto& call : calls) {
        bytes.u32(at, call.first);
        bytes.u32(at + 4, call.last);
        bytes.u32(at + 8, call.first_argument);
        bytes.u32(at + 12, call.last_argument);
        at += k_call_size;
    }
    bytes.text(k_first_node, {reinterpret_cast<const char*>(nodes.data()), nodes.size()});
    return bytes;
}

Result<PassedDevices> find_passed_devices(Layout& layout, pugi::xml_node guest)
{
    return Finder{layout, guest}.find();
}

} // namespace sysgen
