// SPDX-License-Identifier: BSD-2-Clause
// What a layout shows and the description made of it does not.
#include "document.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

namespace check {
namespace {

/// The layout, parsed; nothing for a plain description or one that sysgen refused to read.
std::optional<sysgen::Document> document_of(const Subject& subject)
{
    if (subject.layout.empty()) {
        return std::nullopt;
    }
    auto document = sysgen::Document::parse(subject.layout);
    return document ? std::optional{*std::move(document)} : std::nullopt;
}

Place place_of(const Subject& subject, const sysgen::Document& document, pugi::xml_node node)
{
    return {{subject.name, document.line(node), 0}, {}};
}

/// Calls visit(client's element, its name) for each use of a class, of guests and domains.
template <class Visit>
void each_use(const sysgen::Document& document, const char* element, const char* attribute,
              Visit visit)
{
    for (const auto owner : document.system().children()) {
        for (const auto use : owner.children()) {
            const std::string_view name = use.name();
            if ((name == element || name == "use") && use.attribute(attribute)) {
                visit(use, std::string{owner.attribute("name").value()});
            }
        }
    }
}

void disk_shared(const Subject& subject, Findings& findings)
{
    const auto document = document_of(subject);
    if (!document) {
        return;
    }
    std::map<std::pair<std::string, std::string>, std::string> writers;
    each_use(*document, "disk", "blk", [&](pugi::xml_node use, const std::string& owner) {
        if (use.attribute("read_only").as_bool()) {
            return;
        }
        const std::string partition = use.attribute("partition").as_string("0");
        const auto [at, is_new] =
            writers.insert({{use.attribute("blk").value(), partition}, owner});
        if (!is_new) {
            findings.add(place_of(subject, *document, use),
                         fmt::format("'{}' and '{}' both write to partition {} of '{}'", at->second,
                                     owner, partition, use.attribute("blk").value()),
                         "give each a partition of its own, or make one read_only=\"true\"");
        }
    });
}

constexpr std::array k_classes{"serial", "blk", "net", "entropy", "sound"};

void device_twice(const Subject& subject, Findings& findings)
{
    const auto document = document_of(subject);
    if (!document) {
        return;
    }
    std::map<std::string, std::string> owners;
    for (const auto node : document->system().children()) {
        const std::string device = node.attribute("device").value();
        if (device.empty() || !has(k_classes, std::string_view{node.name()})) {
            continue;
        }
        const auto [at, is_new] = owners.insert({device, node.attribute("name").value()});
        if (!is_new) {
            findings.add(place_of(subject, *document, node),
                         fmt::format("'{}' and '{}' have drivers for the same device {}",
                                     at->second, node.attribute("name").value(), device),
                         "name another device, or let both clients use one of them");
        }
    }
}

void unused_class(const Subject& subject, Findings& findings)
{
    const auto document = document_of(subject);
    if (!document) {
        return;
    }
    for (const auto node : document->system().children()) {
        const std::string_view kind = node.name();
        if (!has(k_classes, kind) && kind != "timer") {
            continue;
        }
        const std::string_view name = node.attribute("name").value();
        // Every guest has the first timer.
        bool used = kind == "timer" && document->system().child("guest");
        for (const auto owner : document->system().children()) {
            for (const auto use : owner.children()) {
                used = used || name == use.attribute(node.name()).value();
            }
        }
        if (!used) {
            findings.add(place_of(subject, *document, node),
                         fmt::format("nobody uses <{}> '{}'", kind, name),
                         "give it a client, or remove it");
        }
    }
}

void no_console(const Subject& subject, Findings& findings)
{
    const auto document = document_of(subject);
    if (!document) {
        return;
    }
    for (const auto guest : document->system().children("guest")) {
        if (!guest.child("console") && !guest.child("passthrough")) {
            findings.add(place_of(subject, *document, guest),
                         fmt::format("guest '{}' has no console", guest.attribute("name").value()),
                         "add <console serial=\"…\" />");
        }
    }
}

constexpr std::array k_rules{
    Rule{"disk-shared", Severity::error, "two clients that write to the same partition",
         "Each caches what the other changes: the file system is destroyed within minutes.",
         "a partition each, or all but one read-only", disk_shared},
    Rule{"device-twice", Severity::error, "two drivers for the same device",
         "Each resets what the other has set up.", "a device for each driver", device_twice},
    Rule{"class-unused", Severity::warning, "a device class without clients",
         "Its driver and virtualisers take memory and do nothing; mostly a guest's element is "
         "missing.",
         "give it a client, or remove it", unused_class},
    Rule{"guest-without-console", Severity::warning, "a guest that cannot print",
         "Nothing that goes wrong in it can be seen.", "give it a <console>", no_console},
};

} // namespace

Chapter layout_rules() { return {"Layouts", k_rules}; }

} // namespace check
