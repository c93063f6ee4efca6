// SPDX-License-Identifier: BSD-2-Clause
// A guest's block driver.
#include "block_guest.hpp"

#include "memory.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace simulation {

namespace {

constexpr std::uint32_t k_in           = 0;
constexpr std::uint32_t k_out          = 1;
constexpr std::uint32_t k_flush        = 4;
constexpr std::uint32_t k_get_id       = 8;
constexpr std::uint32_t k_write_zeroes = 13;
constexpr std::byte     k_canary{0xc5};
constexpr std::uint32_t k_unknown = ~0U;

} // namespace

BlockGuest::BlockGuest(Vmm& vmm, virtio::Device& device, const Options& options)
    : vmm_{vmm}
    , options_{options}
    , driver_{vmm.ram, device}
    , queues_(options.queues)
    , sectors_(options.sectors)
    , resets_left_{options.resets}
{
    for (auto& queue : queues_) {
        for (auto& slot : queue.slots) {
            slot.header = vmm.ram.allocate(16);
            slot.status = vmm.ram.allocate(1);
            slot.data   = vmm.ram.allocate(k_slot_bytes + 2 * k_margin, 512) + k_margin;
        }
    }
}

void BlockGuest::start(std::function<bool()> is_there)
{
    auto& scheduler = Scheduler::current();
    scheduler.spawn(vmm_.guest, [this, is_there] {
        auto& now = Scheduler::current();
        now.wait(is_there);
        bring_up();
        while (resets_left_ != 0) {
            const auto when = completed_ + random().below(options_.requests);
            now.wait([this, when] {
                return completed_ >= std::min(when, options_.requests - 1) && is_idle();
            });
            --resets_left_;
            tear_down();
            bring_up();
        }
    });
    for (unsigned i = 0; i < options_.queues; ++i) {
        scheduler.spawn(vmm_.guest, [this, i] { submit(i); });
    }
    scheduler.spawn(vmm_.guest, [this] { take_interrupts(); });
}

bool BlockGuest::is_idle() const
{
    return !in_handler_ &&
           std::ranges::none_of(queues_, [](const Queue& queue) { return queue.submits; });
}

void BlockGuest::bring_up()
{
    auto features = options_.features;
    if (random().one_in(3)) {
        features &= ~virtio::k_feature_event_idx;
    }
    if (random().one_in(3)) {
        features &= ~virtio::k_feature_indirect;
    }
    vmm_.exit([&] {
        if (!driver_.negotiate(features)) {
            Scheduler::current().fail(vmm_.guest.name + ": the device refuses features");
        }
    });
    for (unsigned i = 0; i < options_.queues; ++i) {
        vmm_.exit([&] {
            queues_[i].ring = &driver_.set_up(i, static_cast<std::uint16_t>(options_.ring_size));
        });
        queues_[i].ring->want_interrupt();
    }
    vmm_.exit([&] { driver_.go(); });
    is_up_ = true;
}

/// Resets the device, with everything that is in flight.
void BlockGuest::tear_down()
{
    is_up_ = false;
    vmm_.exit([&] { driver_.write(kit::Mmio::status, 0); });
    for (bool done = false; !done;) {
        vmm_.exit([&] { done = driver_.status() == 0; });
    }
    for (auto& queue : queues_) {
        for (auto& [head, slot] : queue.by_head) {
            settle(*slot, true, false);
            // From here on nobody may write there: found out when the slot is used again.
            std::ranges::fill(vmm_.ram.bytes(slot->data, slot->size), k_canary);
            slot->busy = false;
        }
        submitted_ -= static_cast<unsigned>(queue.by_head.size());
        queue.by_head.clear();
    }
}

void BlockGuest::submit(unsigned index)
{
    auto&      scheduler = Scheduler::current();
    auto&      queue     = queues_[index];
    const auto idle      = [&] {
        return std::ranges::find_if(queue.slots, [](const Slot& slot) { return !slot.busy; });
    };
    for (;;) {
        scheduler.wait([&] {
            return is_up_ && submitted_ < options_.requests && idle() != queue.slots.end();
        });
        queue.submits = true;
        queue.lock.take();
        for (unsigned many = 1 + random().below(3);
             many != 0 && submitted_ < options_.requests && idle() != queue.slots.end(); --many) {
            Slot& slot = *idle();
            if (prepare(slot)) {
                ++submitted_;
                make_available(queue, slot);
            }
        }
        queue.lock.give();
        if (queue.ring->must_notify()) {
            vmm_.exit([&] { driver_.notify(index); });
        }
        queue.submits = false;
    }
}

