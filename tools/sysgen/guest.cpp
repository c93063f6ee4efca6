// SPDX-License-Identifier: BSD-2-Clause
// <guest>: a VMM's protection domain with its virtual machine. Its devices become <use> elements;
// where the guest finds them goes into .vmm_config.
#include "guest_options.hpp"
#include "layout.hpp"
#include "passthrough.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace sysgen {

namespace {

constexpr std::size_t   k_config_size  = 2136;
constexpr unsigned      k_most_vcpus   = 16;
constexpr unsigned      k_most_devices = 32;
constexpr unsigned      k_most_lines   = 32;
constexpr std::uint64_t k_window       = 0x200; ///< registers of one virtIO device
constexpr std::uint64_t k_first_window = 0x0a00'0000;
constexpr unsigned      k_last_intid   = 159;

struct DeviceKind {
    const char* device_class;
    unsigned    virtio_id;
};

const std::map<std::string_view, DeviceKind> k_devices{
    {"nic", {"net", 1}},         {"disk", {"blk", 2}},     {"console", {"serial", 3}},
    {"entropy", {"entropy", 4}}, {"vsock", {"vsock", 19}}, {"sound", {"sound", 25}},
};

bool overlap(const boardgen::AddressRange& a, const boardgen::AddressRange& b)
{
    return a.start < b.end() && b.start < a.end();
}

class Guest {
public:
    Guest(Layout& layout, pugi::xml_node node)
        : layout_{layout}
        , document_{layout.document()}
        , node_{node}
        , line_{document_.line(node)}
    {
    }

    Result<> expand()
    {
        TRY(document_.allow(node_, {"name", "image", "ram", "ram_at", "ram_phys", "vcpus",
                                    "priority", "vm_priority", "budget", "period", "stack_size",
                                    "smc", "timer", "parent", "id", "identity"}));
        name_   = TRY(document_.text_of(node_, "name"));
        passed_ = TRY(find_passed_devices(layout_, node_));
        config_.text(0, "vmm");
        TRY(add_domain());
        TRY(add_memory());
        TRY(add_gic());
        TRY(pass_through());
        for (const auto child : node_.children()) {
            if (child.type() == pugi::node_element) {
                TRY(add_part(child));
            }
        }
        config_.u8(40, lines_);
        config_.u8(333, devices_);
        layout_.configure(*domain_, ".vmm_config", name_ + "/vmm_" + name_, config_);
        if (const auto* const bytes = options_.bytes()) {
            layout_.configure(*domain_, ".vmm_options", name_ + "/options_" + name_, *bytes);
        }
        return {};
    }

private:
    Result<> add_domain()
    {
        auto       system   = document_.system();
        const bool is_child = !node_.attribute("parent").empty();
        auto domain = is_child ? TRY(layout_.parent_of(node_)).append_child("protection_domain")
                               : system.insert_child_before("protection_domain", node_);
        domain.append_attribute("name").set_value(name_.c_str());
        if (is_child) {
            domain.append_attribute("id").set_value(
                static_cast<unsigned>(TRY(document_.number_of(node_, "id"))));
        }
        domain.append_attribute("priority")
            .set_value(static_cast<unsigned>(TRY(document_.number_or(node_, "priority", 150))));
        const auto stack = TRY(document_.number_or(node_, "stack_size", 0x8000));
        domain.append_attribute("stack_size").set_value(hex(stack).c_str());
        for (const auto* const name : {"budget", "period"}) {
            if (const auto attribute = node_.attribute(name)) {
                domain.append_copy(attribute);
            }
        }
        if (TRY(document_.flag_or(node_, "smc", false)) || !passed_.calls.empty()) {
            domain.append_attribute("smc").set_value("true");
        }
        const auto image = TRY(document_.text_of(node_, "image"));
        domain.append_child("program_image").append_attribute("path").set_value(image.c_str());
        for (const auto map : node_.children("map")) {
            domain.append_copy(map);
        }

        machine_ = domain.append_child("virtual_machine");
        machine_.append_attribute("name").set_value((name_ + "_vm").c_str());
        machine_.append_attribute("priority")
            .set_value(static_cast<unsigned>(TRY(document_.number_or(node_, "vm_priority", 100))));
        const auto vcpus = TRY(document_.number_or(node_, "vcpus", 1));
        if (vcpus == 0 || vcpus > k_most_vcpus) {
            return refuse(line_, fmt::format("a guest with {} vCPUs", vcpus),
                          fmt::format("1 to {}", k_most_vcpus));
        }
        config_.u8(300, vcpus);
        for (unsigned i = 0; i < vcpus; ++i) {
            machine_.append_child("vcpu").append_attribute("id").set_value(i);
            config_.u8(301 + i, i);
        }
        domain_ = TRY(layout_.adopt(domain, line_));

        // The VMM needs one to let the guest sleep.
        auto timer = node_.attribute("timer");
        if (!timer) {
            timer = system.child("timer").attribute("name");
        }
        if (timer) {
            domain.append_child("use").append_attribute("timer").set_value(timer.value());
        }
        return {};
    }

