// SPDX-License-Identifier: BSD-2-Clause
#include "input.hpp"

#include "layout.hpp"
#include "rule.hpp"
#include "sdf/check.hpp"
#include "sdf/parse.hpp"
#include "tree_source.hpp"

#include <fmt/format.h>
#include <fstream>

namespace check {
namespace {

namespace fs = std::filesystem;
using tool::Diagnostic;

std::optional<std::string> content_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{stream}, {}};
    return stream ? std::optional{content} : std::nullopt;
}

void refuse(Subject& subject, std::string rule, Diagnostic diagnostic)
{
    subject.refusals.emplace_back(std::move(rule), std::move(diagnostic));
}

/// What the Microkit tool's reader must know of a board: by board.json's numbers, or so wide that
/// it refuses nothing that a board may have.
tool::Board board_for_reader(const boardgen::Board* facts)
{
    constexpr unsigned      k_widest    = 48;
    constexpr std::uint64_t k_most_irqs = 1019;
    tool::Board             board;
    board.timer_hz = 1; // any budget fits
    board.name     = facts != nullptr ? facts->name : "any";
    board.pa_bits  = facts != nullptr ? facts->pa_bits : k_widest;
    board.cores    = facts != nullptr ? facts->cores : 64;
    board.max_irq  = facts != nullptr ? facts->max_irq : k_most_irqs;
    if (facts != nullptr) {
        for (const auto irq : facts->reserved_irqs()) {
            board.reserved_irqs.push_back(irq);
        }
        board.timer_hz = facts->timer_hz;
    }
    return board;
}

/// Reads a description into the subject.
void read_description(const std::string& text, const tool::Board& board, Subject& subject)
{
    const auto root = tool::parse_xml(text, subject.name);
    if (!root) {
        return refuse(subject, "description-refused", root.error());
    }
    auto system = tool::parse_system(*root, board);
    if (!system) {
        for (auto& one : system.error()) {
            refuse(subject, "description-refused", std::move(one));
        }
        return;
    }
    tool::attach_channel_setvars(*system);
    const auto errors = tool::check_system(*system);
    for (const auto& one : errors) {
        refuse(subject, "description-refused", one);
    }
    if (errors.empty()) {
        subject.system = *std::move(system);
    }
}

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

std::uint64_t number(const std::vector<std::byte>& bytes, std::size_t at, std::size_t size)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
        value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
    }
    return value;
}

/// The virtIO devices of a guest's section `.vmm_config` (lib/vmm/include/vmm/guest_config.hpp).
std::vector<Emulated> emulated_in(const std::vector<std::byte>& section)
{
    constexpr std::size_t k_count = 333, k_first = 336, k_each = 24;
    std::vector<Emulated> all;
    for (std::size_t i = 0; i < number(section, k_count, 1); ++i) {
        const auto at = k_first + k_each * i;
        all.push_back({static_cast<Emulated::Kind>(number(section, at, 1)),
                       {number(section, at + 8, 8), number(section, at + 16, 4)},
                       static_cast<std::uint32_t>(number(section, at + 20, 4))});
    }
    return all;
}

void read_layout(const std::string& text, const boardgen::Board& board, const fs::path& drivers,
                 Subject& subject)
{
    const auto give_up = [&](const sysgen::Refusal& error) {
        refuse(subject, "layout-refused", {{subject.name, error.line, 0}, error.what, error.hint});
    };
    const auto all = sysgen::read_drivers(drivers);
    if (!all) {
        return give_up(all.error());
    }
    auto document = sysgen::Document::parse(text);
    if (!document) {
        return give_up(document.error());
    }
    auto layout = sysgen::Layout::create(*std::move(document), board, *all);
    if (!layout) {
        return give_up(layout.error());
    }
    if (const auto done = layout->expand(); !done) {
        return give_up(done.error());
    }
    subject.layout = text;
    read_description(layout->description(), board_for_reader(&board), subject);
    if (!subject.system) {
        for (auto& [rule, refusal] : subject.refusals) {
            refusal.where.line = refusal.where.column = 0; // nobody sees the file that was made
        }
        return;
    }
    move_to_layout(*subject.system, text, subject.name);
    for (const auto& domain : subject.system->pds) {
        if (!domain.vm) {
            continue;
        }
        auto guest = std::make_unique<Guest>();
        guest->vmm = &domain;
        guest->vm  = &*domain.vm;
        for (const auto& file : layout->config_files()) {
            if (file.domain == domain.name && file.section == ".vmm_config") {
                guest->emulated          = emulated_in(file.bytes);
                guest->emulated_is_known = true;
            }
        }
        subject.guests.push_back(std::move(guest));
    }
}

