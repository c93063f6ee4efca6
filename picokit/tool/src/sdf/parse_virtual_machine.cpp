// SPDX-License-Identifier: BSD-2-Clause
// <virtual_machine> and its <vcpu>s.
#include "sdf/parse.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<Vcpu> parse_vcpu(const Element& element, const Board& board, std::vector<Setvar>& setvars)
{
    const auto attributes = TRY(Attributes::read(element, {"id", "cpu", "setvar_id"}));
    Vcpu       vcpu;
    vcpu.where = element.where;
    vcpu.id    = TRY(attributes.number("id", {0, k_max_channel_id, "the child number in 'fault'"}));
    vcpu.cpu   = TRY(parse_cpu(attributes, board));
    if (auto symbol = attributes.optional_text("setvar_id")) {
        setvars.push_back({element.where, *symbol, SetvarSource::value, vcpu.id});
    }
    return vcpu;
}

} // namespace

Result<VirtualMachine> parse_virtual_machine(const Element& element, const Board& board,
                                             std::vector<Setvar>& setvars)
{
    const auto attributes =
        TRY(Attributes::read(element, {"name", "priority", "budget", "period"}));
    VirtualMachine vm;
    vm.where      = element.where;
    vm.name       = TRY(attributes.text("name"));
    vm.scheduling = TRY(parse_scheduling(attributes, board));
    for (const auto& child : element.children) {
        if (child.name == "vcpu") {
            auto vcpu = TRY(parse_vcpu(child, board, setvars));
            for (const auto& other : vm.vcpus) {
                if (other.id == vcpu.id) {
                    return refuse(vcpu.where,
                                  fmt::format("vCPU id {} is used twice in virtual machine '{}'",
                                              vcpu.id, vm.name),
                                  fmt::format("choose another id; the first is at {}",
                                              to_string(other.where)));
                }
            }
            vm.vcpus.push_back(std::move(vcpu));
        } else if (child.name == "map") {
            vm.maps.push_back(TRY(parse_vm_map(child)));
        } else {
            return refuse_child(element, child, "vcpu, map");
        }
    }
    if (vm.vcpus.empty()) {
        return refuse(element.where, fmt::format("virtual machine '{}' has no 'vcpu'", vm.name),
                      "add at least <vcpu id=\"0\" />");
    }
    return vm;
}

} // namespace tool
