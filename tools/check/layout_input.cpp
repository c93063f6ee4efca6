// SPDX-License-Identifier: BSD-2-Clause
// Layouts: what sysgen makes of them, with the places of the layout's own elements.
#include "input.hpp"
#include "reader.hpp"
#include "vmm/guest_config.hpp"

#include <cstring>

namespace check {
namespace {

/// Where in a layout the element is that a line of the description made of it comes from: each line
/// belongs to the named element around it, whose name begins with that of the layout's element.
class Origins {
public:
    explicit Origins(const std::string& layout)
    {
        const auto document = sysgen::Document::parse(layout);
        if (!document) {
            return;
        }
        for (const auto node : document->system().children()) {
            names_.emplace_back(node.attribute("name").value(), document->line(node));
        }
    }
    [[nodiscard]] unsigned line(std::string_view made) const
    {
        unsigned    best   = 0;
        std::size_t length = 0;
        for (const auto& [name, line] : names_) {
            if (made.starts_with(name) && name.size() > length) {
                best   = line;
                length = name.size();
            }
        }
        return best;
    }

private:
    std::vector<std::pair<std::string, unsigned>> names_;
};

/// Makes all places of a system those of the layout's elements.
void move_to_layout(tool::System& system, const std::string& layout, const std::string& file)
{
    const Origins origins{layout};
    const auto place = [&](std::string_view name) { return Location{file, origins.line(name), 0}; };
    for (auto& domain : system.pds) {
        const auto here = place(domain.name);
        domain.where    = here;
        for (auto& map : domain.maps) {
            map.where = here;
        }
        for (auto& irq : domain.irqs) {
            irq.where = here;
        }
        if (domain.vm) {
            domain.vm->where = here;
            for (auto& map : domain.vm->maps) {
                map.where = here;
            }
            for (auto& vcpu : domain.vm->vcpus) {
                vcpu.where = here;
            }
        }
    }
    for (auto& region : system.regions) {
        region.where = place(region.name);
    }
    for (auto& channel : system.channels) {
        for (auto& end : channel.ends) {
            end.where = place(end.pd);
        }
    }
}

/// The virtIO devices of a guest's section `.vmm_config`.
std::vector<Emulated> emulated_in(const std::vector<std::byte>& section)
{
    std::vector<Emulated> all;
    vmm::GuestConfig      config{};
    if (section.size() < sizeof(config)) {
        return all;
    }
    std::memcpy(&config, section.data(), sizeof(config));
    for (std::size_t i = 0; i < config.num_devices && i < config.devices.size(); ++i) {
        const auto& device = config.devices.at(i);
        all.push_back(
            {static_cast<Emulated::Kind>(device.kind), {device.base, device.size}, device.intid});
    }
    return all;
}

} // namespace

void read_layout(const std::string& text, const boardgen::Board& board,
                 const std::filesystem::path& drivers, Subject& subject)
{
    const auto made =
        description::expand(text, subject.name, board, subject.board->blob(), drivers);
    if (!made) {
        return refuse(subject, "layout-refused", made.error());
    }
    subject.layout = text;
    read_description(made->text, description::board_for_reader(&board), subject);
    if (!subject.system) {
        for (auto& [rule, refusal] : subject.refusals) {
            refusal.where.line = refusal.where.column = 0; // nobody sees the file that was made
        }
        return;
    }
    move_to_layout(*subject.system, text, subject.name);
    for (const auto& guest : subject.guests) {
        for (const auto& file : made->config_files) {
            if (file.domain == guest->vmm->name && file.section == ".vmm_config") {
                guest->emulated          = emulated_in(file.bytes);
                guest->emulated_is_known = true;
            }
        }
        for (const auto& program : made->programs) {
            if (program.domain == guest->vmm->name) {
                guest->program = program.image;
            }
        }
    }
}

} // namespace check
