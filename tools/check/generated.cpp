// SPDX-License-Identifier: BSD-2-Clause
// The tree that libvmm writes for a guest, made here with its own writer.
#include "depends.hpp"
#include "input.hpp"
#include "passed.hpp"
#include "vmm/device_tree.hpp"

#include <deque>
#include <fmt/format.h>

namespace check {
namespace {

using base::GuestPhysical;
using base::GuestRange;

std::optional<GuestRange> to_guest(const Range& range)
{
    return GuestRange::create(GuestPhysical{range.start}, range.size);
}

/// Which of the board's devices a VMM passes through: those of its guest's pages. Where a page has
/// several, those whose interrupts it has.
std::vector<const Node*> chosen_devices(const Subject& subject, const Guest& guest)
{
    std::vector<const Node*> all;
    const auto               passed = passed_devices(subject, guest);
    for (const auto& one : passed) {
        std::size_t on_page = 0;
        bool        owned   = false;
        for (const auto& other : passed) {
            on_page += other.map.map == one.map.map && other.device->enabled ? 1U : 0U;
        }
        for (const auto& line : one.device->interrupts) {
            owned = owned || owns(*guest.vmm, line.intid);
        }
        if ((owned || on_page <= 1) && !has(all, one.device)) {
            all.push_back(one.device);
        }
    }
    return all;
}

class Writer {
public:
    Writer(const Subject& subject, const Guest& guest)
        : subject_{subject}
        , guest_{guest}
        , board_{*subject.board}
    {
    }

    std::optional<std::vector<std::byte>> write()
    {
        for (const auto* device : chosen_devices(subject_, guest_)) {
            add(*device);
        }
        for (const auto& one : guest_.emulated) {
            add(one);
        }
        for (const auto& ram : subject_.guest_ram(guest_)) {
            if (const auto range = to_guest(ram.here)) {
                ram_.push_back({.guest = *range, .mapping = base::PdVirtual{ram.here.start}});
            }
        }
        for (std::size_t i = 0; i < guest_.vm->vcpus.size(); ++i) {
            vcpus_.push_back(i);
        }
        const auto gic = guest_gic();
        if (ram_.empty() || !gic) {
            return std::nullopt;
        }
        cpu_      = first_cpu();
        bootargs_ = guest_.settings.bootargs.value_or("");
        vmm::DeviceTreeInputs inputs{};
        inputs.ram            = ram_;
        inputs.vcpus          = vcpus_;
        inputs.cpu_compatible = cpu_;
        inputs.gic            = *gic;
        inputs.devices        = devices_;
        inputs.bootargs       = bootargs_;
        inputs.initrd         = initrd();
        read_timer(inputs);
        std::vector<std::byte> room(vmm::k_device_tree_room);
        const auto             size = vmm::write_device_tree(room, inputs);
        if (!size) {
            return std::nullopt;
        }
        room.resize(*size);
        return room;
    }

private:
    /// Where the loader puts it.
    [[nodiscard]] std::optional<GuestRange> initrd() const
    {
        const auto& image = guest_.settings.initrd;
        return image.address && image.size ? to_guest({image.address->value, *image.size})
                                           : std::nullopt;
    }

    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

    void add(const Node& node)
    {
        vmm::GuestDevice device;
        device.name = keep(std::string{node.base_name()});
        for (std::size_t i = 0; !node.text("compatible", i).empty(); ++i) {
            (void)device.compatible.push_back(keep(node.text("compatible", i)));
        }
        for (const auto& range : node.registers) {
            if (const auto registers = to_guest(range)) {
                (void)device.registers.push_back(*registers);
            }
        }
        for (const auto& line : node.interrupts) {
            (void)device.interrupts.push_back(
                {line.intid, line.edge ? arch::Trigger::edge_rising : arch::Trigger::level_high});
        }
        for (std::size_t i = 0; const auto& one : dependencies(board_, node)) {
            if (one.property == "clocks" && one.provider != nullptr) {
                const bool fixed = one.provider->is("fixed-clock");
                (void)device.clocks.push_back(
                    {keep(node.text("clock-names", i)),
                     fixed ? one.provider->cell("clock-frequency").value_or(0) : 0});
                ++i;
            }
        }
        device.dma_coherent = node.has("dma-coherent");
        devices_.push_back(device);
    }

    void add(const Emulated& one)
    {
        vmm::GuestDevice device;
        device.name = "virtio_mmio";
        (void)device.compatible.push_back("virtio,mmio");
        if (const auto registers = to_guest(one.window)) {
            (void)device.registers.push_back(*registers);
        }
        (void)device.interrupts.push_back({one.intid, arch::Trigger::level_high});
        device.dma_coherent = true;
        devices_.push_back(device);
    }

    [[nodiscard]] std::optional<vmm::GuestGic> guest_gic() const
    {
        constexpr std::uint64_t k_redistributor = 0x2'0000;
        const auto* const       gic             = board_.gic();
        if (gic == nullptr || gic->registers.size() < 2) {
            return std::nullopt;
        }
        const bool v3     = board_.gic_version() == 3;
        auto       second = gic->registers[1];
        if (v3) {
            second.size = k_redistributor * guest_.vm->vcpus.size();
        }
        const auto distributor = to_guest(gic->registers[0]);
        const auto other       = to_guest(second);
        if (!distributor || !other) {
            return std::nullopt;
        }
        return vmm::GuestGic{.version     = v3 ? vmm::GicVersion::v3 : vmm::GicVersion::v2,
                             .distributor = *distributor,
                             .cpu_interface_or_redistributors = *other};
    }

    [[nodiscard]] std::string first_cpu() const
    {
        for (const auto& node : board_.nodes()) {
            if (node.text("device_type") == "cpu") {
                return node.text("compatible");
            }
        }
        return {};
    }

    void read_timer(vmm::DeviceTreeInputs& inputs) const
    {
        const auto* const timer = board_.find_compatible({"arm,armv8-timer"});
        for (std::size_t i = 0;
             timer != nullptr && i < inputs.timer_ppis.size() && i < timer->interrupts.size();
             ++i) {
            inputs.timer_ppis.at(i) = timer->interrupts[i].intid;
        }
    }

    const Subject&                 subject_;
    const Guest&                   guest_;
    const Tree&                    board_;
    std::deque<std::string>        texts_; // what the devices' views show
    std::vector<vmm::GuestDevice>  devices_;
    std::vector<vmm::MemoryRegion> ram_;
    std::vector<std::uint64_t>     vcpus_;
    std::string                    cpu_;
    std::string                    bootargs_;
};

} // namespace

void write_trees(Subject& subject)
{
    if (!subject.board) {
        return;
    }
    for (const auto& guest : subject.guests) {
        if (guest->tree) {
            continue;
        }
        if (auto blob = Writer{subject, *guest}.write()) {
            auto tree =
                Tree::create(*std::move(blob), fmt::format("{} (generated)", guest->vm->name));
            if (tree) {
                guest->tree         = *std::move(tree);
                guest->tree_is_ours = true;
            }
        }
    }
}

} // namespace check