    Result<> add_memory()
    {
        // Where a guest of the bare machine would look, but not where a VMM's own program is: it
        // has its guest's RAM at the guest's addresses.
        constexpr std::uint64_t k_lowest = std::uint64_t{1} << 30;
        const auto&             board    = layout_.board();
        const auto              first =
            std::max(board.memory.empty() ? 0 : board.memory.front().start, k_lowest);
        const auto size = TRY(document_.number_of(node_, "ram"));
        ram_            = {TRY(document_.number_or(node_, "ram_at", first)), size};
        if (size == 0 || size % k_large_page != 0 || ram_.start % k_large_page != 0) {
            return refuse(line_, fmt::format("RAM of {} bytes at {}", hex(size), hex(ram_.start)),
                          fmt::format("size and address are multiples of {}", hex(k_large_page)));
        }
        const auto region = TRY(make_ram(size));
        if (TRY(document_.flag_or(node_, "identity", false))) {
            ram_.start = *region.physical;
        }
        if (!passed_.dma.empty() && region.physical != ram_.start) {
            return refuse(passed_.line,
                          fmt::format("{} moves data by itself, and the guest's RAM has not its "
                                      "physical addresses: it would write into somebody else's",
                                      passed_.dma),
                          "<guest … identity=\"true\">, without ram_at");
        }
        domain_->map_at(ram_.start, region, Access::read_write);
        add_map(machine_, region.name, ram_.start, Access::execute, Cache::on);
        config_.u64(8, ram_.start);
        config_.u64(16, size);
        return {};
    }

    /// With an address that the layout gives, or one that we choose because the disk reaches it, or
    /// that the image tool chooses.
    Result<Region> make_ram(std::uint64_t size)
    {
        const auto name     = name_ + "_ram";
        const bool identity = TRY(document_.flag_or(node_, "identity", false));
        if (identity && node_.attribute("ram_at")) {
            return refuse(line_, "identity=\"true\" and ram_at",
                          "ram_phys says where the RAM is, for the guest as well; without it a "
                          "place is chosen");
        }
        if (node_.attribute("ram_phys")) {
            return layout_.add_region_at(name, size, TRY(document_.number_of(node_, "ram_phys")));
        }
        const bool is_reached = std::ranges::any_of(node_.children("disk"), [&](const auto& disk) {
            return name == disk.attribute("region").value();
        });
        return is_reached || identity ? layout_.add_device_region(node_, name, size)
                                      : layout_.add_region(name, size);
    }

    /// With a GICv2 the guest finds the hardware's virtual CPU interface where a CPU interface is.
    Result<> add_gic()
    {
        const auto& gic = layout_.board().gic;
        reserved_.push_back(gic.distributor);
        if (gic.redistributor) {
            reserved_.push_back(*gic.redistributor);
        }
        if (gic.cpu_interface && gic.vcpu_interface) {
            constexpr std::uint64_t k_interface = 0x2000;
            const auto              region =
                layout_.registers("gic_vcpu_interface", {gic.vcpu_interface->start, k_interface});
            add_map(machine_, region.name, gic.cpu_interface->start, Access::read_write,
                    Cache::off);
            reserved_.push_back({gic.cpu_interface->start, k_interface});
        }
        return {};
    }