/// The board's facts, for layouts; refused is what does not fit its tree.
std::optional<boardgen::Board> board_facts(const Files& files, Subject& subject)
{
    if (files.board_json.empty() || !subject.board) {
        return std::nullopt;
    }
    const auto text  = content_of(files.board_json);
    const auto tree  = boardgen::DeviceTree::create(subject.board->blob());
    const auto facts = text && tree
                           ? boardgen::read_board(*tree, *text)
                           : boardgen::Result<boardgen::Board>{std::unexpected("cannot be read")};
    if (!facts) {
        refuse(subject, "tree-refused",
               {{files.board_json.string()},
                facts.error(),
                "name a board.json and the device tree that it was written for"});
        return std::nullopt;
    }
    return *facts;
}

void read_guest_trees(const Files& files, Subject& subject)
{
    for (const auto& [vm, file] : files.trees) {
        for (const auto& guest : subject.guests) {
            if (!vm.empty() && vm != guest->vm->name) {
                continue;
            }
            const auto name = file.filename().string();
            auto       tree = read_tree(file, name);
            if (!tree) {
                refuse(subject, "tree-refused", tree.error());
                break;
            }
            guest->tree = *std::move(tree);
            if (const auto text = content_of(file)) {
                read_allowances(*text, subject);
            }
        }
    }
}

} // namespace

bool is_layout(std::string_view text)
{
    for (const std::string_view element :
         {"<guest", "<serial ", "<blk ", "<net ", "<entropy ", "<timer ", "<sound ", "<vsock"}) {
        if (text.find(element) != text.npos) {
            return true;
        }
    }
    return false;
}

void read_allowances(std::string_view text, Subject& subject)
{
    constexpr std::string_view k_mark = "vmm-check: allow ";
    for (auto at = text.find(k_mark); at != text.npos; at = text.find(k_mark, at + 1)) {
        const auto rest = text.substr(at + k_mark.size());
        const auto name = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"));
        if (find_rule(name) != nullptr) {
            subject.allowed.emplace(name);
        } else {
            refuse(subject, "settings-refused",
                   {{subject.name},
                    fmt::format("a comment allows '{}', which is no rule", name),
                    "`vmm check --rules` lists them"});
        }
    }
}

std::expected<Subject, std::string> read_subject(const Files& files)
{
    Subject subject;
    subject.name = files.system.filename().string();
    if (!files.board_tree.empty()) {
        auto tree = read_tree(files.board_tree, files.board_tree.filename().string());
        if (tree) {
            subject.board = *std::move(tree);
        } else {
            refuse(subject, "tree-refused", tree.error());
        }
    }
    const auto facts = board_facts(files, subject);
    const auto text  = content_of(files.system);
    if (!text) {
        return std::unexpected(fmt::format("{} cannot be read", files.system.string()));
    }
    read_allowances(*text, subject);
    if (files.system.extension() == ".dts" || files.system.extension() == ".dtb") {
        auto tree = read_tree(files.system, subject.name);
        if (tree) {
            describe_alone(*std::move(tree), subject);
        } else {
            refuse(subject, "tree-refused", tree.error());
        }
        return subject;
    }
    if (is_layout(*text)) {
        if (!facts) {
            return std::unexpected(fmt::format(
                "{} is a layout: it needs a board (--board NAME, or --board-json and --board-dtb)",
                files.system.string()));
        }
        read_layout(*text, *facts, files.drivers, subject);
    } else {
        read_description(*text, board_for_reader(facts ? &*facts : nullptr), subject);
        for (std::size_t i = 0; subject.system && i < subject.system->pds.size(); ++i) {
            const auto& domain = subject.system->pds[i];
            if (domain.vm) {
                auto guest = std::make_unique<Guest>();
                guest->vmm = &domain;
                guest->vm  = &*domain.vm;
                subject.guests.push_back(std::move(guest));
            }
        }
    }
    read_guest_trees(files, subject);
    if (!files.settings.empty()) {
        read_settings(files.settings, subject);
    }
    write_trees(subject);
    return subject;
}

} // namespace check
