// SPDX-License-Identifier: BSD-2-Clause
// From a description and images to a running vCPU 0.
#include "vmm/machine.hpp"

#include "arch/counter.hpp"
#include "vmm/device_tree_check.hpp"
#include "vmm/dispatcher.hpp"
#include "vmm/reserved_memory.hpp"

#include <algorithm>
#include <utility>

namespace vmm {
namespace {

using base::GuestPhysical;
using base::GuestRange;

GuestRange guest_range(const base::HostRange& range)
{
    // The guest sees the parts of the board where the board has them.
    return *GuestRange::create(GuestPhysical{range.start().raw()}, range.size());
}

/// Prints what a user's own device tree and the machine disagree about.
class PrintFindings final : public DeviceTreeReporter {
public:
    explicit PrintFindings(base::Sink sink)
        : sink_{sink}
    {
    }
    void report(const DeviceTreeFinding& finding) override { print(sink_, finding); }

private:
    base::Sink sink_;
};

/// Seeds for a guest, if the machine has a source of entropy.
struct Seeds {
    std::optional<std::uint64_t> kaslr;
    std::array<std::byte, 64>    rng{};
    bool                         has_rng = false;
};

Seeds make_seeds(EntropySource entropy)
{
    Seeds                    seeds;
    std::array<std::byte, 8> kaslr{};
    if (entropy.take(kaslr)) {
        std::uint64_t value = 0;
        __builtin_memcpy(&value, kaslr.data(), sizeof(value));
        seeds.kaslr = value;
    }
    seeds.has_rng = entropy.take(seeds.rng);
    return seeds;
}

} // namespace

base::Result<> Machine::configure()
{
    vcpus_ = static_cast<unsigned>(std::min<std::uint64_t>(config_.vcpus.get(), k_max_vcpus + 1));
    if (vcpus_ == 0 || vcpus_ > k_max_vcpus) {
        return base::fail("a machine needs 1 to 16 vCPUs", "see `vcpus` in its configuration",
                          config_.vcpus.get());
    }
    TRY(dispatcher.claim_vcpus(config_.first_vcpu, vcpus_, *this));
    for (VcpuId id = 0; id < vcpus_; ++id) {
        if (!vcpu(id).exists()) {
            return base::fail("the system description has no such vCPU",
                              "add a <vcpu> with this id to the <virtual_machine>",
                              config_.first_vcpu + id);
        }
    }
    for (const RamConfig& ram : config_.ram) {
        TRY(memory_.add(GuestPhysical{ram.guest.get()}, base::PdVirtual{ram.mapping.get()},
                        ram.size.get()));
    }

    const Platform& platform = config_.platform;
    distributor_             = platform.distributor.start().raw();
    if (platform.gic == GicVersion::v2) {
        distributor_size_ = k_gicv2_distributor_size;
    } else {
        distributor_size_    = k_gicv3_distributor_size;
        redistributors_      = platform.cpu_interface_or_redistributors.start().raw();
        redistributors_size_ = vcpus_ * k_gic_redistributor_stride;
    }
    for (const MemoryRegion& region : memory_.regions()) {
        if (region.guest.overlaps(guest_range(platform.distributor)) ||
            region.guest.overlaps(guest_range(platform.cpu_interface_or_redistributors))) {
            return base::fail("guest RAM covers the interrupt controller", "move the RAM",
                              region.guest.start().raw());
        }
    }
    return gic_.configure(
        {.version        = platform.gic,
         .vcpus          = vcpus_,
         .spis           = config_.spis,
         .list_registers = vcpu(0).list_registers(),
         .distributor    = GuestPhysical{distributor_},
         .cpu_interface_or_redistributor =
             GuestPhysical{platform.cpu_interface_or_redistributors.start().raw()}},
        *this);
}

bool Machine::start(std::string_view what)
{
    stop();
    if (rejected_) {
        return false;
    }
    if (!configured_) {
        note(configure());
        if (rejected_) {
            return false;
        }
        configured_ = true;
        put_vcpus_below_us();
        for (VcpuId id = 0; id < vcpus_ && config_.may_be_restarted; ++id) {
            vcpu(id).stop();
            records_[id].used = true; // by a life of this domain that we know nothing of
        }
    }
    gic_.reset();
    for (VcpuId id = 0; id < vcpus_; ++id) {
        if (records_[id].used && config_.kernel_calls == KernelCalls::all) {
            (void)vcpu(id).reset_interface();
        }
    }
    psci_.reset(vcpus_);
    const auto generation = generation_;
    for (const DeviceWindow& window : windows_) {
        if (window.device != nullptr) {
            window.device->reset();
        }
    }
    if (generation != generation_) {
        return state_ != State::off; // a device started or stopped the machine meanwhile
    }
    starting_    = what;
    waits_since_ = arch::physical_count();
    said_wait_   = false;
    return wait_for_devices() || go();
}

/// The second half of a start: nobody but us uses the guest's memory.
bool Machine::go()
{
    const auto what = std::exchange(starting_, {});
    if (const auto secured = secure_images(); !secured) {
        fail(secured.error());
        return false;
    }
    clear_ram();
    const auto loaded = load();
    if (!loaded) {
        fail(loaded.error());
        return false;
    }
    catch_up_with_interrupts();
    started_at_ = arch::physical_count();
    state_      = State::running;
    begin_watch(started_at_);
    base::print(sink(), "vmm: guest \"", name(), "\" ", what, " with ", vcpus_,
                vcpus_ == 1 ? " vCPU, " : " vCPUs, ", memory_.size() >> 20, " MiB\n");
    start_vcpu(0, entry_, tree_.start().raw());
    return true;
}

base::Result<> Machine::load()
{
    const auto     tree_room = device_tree_room(images_.dtb.size(), images_.cmdline.size());
    ReservedRanges reserved;
    if (!images_.dtb.empty()) {
        reserved = TRY(read_reserved_memory(images_.dtb, memory_.regions()));
    }
    const auto plan = TRY(plan_load({.kernel           = images_.kernel,
                                     .initrd_size      = images_.initrd.size(),
                                     .device_tree_size = tree_room,
                                     .ram              = memory_.regions(),
                                     .reserved         = {reserved.begin(), reserved.size()},
                                     .flat_address     = {}}));
    TRY(load_images(plan, images_.initrd, memory_));
    const auto tree_size = TRY(write_tree(plan));
    tree_                = *GuestRange::create(plan.device_tree.start(), tree_size);
    entry_               = plan.entry;
    linux_ = plan.format == KernelFormat::linux_image ? plan.kernel : base::GuestRange{};

    // The guest's first instructions run with caches off.
    memory_.clean(plan.kernel.start(), plan.kernel.size());
    memory_.clean(tree_.start(), tree_.size());
    if (plan.initrd) {
        memory_.clean(plan.initrd->start(), plan.initrd->size());
    }
    return {};
}

base::Result<> Machine::check_tree(const DeviceTreeInputs& inputs)
{
    PrintFindings findings{sink()};
    const auto    errors = TRY(check_device_tree(images_.dtb, inputs, findings));
    if (errors != 0) {
        return base::fail("the device tree contradicts the machine", "change what is listed above",
                          errors);
    }
    return {};
}

base::Result<std::size_t> Machine::write_tree(const LoadPlan& plan)
{
    auto window = memory_.window(plan.device_tree.start(), plan.device_tree.size());
    if (!window) {
        return base::fail("the device tree has no place in one region of RAM", {},
                          plan.device_tree.start().raw());
    }
    const Seeds                seeds = make_seeds(config_.smccc.entropy);
    std::span<const std::byte> rng_seed{};
    if (seeds.has_rng) {
        rng_seed = seeds.rng;
    }

    std::array<std::uint64_t, k_max_vcpus> affinities{};
    for (VcpuId id = 0; id < vcpus_; ++id) {
        affinities[id] = mpidr_of(id).raw() & arch::Mpidr::k_affinity_mask;
    }
    constexpr std::string_view k_vendor = "arm,";
    std::array<char, 48>       cpu{};
    const auto                 cpu_end =
        std::copy_n(config_.platform.cpu.begin(),
                    std::min(config_.platform.cpu.size(), cpu.size() - k_vendor.size()),
                    std::copy(k_vendor.begin(), k_vendor.end(), cpu.begin()));

    const Platform&  platform = config_.platform;
    const auto       second   = guest_range(platform.cpu_interface_or_redistributors);
    DeviceTreeInputs inputs{
        .ram            = memory_.regions(),
        .reserved       = {},
        .vcpus          = std::span{affinities}.first(vcpus_),
        .cpu_compatible = {cpu.begin(), cpu_end},
        .gic            = {.version     = platform.gic,
                           .distributor = guest_range(platform.distributor),
                           .cpu_interface_or_redistributors =
                    platform.gic == GicVersion::v2
                                   ? second
                                   : *GuestRange::create(second.start(), redistributors_size_)},
        .timer_ppis     = {platform.timer.physical_secure, platform.timer.physical,
                           platform.timer.virtual_timer, platform.timer.hypervisor},
        .devices        = std::span<const GuestDevice>{devices_.begin(), devices_.size()},
        .nodes          = passed_ != nullptr ? passed_->tree() : std::span<const std::byte>{},
        .bootargs       = images_.cmdline,
        .initrd         = plan.initrd,
        .kaslr_seed     = seeds.kaslr,
        .rng_seed       = rng_seed,
        .stdout_path    = {}};
    if (images_.dtb.empty()) {
        return write_device_tree(window->bytes(), inputs);
    }
    TRY(check_tree(inputs));
    DeviceTreePatch patch{.bootargs   = std::nullopt,
                          .initrd     = plan.initrd,
                          .kaslr_seed = seeds.kaslr,
                          .rng_seed   = rng_seed};
    if (!images_.cmdline.empty()) {
        patch.bootargs = images_.cmdline;
    }
    return patch_device_tree(window->bytes(), images_.dtb, patch);
}

} // namespace vmm
