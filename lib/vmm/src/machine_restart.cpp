// SPDX-License-Identifier: BSD-2-Clause
// What a start finds and must put right: images in RAM, a former life's RAM, waiting interrupts.
#include "vmm/machine.hpp"

#include "arch/counter.hpp"
#include "vmm/dispatcher.hpp"

#include <algorithm>
#include <cstring>

namespace vmm {

/// Images that lie in guest RAM are taken where they are at the first boot; the guest writes over
/// them, so later starts take copies.
base::Result<> Machine::secure_images()
{
    constexpr std::uint64_t k_alignment = 16;
    for (auto* const image : {&images_.kernel, &images_.initrd, &images_.dtb}) {
        const auto at     = reinterpret_cast<std::uint64_t>(image->data());
        const bool in_ram = std::ranges::any_of(memory_.regions(), [&](const auto& region) {
            return at - region.mapping.raw() < region.guest.size();
        });
        if (image->empty() || !in_ram) {
            continue;
        }
        if (loaded_) {
            const auto saved = std::ranges::find_if(saved_images_, [&](const SavedImage& one) {
                return one.original == image->data() && one.copy.size() == image->size();
            });
            if (saved == saved_images_.end()) {
                return base::fail("an image lies in guest RAM, where the guest has written over it",
                                  "give the machine memory for a copy (`spare`)", image->size());
            }
            *image = saved->copy;
            continue;
        }
        const auto size =
            base::align_down<std::uint64_t>(image->size() + k_alignment - 1, k_alignment);
        const auto room = config_.spare.size.get();
        if (size <= room && spare_used_ <= room - size) {
            auto* const to =
                reinterpret_cast<std::byte*>(config_.spare.mapping.get() + spare_used_);
            std::memcpy(to, image->data(), image->size());
            (void)saved_images_.push_back({.original = image->data(), .copy = {to, image->size()}});
            spare_used_ += size;
        }
    }
    return {};
}

void Machine::clear_ram()
{
    if (std::exchange(loaded_, true) && config_.ram_at_restart == RamAtRestart::zeroed) {
        for (const MemoryRegion& region : memory_.regions()) {
            (void)memory_.fill(region.guest.start(), region.guest.size(), std::byte{0});
            memory_.clean(region.guest.start(), region.guest.size());
        }
    }
}

void Machine::on_interrupt(std::uint32_t intid)
{
    if (state_ != State::off) {
        return gic_.hardware_interrupt(0, intid);
    }
    for (InterruptLine& line : lines_) {
        line.early = line.early || line.intid == intid;
    }
}

/// Interrupts that came while there was no guest: the kernel holds back the next until these are
/// acknowledged. A level that is still high comes again by itself; an edge is handed on.
void Machine::catch_up_with_interrupts()
{
    for (InterruptLine& line : lines_) {
        if (!std::exchange(line.early, false)) {
            continue;
        }
        if (line.trigger == arch::Trigger::edge_rising) {
            gic_.hardware_interrupt(0, line.intid);
        } else {
            line.channel.acknowledge();
        }
    }
}

void Machine::on_deadline(VcpuId id)
{
    if (std::exchange(resting_, false)) {
        (void)restart();
        return;
    }
    if (!starting_.empty()) {
        return look_again();
    }
    follow_physical_timer(id);
    unpark(id);
    if (const auto now = arch::physical_count(); now >= watch_.look_at) [[unlikely]] {
        look(now);
    }
}

void Machine::system_reset(ResetKind)
{
    const auto generation = generation_;
    look_before_reset();
    if (generation != generation_) {
        return;
    }
    base::print(sink(), "vmm: guest \"", name(), "\" asked for a reset\n");
    tell(Event::reset_requested);
    if (generation != generation_) {
        return;
    }
    auto&      clock    = dispatcher.alarm_clock();
    const auto now      = arch::physical_count();
    const auto interval = arch::counter_ticks(config_.reset_interval_ms);
    if (now - started_at_ >= interval || !clock.is_usable()) {
        (void)restart();
        return;
    }
    stop();
    resting_ = true;
    clock.set(config_.first_vcpu, started_at_ + interval, now);
}

} // namespace vmm