/// Decides what a request is to be. False: none is possible now.
bool BlockGuest::prepare(Slot& slot)
{
    constexpr std::array k_types = {k_in,  k_out,   k_out,    k_in,
                                    k_out, k_flush, k_get_id, k_write_zeroes};
    slot.type                    = k_types[random().below(k_types.size())];
    slot.count                   = 0;
    slot.size = slot.type == k_get_id ? 20 : slot.type == k_write_zeroes ? 16 : 0;
    if (slot.type == k_in || slot.type == k_out || slot.type == k_write_zeroes) {
        const std::uint32_t unit = options_.has_merges ? 1 : 8;
        slot.count               = unit * (1 + random().below(k_slot_bytes / 512 / unit));
        slot.sector = random().below((options_.sectors - slot.count) / unit + 1) * unit;
        if (!reserve(slot)) {
            return false;
        }
        if (slot.type != k_write_zeroes) {
            slot.size = slot.count * 512;
        }
    }
    slot.busy = true;
    slot.id   = slot.type == k_out ? ++last_id_ : 0;
    auto& ram = vmm_.ram;
    ram.store<std::uint64_t>(slot.header, slot.type);
    ram.store<std::uint64_t>(slot.header + 8, slot.type == k_write_zeroes ? 0 : slot.sector);
    ram.store<std::uint8_t>(slot.status, 0xee);
    const auto around = ram.bytes(slot.data - k_margin, slot.size + 2 * k_margin);
    std::memset(around.data(), std::to_integer<int>(k_canary), around.size());
    if (slot.type == k_out) {
        for (std::uint32_t i = 0; i < slot.count; ++i) {
            fill(slot.data + 512 * i, slot.sector + i, slot.id);
        }
    } else if (slot.type == k_write_zeroes) {
        ram.store<std::uint64_t>(slot.data, slot.sector);
        ram.store<std::uint32_t>(slot.data + 8, slot.count);
        ram.store<std::uint32_t>(slot.data + 12, 0);
    }
    return true;
}

/// Nobody else writes where we read, nor touches where we write.
bool BlockGuest::reserve(const Slot& slot)
{
    const bool writes = slot.type != k_in;
    const auto range  = std::span{sectors_}.subspan(slot.sector, slot.count);
    if (std::ranges::any_of(range, [&](const Sector& sector) {
            return sector.written || (writes && sector.readers != 0);
        })) {
        return false;
    }
    for (auto& sector : range) {
        sector.written = writes;
        sector.readers += writes ? 0 : 1;
    }
    return true;
}

void BlockGuest::make_available(Queue& queue, Slot& slot)
{
    std::vector<kit::Buffer> buffers{kit::to_device(slot.header, 16)};
    const bool               device_writes = slot.type == k_in || slot.type == k_get_id;
    const auto               piece         = std::max(512U, slot.size / (1 + random().below(3)));
    for (std::uint32_t at = 0; at < slot.size;) {
        const auto size = std::min(slot.size - at, 1 + random().below(2 * piece));
        buffers.push_back({slot.data + at, size, device_writes});
        at += size;
    }
    buffers.push_back(kit::from_device(slot.status, 1));
    const bool indirect = (driver_.features & virtio::k_feature_indirect) != 0;
    if (buffers.size() > queue.ring->free_descriptors() || buffers.size() > 8) {
        buffers = {kit::to_device(slot.header, 16)};
        if (slot.size != 0) {
            buffers.push_back({slot.data, slot.size, device_writes});
        }
        buffers.push_back(kit::from_device(slot.status, 1));
    }
    if (buffers.size() > queue.ring->free_descriptors()) { // as if it had never been
        settle(slot, false, true);
        slot.busy = false;
        --submitted_;
        return;
    }
    const auto head     = indirect && vmm_.ram.left() > 65536 && random().one_in(2)
                              ? queue.ring->add_indirect(buffers)
                              : queue.ring->add(buffers);
    queue.by_head[head] = &slot;
}

void BlockGuest::take_interrupts()
{
    auto& scheduler = Scheduler::current();
    for (;;) {
        scheduler.wait([this] { return is_up_ && driver_.line.high; });
        in_handler_ = true;
        vmm_.exit([&] { (void)driver_.take_interrupt(); });
        for (auto& queue : queues_) {
            queue.lock.take();
            do {
                queue.ring->want_no_interrupt();
                while (const auto used = queue.ring->used()) {
                    complete(queue, *used);
                }
                queue.ring->want_interrupt();
            } while (queue.ring->used_waiting() != 0);
            queue.lock.give();
        }
        if (driver_.needs_reset()) {
            scheduler.fail(vmm_.guest.name + ": the device needs a reset");
        }
        in_handler_ = false;
    }
}