    Result<> add_part(pugi::xml_node part)
    {
        if (std::string_view{part.name()} == "passthrough") {
            return {}; // pass_through() has seen to them all
        }
        if (std::string_view{part.name()} == "map") {
            return {}; // the VMM's own, add_domain() has taken it along
        }
        const auto kind = k_devices.find(part.name());
        if (kind == k_devices.end()) {
            return refuse(document_.line(part), fmt::format("a guest has no <{}>", part.name()),
                          "it has console, disk, nic, entropy, vsock, sound, passthrough and map");
        }
        // A second console is a port of the first.
        if (kind->first != "console" || !has_console_) {
            TRY(place(part, kind->second.virtio_id));
        }
        has_console_ = has_console_ || kind->first == "console";
        TRY(options_.read(part, devices_ - 1));
        const char* const device_class = kind->second.device_class;
        auto              use          = domain_->node().append_child("use");
        use.append_attribute(device_class)
            .set_value(TRY(document_.text_of(part, device_class)).c_str());
        for (const auto attribute : part.attributes()) {
            if (std::string_view{attribute.name()} != device_class &&
                !GuestOptions::knows(part, attribute)) {
                use.append_copy(attribute);
            }
        }
        return {};
    }

    /// A window of registers and an interrupt for a virtIO device.
    Result<> place(pugi::xml_node part, unsigned virtio_id)
    {
        if (devices_ == k_most_devices) {
            return refuse(document_.line(part), "too many devices",
                          fmt::format("a guest has at most {}", k_most_devices));
        }
        for (bool moved = true; moved;) {
            moved = false;
            for (const auto& range : reserved_) {
                if (overlap({next_window_, k_window}, range)) {
                    next_window_ = (range.end() + k_page - 1) / k_page * k_page;
                    moved        = true;
                }
            }
            if (overlap({next_window_, k_window}, ram_)) {
                next_window_ = ram_.end();
                moved        = true;
            }
        }
        while (std::ranges::find(intids_, next_intid_) != intids_.end()) {
            --next_intid_;
        }
        const auto at = 336 + 24 * devices_++;
        config_.u8(at, virtio_id);
        config_.u64(at + 8, next_window_);
        config_.u32(at + 16, k_window);
        config_.u32(at + 20, next_intid_--);
        next_window_ += k_window;
        return {};
    }

    /// Before virtIO devices are placed, which go where nothing is.
    Result<> pass_through()
    {
        for (const auto& range : passed_.registers) {
            const auto start  = range.start / k_page * k_page;
            const auto region = layout_.registers(fmt::format("registers_{:x}", start), range);
            add_map(machine_, region.name, start, Access::read_write, Cache::off);
            reserved_.push_back({start, region.size});
        }
        for (const auto& interrupt : passed_.interrupts) {
            if (lines_ == k_most_lines) {
                return refuse(passed_.line, "too many interrupts",
                              fmt::format("a guest has at most {}", k_most_lines));
            }
            const auto at = 44 + 8 * lines_++;
            config_.u8(at, TRY(domain_->add_interrupt(interrupt.intid, interrupt.edge)));
            config_.u32(at + 4, interrupt.intid);
            intids_.push_back(interrupt.intid);
        }
        if (!passed_.nodes.empty()) {
            layout_.configure(*domain_, ".vmm_passthrough", name_ + "/passthrough_" + name_,
                              passed_.section());
        }
        return {};
    }

    Layout&         layout_;
    const Document& document_;
    pugi::xml_node  node_;
    unsigned        line_;

    std::string    name_;
    Domain*        domain_ = nullptr;
    pugi::xml_node machine_;
    ConfigBytes    config_{k_config_size};
    GuestOptions   options_{document_};
    PassedDevices  passed_;

    boardgen::AddressRange              ram_{};
    std::vector<boardgen::AddressRange> reserved_;
    std::vector<std::uint32_t>          intids_;
    std::uint64_t                       next_window_ = k_first_window;
    std::uint32_t                       next_intid_  = k_last_intid;
    unsigned                            devices_     = 0;
    unsigned                            lines_       = 0;
    bool                                has_console_ = false;
};

} // namespace

Result<> expand_guest(Layout& layout, pugi::xml_node node) { return Guest{layout, node}.expand(); }

} // namespace sysgen
