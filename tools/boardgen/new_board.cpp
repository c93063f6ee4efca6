// SPDX-License-Identifier: BSD-2-Clause
#include "new_board.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>

namespace boardgen {
namespace {

constexpr std::uint64_t k_mebibyte = 1 << 20;
/// picokit's programs and tables are within the first 4 GiB of memory.
constexpr std::uint64_t k_low_end = std::uint64_t{1} << 32;

using Node = DeviceTree::Node;

/// `0x0 0xff000000`: two cells.
std::string cells(std::uint64_t number)
{
    return fmt::format("{:#x} {:#x}", number >> 32, number & 0xffff'ffff);
}

std::string quoted(const std::vector<std::string>& texts)
{
    return fmt::format("\"{}\"", fmt::join(texts, "\", \""));
}

/// A node as text: with addresses of the processor's, interrupts of the GIC's.
class Writer {
public:
    Writer(const DeviceTree& tree, const NewBoard& wishes)
        : tree_{tree}
        , wishes_{wishes}
    {
    }

    Result<BoardFiles> write();

private:
    /// Nodes that stay, under the names that board.json gives them.
    struct Kept {
        std::string name;
        Node        node;
    };

    Result<>            find_memory();
    Result<>            find_devices();
    Result<>            keep(const std::string& name, Node node);
    Result<Node>        named(const std::string& path) const;
    Result<Node>        gic() const;
    Result<std::string> interrupts(Node node) const;
    Result<std::string> device(Node node, const std::string& label, const std::string& name) const;
    Result<std::string> clocks(Node node) const;
    Result<std::string> clock_nodes() const;
    Result<std::string> processors() const;
    Result<std::string> memory_nodes() const;
    Result<std::string> text();
    Result<std::string> facts();

    /// "serial@ff000000" with the address as the processor sees it.
    Result<std::string> full_name(Node node, std::string_view base) const
    {
        const auto registers = TRY(tree_.registers(node));
        return fmt::format("{}@{:x}", base, registers.front().start);
    }

    const DeviceTree&         tree_;
    const NewBoard&           wishes_;
    std::vector<AddressRange> memory_;
    std::vector<Kept>         devices_;
    std::string               console_; ///< its name in devices_
};

Result<Node> Writer::named(const std::string& path) const
{
    if (const auto node = tree_.node_at(path.substr(0, path.find(':')))) {
        return *node;
    }
    return std::unexpected(fmt::format("there is no node {} in the device tree", path));
}

Result<> Writer::find_memory()
{
    if (wishes_.memory) {
        memory_ = {*wishes_.memory};
        return {};
    }
    for (const auto node : tree_.nodes_of_type("memory")) {
        for (const auto range : TRY(tree_.registers(node))) {
            if (range.size != 0) {
                memory_.push_back(range);
            }
        }
    }
    std::ranges::sort(memory_, {}, &AddressRange::start);
    if (memory_.empty() || memory_.front().start >= k_low_end) {
        return std::unexpected(
            "the device tree has no memory below 4 GiB (the firmware fills it in): "
            "give it, --memory START:SIZE");
    }
    return {};
}

Result<> Writer::keep(const std::string& name, Node node)
{
    const bool is_there =
        std::ranges::any_of(devices_, [&](const Kept& kept) { return kept.node == node; });
    if (!is_there) {
        TRY(tree_.registers(node));
        devices_.push_back({name, node});
    }
    return {};
}

Result<> Writer::find_devices()
{
    const auto chosen = tree_.node_at("/chosen");
    auto       path   = wishes_.console;
    if (path.empty() && chosen) {
        path = tree_.text(*chosen, "stdout-path").value_or("");
    }
    if (path.empty()) {
        return std::unexpected(
            "the device tree does not say which serial port is the console: give "
            "it, --console PATH");
    }
    const auto console = TRY(named(path));
    // By the aliases, as the board's own people count their ports.
    for (unsigned i = 0; i < 16; ++i) {
        if (const auto node = tree_.node_at(fmt::format("serial{}", i));
            node && (*node == console || (tree_.is_enabled(*node) && tree_.has(*node, "reg")))) {
            TRY(keep(fmt::format("uart{}", i), *node));
        }
    }
    // A tree without aliases has the name that other boards give their first port.
    const bool has_first = std::ranges::find(devices_, "uart0", &Kept::name) != devices_.end();
    TRY(keep(has_first ? "uart" : "uart0", console));
    for (const auto& kept : devices_) {
        console_ = kept.node == console ? kept.name : console_;
    }
    for (const auto& device : wishes_.devices) {
        const auto node = TRY(named(device));
        auto       name = tree_.name(node);
        name            = name.substr(0, name.find('@'));
        std::ranges::replace(name, '-', '_');
        TRY(keep(name, node));
    }
    return {};
}

Result<Node> Writer::gic() const
{
    for (const char* kind :
         {"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,gic-v3"}) {
        if (const auto nodes = tree_.compatible_nodes(kind); !nodes.empty()) {
            return nodes.front();
        }
    }
    return std::unexpected("the device tree has neither a GICv2 nor a GICv3 for hypervisors");
}

Result<std::string> Writer::interrupts(Node node) const
{
    std::vector<std::string> all;
    for (const auto& line : TRY(tree_.interrupts(node))) {
        const bool is_shared = line.intid >= 32;
        all.push_back(fmt::format("<{} {} {}>", is_shared ? 0 : 1,
                                  line.intid - (is_shared ? 32 : 16), line.edge ? 1 : 4));
    }
    return all.empty() ? "" : fmt::format("\t\tinterrupts = {};\n", fmt::join(all, ", "));
}

Result<std::string> Writer::device(Node node, const std::string& label,
                                   const std::string& name) const
{
    std::vector<std::string> ranges;
    for (auto range : TRY(tree_.registers(node))) {
        // A CPU interface of 128 KiB shows each of its two pages sixteen times: the last copy of
        // the first lies right before the second. The frames are GICD, GICC, GICH, GICV.
        constexpr std::uint64_t k_spread = 0x2'0000, k_last_copy = 0xf000;
        if (tree_.is_compatible(node, "arm,gic-400") && range.size == k_spread &&
            ranges.size() % 2 == 1) {
            range = {range.start + k_last_copy, 0x2000};
        }
        ranges.push_back(fmt::format("<{} {}>", cells(range.start), cells(range.size)));
    }
    const auto head  = TRY(full_name(node, name.substr(0, name.find('@'))));
    const auto lines = TRY(interrupts(node));
    auto       body  = fmt::format("\t{}: {} {{\n\t\tcompatible = {};\n", label, head,
                                   quoted(tree_.texts(node, "compatible")));
    body += tree_.has(node, "dma-coherent") ? "\t\tdma-coherent;\n" : "";
    for (const auto& number : tree_.numbers(node)) {
        body += fmt::format("\t\t{} = <{:#x}>;\n", number.name, number.value);
    }
    return body + lines + fmt::format("\t\treg = {};\n", fmt::join(ranges, ",\n\t\t      "));
}

/// Clocks that never change stay; those of a clock unit have a driver that no guest has.
Result<std::string> Writer::clocks(Node node) const
{
    std::vector<std::string> names, references;
    for (const auto& clock : TRY(tree_.clocks(node))) {
        if (clock.frequency == 0) {
            return "";
        }
        names.push_back(clock.name);
        references.push_back(fmt::format("<&clock_{}>", clock.frequency));
    }
    if (references.empty()) {
        return "";
    }
    const bool has_names = std::ranges::find(names, "") == names.end();
    return (has_names ? fmt::format("\t\tclock-names = {};\n", quoted(names)) : "") +
           fmt::format("\t\tclocks = {};\n", fmt::join(references, ", "));
}

Result<std::string> Writer::clock_nodes() const
{
    std::set<std::uint64_t> frequencies;
    for (const auto& kept : devices_) {
        if (!TRY(clocks(kept.node)).empty()) {
            for (const auto& clock : TRY(tree_.clocks(kept.node))) {
                frequencies.insert(clock.frequency);
            }
        }
    }
    std::string text;
    for (const auto frequency : frequencies) {
        text += fmt::format("\tclock_{0}: clock-{0} {{\n\t\t#clock-cells = <0>;\n"
                            "\t\tclock-frequency = <{0}>;\n"
                            "\t\tcompatible = \"fixed-clock\";\n\t}};\n\n",
                            frequency);
    }
    return text;
}

Result<std::string> Writer::processors() const
{
    std::string body;
    for (const auto node : tree_.nodes_of_type("cpu")) {
        const auto name = tree_.name(node);
        body += fmt::format("\n\t\t{} {{\n\t\t\tcompatible = {};\n\t\t\tdevice_type = \"cpu\";\n"
                            "\t\t\treg = <0x{}>;\n\t\t}};\n",
                            name, quoted(tree_.texts(node, "compatible")),
                            name.substr(std::min(name.find('@') + 1, name.size())));
    }
    if (body.empty()) {
        return std::unexpected("the device tree has no processors");
    }
    return "\tcpus {\n\t\t#address-cells = <1>;\n\t\t#size-cells = <0>;\n" + body + "\t};\n\n";
}

Result<std::string> Writer::memory_nodes() const
{
    std::string text;
    for (const auto range : memory_) {
        text += fmt::format(
            "\tmemory@{:x} {{\n\t\tdevice_type = \"memory\";\n\t\treg = <{} {}>;\n\t}};\n\n",
            range.start, cells(range.start), cells(range.size));
    }
    return text;
}

Result<std::string> Writer::text()
{
    const auto gic_node = TRY(gic());
    const auto timers   = tree_.compatible_nodes("arm,armv8-timer");
    if (timers.empty()) {
        return std::unexpected("the device tree has no arm,armv8-timer");
    }
    const auto root = *tree_.node_at("/");
    auto       out  = fmt::format(
               "// SPDX-License-Identifier: BSD-2-Clause\n"
                      "// What of the board a system here uses, with the processor's addresses. By\n"
                      "//   {}\n/dts-v1/;\n\n/ {{\n\t#address-cells = <2>;\n\t#size-cells = <2>;\n"
                      "\tcompatible = {};\n\tinterrupt-parent = <&gic>;\n\tmodel = \"{}\";\n\n\tchosen {{\n"
                      "\t\tstdout-path = &{};\n\t}};\n\n",
               wishes_.source, quoted(tree_.texts(root, "compatible")),
               tree_.text(root, "model").value_or(wishes_.name), console_);
    out += TRY(processors());
    out += TRY(memory_nodes());
    out += "\tpsci {\n\t\tcompatible = \"arm,psci-0.2\";\n\t\tmethod = \"smc\";\n\t};\n\n";
    out += "\ttimer {\n\t\tcompatible = \"arm,armv8-timer\";\n" + TRY(interrupts(timers.front())) +
           "\t};\n\n";
    out += TRY(clock_nodes());
    out +=
        TRY(device(gic_node, "gic", "interrupt-controller")) +
        "\t\t#address-cells = <0>;\n\t\t#interrupt-cells = <3>;\n\t\tinterrupt-controller;\n\t};\n";
    for (const auto& kept : devices_) {
        out += "\n" + TRY(device(kept.node, kept.name, tree_.name(kept.node))) +
               TRY(clocks(kept.node)) + "\t};\n";
    }
    return out + "};\n";
}

Result<std::string> Writer::facts()
{
    const auto gic_node = TRY(gic());
    const bool is_v2    = !tree_.is_compatible(gic_node, "arm,gic-v3");
    const auto timer    = tree_.compatible_nodes("arm,armv8-timer").front();
    const auto hz = wishes_.timer_hz ? wishes_.timer_hz : tree_.number(timer, "clock-frequency");
    if (!hz) {
        return std::unexpected(
            "the device tree does not say how fast the generic timer counts (the "
            "firmware sets CNTFRQ_EL0): give it, --timer-hz N");
    }
    const auto low = memory_.front();
    const auto end = std::min(low.end(), k_low_end);
    // 2 MiB: what the kernel's first map is made of; the firmware likes the first 32 MiB.
    const auto load = wishes_.load_address.value_or((low.start + 32 * k_mebibyte) /
                                                    (2 * k_mebibyte) * (2 * k_mebibyte));
    if (load < low.start || load >= end) {
        return std::unexpected(
            fmt::format("--load-address {:#x} is not in the memory from {:#x} to "
                        "{:#x}",
                        load, low.start, end));
    }
    nlohmann::ordered_json json{
        {"name", wishes_.name},
        {"arch", "aarch64"},
        {"pa_bits", 40},
        {"cores", 1},
        {"timer_hz", *hz},
        {"max_irq", std::min<std::uint32_t>(tree_.highest_interrupt() | 31, 1019)},
        {"load_address", fmt::format("{:#x}", load)},
        {"ram", {{{"start", fmt::format("{:#x}", load)}, {"end", fmt::format("{:#x}", end)}}}},
    };
    if (is_v2) {
        json["kernel_frames"] = {"distributor", "cpu_interface", "hypervisor"};
    } else {
        json["kernel_frames"] = {"distributor", "redistributor"};
    }
    for (const auto& kept : devices_) {
        const auto name = tree_.name(kept.node);
        json["devices"][kept.name] =
            "/" + TRY(full_name(kept.node, name.substr(0, name.find('@'))));
    }
    return json.dump(4) + "\n";
}

Result<BoardFiles> Writer::write()
{
    TRY(find_memory());
    TRY(find_devices());
    BoardFiles files;
    files.tree = TRY(text());
    files.json = TRY(facts());
    return files;
}

} // namespace

Result<BoardFiles> new_board(const DeviceTree& tree, const NewBoard& wishes)
{
    return Writer{tree, wishes}.write();
}

} // namespace boardgen
