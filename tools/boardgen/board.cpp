// SPDX-License-Identifier: BSD-2-Clause
// Merges a device tree with what it cannot say, and checks that the two agree.
#include "board.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace boardgen {
namespace {

using Json = nlohmann::json;

std::unexpected<std::string> json_error(std::string_view key, std::string_view what)
{
    return std::unexpected(fmt::format("board.json: \"{}\" {}", key, what));
}

Result<std::string> text_of(const Json& object, const char* key)
{
    const auto at = object.find(key);
    if (at == object.end() || !at->is_string()) {
        return json_error(key, "is missing or not a string");
    }
    return at->get<std::string>();
}

/// A number, or a string like "0x70000000" (JSON itself has no hexadecimal).
Result<std::uint64_t> number_of(const Json& object, const char* key)
{
    const auto at = object.find(key);
    if (at != object.end() && at->is_number_unsigned()) {
        return at->get<std::uint64_t>();
    }
    if (at != object.end() && at->is_string()) {
        const auto    text  = at->get<std::string>();
        std::size_t   used  = 0;
        std::uint64_t value = 0;
        if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
            value = std::stoull(text, &used, 0);
        }
        if (used != 0 && used == text.size()) {
            return value;
        }
    }
    return json_error(key, "is missing or neither a number nor a string like \"0x70000000\"");
}

Result<> check_keys(const Json& json)
{
    constexpr std::array known{
        "name", "status", "arch",         "pa_bits",       "cores",   "timer_hz",      "max_irq",
        "ram",  "qemu",   "load_address", "kernel_frames", "devices", "device_arrays", "cpu"};
    for (const auto& [key, value] : json.items()) {
        if (std::ranges::find(known, key) == known.end()) {
            return json_error(key,
                              fmt::format("is no known key; known: {}", fmt::join(known, ", ")));
        }
    }
    return {};
}

Result<std::vector<AddressRange>> read_memory(const DeviceTree& tree)
{
    std::vector<AddressRange> all;
    for (const auto node : tree.nodes_of_type("memory")) {
        const auto ranges = TRY(tree.registers(node));
        all.insert(all.end(), ranges.begin(), ranges.end());
    }
    if (all.empty()) {
        return std::unexpected("the device tree has no memory node");
    }
    std::ranges::sort(all, {}, &AddressRange::start);
    return all;
}

bool inside(const std::vector<AddressRange>& all, AddressRange range)
{
    return std::ranges::any_of(all, [&](const AddressRange& outer) {
        return range.start >= outer.start && range.end() <= outer.end();
    });
}

Result<std::vector<AddressRange>> read_ram(const Json& json, const Board& board)
{
    const auto at = json.find("ram");
    if (at == json.end() || !at->is_array() || at->empty()) {
        return json_error("ram", "is missing or not a list of {\"start\", \"end\"}");
    }
    std::vector<AddressRange> ram;
    for (const auto& item : *at) {
        const auto start = TRY(number_of(item, "start"));
        const auto end   = TRY(number_of(item, "end"));
        if (start >= end || start % 4096 != 0 || end % 4096 != 0) {
            return json_error(
                "ram", fmt::format("{:#x}..{:#x} is not a range of 4 KiB pages", start, end));
        }
        const AddressRange range{start, end - start};
        if (!inside(board.memory, range)) {
            return json_error("ram", fmt::format("{:#x}..{:#x} is not inside the memory of the "
                                                 "device tree",
                                                 start, end));
        }
        ram.push_back(range);
    }
    if (!inside(ram, {board.load_address, 4096})) {
        return json_error("load_address",
                          fmt::format("{:#x} is not inside \"ram\"", board.load_address));
    }
    return ram;
}

Result<Device> read_device(const DeviceTree& tree, DeviceTree::Node node)
{
    Device device{};
    device.name         = tree.name(node);
    device.compatible   = tree.texts(node, "compatible");
    device.registers    = TRY(tree.registers(node));
    device.interrupts   = TRY(tree.interrupts(node));
    device.clocks       = TRY(tree.clocks(node));
    device.dma_coherent = tree.has(node, "dma-coherent");
    device.properties   = tree.numbers(node);
    return device;
}

Result<> check_identifier(std::string_view name)
{
    const auto good = [](char c) {
        return std::islower(static_cast<unsigned char>(c)) != 0 ||
               std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0 ||
        !std::ranges::all_of(name, good)) {
        return json_error(name, "is not a snake_case name");
    }
    return {};
}