void BlockGuest::complete(Queue& queue, const kit::FakeRing::Used& used)
{
    const auto found = queue.by_head.find(static_cast<std::uint16_t>(used.id));
    if (found == queue.by_head.end()) {
        throw std::logic_error("a request was answered that was not asked");
    }
    Slot& slot = *found->second;
    queue.by_head.erase(found);
    auto&      ram    = vmm_.ram;
    const auto status = ram.load<std::uint8_t>(slot.status);
    const bool good   = status == 0;
    if (!good && (status != 1 || !options_.may_fail)) {
        throw std::logic_error("status " + std::to_string(status) + " of a good request");
    }
    if (good && slot.type == k_in) {
        if (used.written != slot.size + 1) {
            throw std::logic_error("a wrong length in the used ring");
        }
        check_read(slot);
    }
    for (const auto margin : {slot.data - k_margin, slot.data + slot.size}) {
        if (std::ranges::any_of(ram.bytes(margin, k_margin),
                                [](std::byte byte) { return byte != k_canary; })) {
            throw std::logic_error("bytes beside a buffer were written");
        }
    }
    settle(slot, good, true);
    slot.busy = false;
    ++completed_;
}

void BlockGuest::check_read(Slot& slot)
{
    for (std::uint32_t i = 0; i < slot.count; ++i) {
        auto&      sector = sectors_[slot.sector + i];
        const auto id = identify(vmm_.ram.bytes(slot.data + 512 * i, 512).data(), slot.sector + i);
        if (std::ranges::find(sector.possible, id) == sector.possible.end()) {
            throw std::logic_error("sector " + std::to_string(slot.sector + i) +
                                   " was read as write " + std::to_string(id) + ", not " +
                                   std::to_string(sector.possible.back()));
        }
        sector.possible = {id};
    }
}

/// A request is over. `surely`: it happened or did not, as `good` says; otherwise who knows.
void BlockGuest::settle(Slot& slot, bool good, bool surely)
{
    const bool writes = slot.type == k_out || slot.type == k_write_zeroes;
    if (!writes && slot.type != k_in) {
        return;
    }
    for (auto& sector : std::span{sectors_}.subspan(slot.sector, slot.count)) {
        if (!writes) {
            --sector.readers;
            continue;
        }
        sector.written = false;
        if (good && surely) {
            sector.possible = {slot.id};
        } else if (good || options_.may_fail) {
            sector.possible.push_back(slot.id);
        }
    }
}

std::uint64_t BlockGuest::word(std::uint64_t sector, std::uint32_t id, unsigned index) const
{
    return id == 0 ? 0
                   : (std::uint64_t{id} << 32 | options_.number << 24 | sector << 8 | index) *
                         0x9e37'79b9'7f4a'7c15;
}

void BlockGuest::fill(std::uint64_t at, std::uint64_t sector, std::uint32_t id)
{
    const auto bytes = vmm_.ram.bytes(at, 512);
    for (unsigned i = 0; i < 64; ++i) {
        const auto value = word(sector, id, i);
        std::memcpy(&bytes[std::size_t{8} * i], &value, 8);
    }
}

/// Which write of this guest to this sector those bytes are.
std::uint32_t BlockGuest::identify(const std::byte* bytes, std::uint64_t sector) const
{
    for (const auto id : sectors_[sector].possible) {
        bool same = true;
        for (unsigned i = 0; i < 64 && same; ++i) {
            std::uint64_t value = 0;
            std::memcpy(&value, bytes + std::size_t{8} * i, 8);
            same = value == word(sector, id, i);
        }
        if (same) {
            return id;
        }
    }
    return k_unknown;
}

std::string BlockGuest::unfinished() const
{
    if (completed_ >= options_.requests && submitted_ <= completed_ && resets_left_ == 0) {
        return {};
    }
    return vmm_.guest.name + ": stuck with " + std::to_string(submitted_) + " requests made, " +
           std::to_string(completed_) + " answered, of " + std::to_string(options_.requests);
}

std::string BlockGuest::compare(std::span<const char> disk) const
{
    for (std::uint64_t i = 0; i < sectors_.size(); ++i) {
        const auto* const bytes =
            reinterpret_cast<const std::byte*>(disk.subspan(512 * i, 512).data());
        if (identify(bytes, i) == k_unknown) {
            return vmm_.guest.name + ": sector " + std::to_string(i) + " of its disk is wrong";
        }
    }
    return {};
}

} // namespace simulation