/// The name and the text of each entry of "devices" or "device_arrays".
Result<std::map<std::string, std::string>> device_names(const Json& json, const char* key)
{
    std::map<std::string, std::string> names;
    if (const auto at = json.find(key); at != json.end()) {
        if (!at->is_object()) {
            return json_error(key, "is not an object of names and texts");
        }
        for (const auto& [name, value] : at->items()) {
            TRY(check_identifier(name));
            names[name] = TRY(text_of(*at, name.c_str()));
        }
    }
    return names;
}

/// The node that "devices" means: by its path, or the only one with a compatible string.
Result<DeviceTree::Node> device_node(const DeviceTree& tree, const std::string& name,
                                     const std::string& which)
{
    if (which.starts_with('/')) {
        if (const auto node = tree.node_at(which)) {
            return *node;
        }
        return json_error(name, fmt::format("is at no node of the device tree: {}", which));
    }
    const auto nodes = tree.compatible_nodes(which);
    if (nodes.size() != 1) {
        return json_error(name, fmt::format("needs one node compatible with \"{}\"; the device "
                                            "tree has {} (a path, \"/…\", names one of them)",
                                            which, nodes.size()));
    }
    return nodes.front();
}

Result<> read_devices(const DeviceTree& tree, const Json& json, Board& board)
{
    for (const auto& [name, which] : TRY(device_names(json, "devices"))) {
        const auto node     = TRY(device_node(tree, name, which));
        board.devices[name] = TRY(read_device(tree, node));
    }
    for (const auto& [name, compatible] : TRY(device_names(json, "device_arrays"))) {
        const auto nodes = tree.compatible_nodes(compatible);
        if (nodes.empty()) {
            return json_error(name, fmt::format("needs nodes compatible with \"{}\"; the device "
                                                "tree has none",
                                                compatible));
        }
        for (const auto node : nodes) {
            board.device_arrays[name].push_back(TRY(read_device(tree, node)));
        }
    }
    return {};
}

Result<Device> read_console(const DeviceTree& tree)
{
    const auto chosen = tree.node_at("/chosen");
    const auto stdout_path =
        chosen ? tree.text(*chosen, "stdout-path") : std::optional<std::string>{};
    if (!stdout_path) {
        return std::unexpected("the device tree has no /chosen/stdout-path: which UART is the "
                               "console?");
    }
    const auto node = tree.node_at(stdout_path->substr(0, stdout_path->find(':')));
    if (!node) {
        return std::unexpected(fmt::format("/chosen/stdout-path names no node: {}", *stdout_path));
    }
    auto console = TRY(read_device(tree, *node));
    if (console.interrupts.empty()) {
        return std::unexpected(fmt::format("the console {} has no interrupt", console.name));
    }
    return console;
}

Result<DeviceTree::Node> gic_node(const DeviceTree& tree, unsigned& version)
{
    for (const char* kind : {"arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a7-gic"}) {
        if (const auto nodes = tree.compatible_nodes(kind); !nodes.empty()) {
            version = 2;
            return nodes.front();
        }
    }
    if (const auto nodes = tree.compatible_nodes("arm,gic-v3"); !nodes.empty()) {
        version = 3;
        return nodes.front();
    }
    return std::unexpected("the device tree has neither a GICv2 nor a GICv3");
}

Result<Gic> read_gic(const DeviceTree& tree)
{
    unsigned   version    = 0;
    const auto node       = TRY(gic_node(tree, version));
    const auto frames     = TRY(tree.registers(node));
    const auto interrupts = TRY(tree.interrupts(node));
    if (interrupts.empty()) {
        return std::unexpected(fmt::format("node {}: no maintenance interrupt: the GIC does not "
                                           "virtualise (QEMU: virtualization=on)",
                                           tree.path(node)));
    }
    Gic gic{.version         = version,
            .distributor     = frames.front(),
            .cpu_interface   = {},
            .hypervisor      = {},
            .vcpu_interface  = {},
            .redistributor   = {},
            .maintenance_irq = interrupts.front().intid};
    if (version == 2) {
        if (frames.size() < 4) {
            return std::unexpected(fmt::format("node {}: a GICv2 for hypervisors has four frames, "
                                               "this one {} (QEMU: virtualization=on)",
                                               tree.path(node), frames.size()));
        }
        gic.cpu_interface  = frames[1];
        gic.hypervisor     = frames[2];
        gic.vcpu_interface = frames[3];
    } else {
        if (frames.size() < 2) {
            return std::unexpected(
                fmt::format("node {}: a GICv3 without redistributors", tree.path(node)));
        }
        gic.redistributor = frames[1];
    }
    return gic;
}

Result<TimerIrqs> read_timer(const DeviceTree& tree)
{
    const auto nodes = tree.compatible_nodes("arm,armv8-timer");
    if (nodes.empty()) {
        return std::unexpected("the device tree has no arm,armv8-timer");
    }
    const auto irqs = TRY(tree.interrupts(nodes.front()));
    if (irqs.size() < 4) {
        return std::unexpected(fmt::format("node {}: four interrupts are needed, the last for the "
                                           "hypervisor; it has {}",
                                           tree.path(nodes.front()), irqs.size()));
    }
    return TimerIrqs{irqs[0].intid, irqs[1].intid, irqs[2].intid, irqs[3].intid};
}

/// "kernel_frames" names frames of the GIC; the names of the tool's file follow the architecture.
Result<std::vector<NamedRange>> read_kernel_devices(const Json& json, const Gic& gic)
{
    const std::map<std::string, std::pair<const char*, std::optional<AddressRange>>> frames{
        {"distributor", {"gicd", gic.distributor}},
        {"cpu_interface", {"gicc", gic.cpu_interface}},
        {"hypervisor", {"gich", gic.hypervisor}},
        {"vcpu_interface", {"gicv", gic.vcpu_interface}},
        {"redistributor", {"gicr", gic.redistributor}},
    };
    const auto at = json.find("kernel_frames");
    if (at == json.end() || !at->is_array() || at->empty()) {
        return json_error("kernel_frames", "is missing or not a list of frames of the GIC");
    }
    std::vector<NamedRange> devices;
    for (const auto& item : *at) {
        const auto name  = item.is_string() ? item.get<std::string>() : item.dump();
        const auto frame = frames.find(name);
        if (frame == frames.end() || !frame->second.second) {
            return json_error("kernel_frames",
                              fmt::format("{}: this GICv{} has no such frame", name, gic.version));
        }
        devices.push_back({frame->second.first, *frame->second.second});
    }
    return devices;
}

/// "arm,cortex-a53" of the first core, or "cpu" where the device tree's name is no help.
Result<std::string> read_cpu(const DeviceTree& tree, const Json& json)
{
    if (json.contains("cpu")) {
        return text_of(json, "cpu");
    }
    const auto cores = tree.nodes_of_type("cpu");
    const auto kind  = cores.empty() ? std::nullopt : tree.text(cores.front(), "compatible");
    if (!kind || !kind->starts_with("arm,")) {
        return std::unexpected("the device tree does not name the CPU (\"arm,…\"): add \"cpu\" to "
                               "board.json");
    }
    return kind->substr(4);
}

Result<std::optional<Qemu>> read_qemu(const Json& json)
{
    const auto at = json.find("qemu");
    if (at == json.end()) {
        return std::nullopt;
    }
    Qemu qemu{};
    qemu.machine = TRY(text_of(*at, "machine"));
    qemu.cpu     = TRY(text_of(*at, "cpu"));
    qemu.memory  = TRY(text_of(*at, "memory"));
    return qemu;
}

} // namespace

std::vector<std::uint32_t> Board::reserved_irqs() const
{
    std::vector irqs{gic.maintenance_irq, timer.hypervisor, timer.virtual_timer};
    std::ranges::sort(irqs);
    return irqs;
}

Result<Board> read_board(const DeviceTree& tree, std::string_view text)
{
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
        return std::unexpected("board.json: not a JSON object");
    }
    TRY(check_keys(json));
    if (json.contains("status")) {
        TRY(text_of(json, "status")); // for people: `vmm boards` shows it
    }
    Board board{};
    board.name         = TRY(text_of(json, "name"));
    board.arch         = TRY(text_of(json, "arch"));
    board.cpu          = TRY(read_cpu(tree, json));
    board.pa_bits      = static_cast<unsigned>(TRY(number_of(json, "pa_bits")));
    board.cores        = static_cast<unsigned>(TRY(number_of(json, "cores")));
    board.load_address = TRY(number_of(json, "load_address"));
    board.timer_hz     = TRY(number_of(json, "timer_hz"));
    board.max_irq      = static_cast<std::uint32_t>(TRY(number_of(json, "max_irq")));
    board.memory       = TRY(read_memory(tree));
    board.ram          = TRY(read_ram(json, board));
    board.console      = TRY(read_console(tree));
    board.gic          = TRY(read_gic(tree));
    board.timer        = TRY(read_timer(tree));
    board.qemu         = TRY(read_qemu(json));

    board.kernel_devices = TRY(read_kernel_devices(json, board.gic));
    TRY(read_devices(tree, json, board));
    return board;
}

} // namespace boardgen
