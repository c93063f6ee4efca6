// SPDX-License-Identifier: BSD-2-Clause
// Two guests and a program without a VMM, which may stop at any time, on partitions of one disk.
#include "block_guest.hpp"
#include "component.hpp"
#include "hardware.hpp"
#include "world.hpp"

#include "backend/block_disk.hpp"
#include "kit/fake_disk.hpp"
#include "kit/sddf_links.hpp"
#include "sddf/block.hpp"

#include <optional>

namespace simulation {

namespace {

using sddf::block::Code;
using sddf::block::k_block_size;
using sddf::block::Request;

constexpr std::uintptr_t k_registers = 0x10000;
/// Device addresses are not ours, so that who forgets to translate is found out.
constexpr std::uint64_t k_io       = 0x5'0000'0000'0000;
constexpr std::uint64_t k_sectors  = 8; ///< in a block
constexpr unsigned      k_irq      = 10;
constexpr unsigned      k_guests   = 2;
constexpr std::uint64_t k_per_part = 24; ///< blocks
constexpr std::uint64_t k_first    = 8;  ///< block of the first partition
constexpr std::uint64_t k_blocks   = k_first + 4 * k_per_part;
constexpr unsigned      k_doorbell = 1; ///< channel of a client

sddf::DeviceRegion with_device(kit::Memory& memory)
{
    return {memory.region(), memory.region().vaddr + k_io};
}

/// What is below a guest: its back end and its device.
struct BlockVmm {
    BlockVmm(const std::string& name, std::uint16_t capacity, std::size_t data_blocks)
        : vmm{name, 20, std::size_t{1} << 19}
        , link{capacity}
        , data{data_blocks * k_block_size}
    {
    }
    Vmm                             vmm;
    kit::BlockLink                  link;
    kit::Memory                     data;
    Bell                            bell{vmm, k_doorbell};
    backend::BlockDisk::Storage<12> disk_storage;
    backend::BlockDisk              disk{disk_storage, bell};
    virtio::Block::Storage<8, 2, 3> storage;
    std::optional<virtio::Block>    device;
    std::optional<BlockGuest>       guest;
    bool                            is_told = false; ///< the device of its disk's size
};

/// A client of the virtualiser that follows the protocol, but may cease to take its answers.
struct NativeClient : Domain {
    kit::BlockLink             link{4};
    kit::Memory                data{4 * k_block_size};
    std::vector<std::uint32_t> waiting;
    unsigned                   asked      = 0;
    unsigned                   stops_at   = 0; ///< requests; then it does nothing any more
    static constexpr unsigned  k_requests = 20;
    std::string                wrong;

    void start()
    {
        Scheduler::current().spawn(*this, [this] {
            auto& scheduler = Scheduler::current();
            auto  requests  = link.request_producer();
            auto  responses = link.response_consumer();
            scheduler.wait([this] { return link.storage().is_ready(); });
            while (asked != stops_at) {
                const unsigned before = asked;
                while (const auto response = responses.pop()) {
                    if (std::erase(waiting, response->id) != 1) {
                        wrong = "an answer that came twice, or to nothing";
                    }
                }
                (void)responses.release();
                while (asked != stops_at && waiting.size() < 4 && scheduler.random.below(4) != 0) {
                    // Much of it is nonsense, and still must be answered.
                    const Request request{
                        .code         = static_cast<Code>(scheduler.random.below(5)),
                        .io_or_offset = std::uint64_t{k_block_size} * scheduler.random.below(5),
                        .block_number = scheduler.random.below(k_per_part + 2),
                        .count        = static_cast<std::uint16_t>(scheduler.random.below(4)),
                        .id           = asked * 7};
                    if (!requests.push(request)) {
                        break;
                    }
                    waiting.push_back(request.id);
                    ++asked;
                }
                (void)requests.publish();
                if (asked != before) {
                    scheduler.notify(*this, k_doorbell);
                } else if (!waiting.empty()) {
                    scheduler.wait([this] { return badge != 0; });
                    badge = 0;
                }
                scheduler.yield();
            }
            if (stops_at == k_requests) { // to the end
                while (!waiting.empty()) {
                    while (const auto response = responses.pop()) {
                        (void)std::erase(waiting, response->id);
                    }
                    if (!waiting.empty()) {
                        scheduler.wait([this] { return badge != 0; });
                        badge = 0;
                    }
                }
            }
        });
    }
};

class BlockWorld final : public World {
public:
    BlockWorld();
    std::string verdict() override;

private:
    void set_up_disk();
    void set_up_driver();
    void set_up_virtualiser();
    void set_up_guest(unsigned number);

    Scheduler&                             scheduler_ = Scheduler::current();
    Random&                                random_    = scheduler_.random;
    kit::FakeDisk                          disk_{k_blocks * k_sectors};
    virtio::Block::Storage<16, 4, 1>       hardware_storage_;
    virtio::Block                          hardware_{disk_, hardware_storage_};
    virtio::Memory                         dma_;
    Component                              driver_{"blk_virtio", 60};
    Component                              virtualiser_{"blk_virt", 50};
    IrqLine                                irq_{driver_, k_irq};
    virtio::MmioTransport                  registers_{hardware_, dma_, irq_};
    kit::BlockLink                         to_driver_;
    kit::Memory                            rings_{0x8000};
    kit::Memory                            table_{4096};
    std::vector<std::unique_ptr<BlockVmm>> vmms_;
    NativeClient                           native_;
    unsigned                               failures_ = 0; ///< the device fails one in so many
};

BlockWorld::BlockWorld()
    : to_driver_{static_cast<std::uint16_t>(1 + random_.below(16))}
{
    failures_ = random_.one_in(4) ? 8 : 0;
    for (unsigned i = 0; i < k_guests; ++i) {
        vmms_.push_back(std::make_unique<BlockVmm>(
            "vmm" + std::to_string(i), static_cast<std::uint16_t>(1U << random_.below(5)),
            1 + random_.below(12)));
    }
    set_up_disk();
    set_up_driver();
    set_up_virtualiser();
    for (unsigned i = 0; i < k_guests; ++i) {
        set_up_guest(i);
    }
    native_.start();
    virtualiser_.start();
    driver_.start();
    scheduler_.at_rest([this] { // nothing is restarted any more, so that nothing fails
        if (!scheduler_.end_restarts() || !verdict().empty()) {
            return false;
        }
        for (auto& it : vmms_) {
            it->guest->go_on(4, failures_ != 0);
        }
        return true;
    });
}

void BlockWorld::set_up_disk()
{
    const auto put = [&](std::size_t at, auto value) {
        std::memcpy(&disk_.content[at], &value, sizeof value);
    };
    put(510, std::uint16_t{0xaa55});
    for (unsigned i = 0; i <= k_guests; ++i) {
        const auto entry = 446 + 16 * i;
        put(entry + 4, std::uint8_t{0x83});
        put(entry + 8, static_cast<std::uint32_t>((k_first + i * k_per_part) * k_sectors));
        put(entry + 12, static_cast<std::uint32_t>(k_per_part * k_sectors));
    }
    disk_.at_once  = false;
    disk_.capacity = 1 + random_.below(12);
    for (kit::Memory* memory :
         {&rings_, &table_, &native_.data, &vmms_[0]->data, &vmms_[1]->data}) {
        const auto region = memory->region();
        if (!dma_.add(base::GuestPhysical{region.vaddr + k_io}, region.bytes())) {
            throw std::logic_error("the device cannot have that much memory");
        }
    }
    Bus::instance().add(k_registers, registers_);
    scheduler_.add_hardware(
        "the disk is done with a request", [this] { return !disk_.jobs.empty(); },
        [this] {
            for (unsigned many = 1 + random_.below(3); many != 0 && !disk_.jobs.empty(); --many) {
                disk_.broken = failures_ != 0 && random_.one_in(failures_) &&
                               disk_.log.size() > 2; // not the partition table
                disk_.finish(random_.below(disk_.jobs.size()));
                disk_.broken = false;
            }
            disk_.client->batch_done();
        });
}

void BlockWorld::set_up_driver()
{
    auto& resources       = driver_.object<sddf::DeviceResources>("device_resources");
    resources.magic       = sddf::magic_of(sddf::Class::device_resources);
    resources.num_regions = 2;
    resources.num_irqs    = 1;
    resources.regions[0]  = {{k_registers, Bus::k_size}, 0};
    resources.regions[1]  = with_device(rings_);
    resources.irqs[0]     = k_irq;
    auto& config          = driver_.object<sddf::block::DriverConfig>("blk_config");
    config.magic          = sddf::magic_of(sddf::Class::block);
    config.virt           = to_driver_.connection(0);
    connect(driver_, 0, virtualiser_, 0);
}

void BlockWorld::set_up_virtualiser()
{
    auto& config       = virtualiser_.object<sddf::block::VirtConfig>("blk_config");
    config.magic       = sddf::magic_of(sddf::Class::block);
    config.num_clients = k_guests + 1;
    config.driver      = {to_driver_.connection(0), with_device(table_)};
    for (unsigned i = 0; i < k_guests; ++i) {
        auto& vmm         = *vmms_[i];
        config.clients[i] = {vmm.link.connection(static_cast<std::uint8_t>(1 + i)),
                             with_device(vmm.data), i};
        connect(virtualiser_, 1 + i, vmm.vmm, k_doorbell);
    }
    config.clients[k_guests] = {native_.link.connection(1 + k_guests), with_device(native_.data),
                                k_guests};
    native_.name             = "native client";
    native_.priority         = 20;
    native_.stops_at =
        random_.one_in(2) ? random_.below(NativeClient::k_requests) : NativeClient::k_requests;
    connect(virtualiser_, 1 + k_guests, native_, k_doorbell);
}

void BlockWorld::set_up_guest(unsigned number)
{
    auto&                     it = *vmms_[number];
    sddf::block::ClientConfig config{};
    config.magic = sddf::magic_of(sddf::Class::block);
    config.virt  = it.link.connection(k_doorbell);
    config.data  = it.data.region();
    if (const auto opened = it.disk.open(config); !opened) {
        throw std::logic_error{std::string{opened.error().what}};
    }
    it.device.emplace(it.disk, it.storage);
    it.guest.emplace(
        it.vmm, *it.device,
        BlockGuest::Options{.number     = 1 + number,
                            .queues     = 1 + random_.below(3),
                            .requests   = 10 + random_.below(20),
                            .resets     = random_.one_in(3) ? 1 + random_.below(2) : 0,
                            .may_fail   = failures_ != 0 || scheduler_.mode.restarts != 0,
                            .sectors    = k_per_part * k_sectors,
                            .ring_size  = 8U << random_.below(3),
                            .has_merges = !random_.one_in(3)});
    it.vmm.start([] {}, [&it](unsigned) { it.disk.notified(); });
    // Nobody notifies of the disk's being there: the VMM looks again and again.
    it.guest->start([&it] {
        if (!it.is_told && it.disk.is_ready()) {
            it.device->disk_changed();
            it.is_told = true;
        }
        return it.is_told;
    });
}

std::string BlockWorld::verdict()
{
    for (unsigned i = 0; i < k_guests; ++i) {
        if (auto missing = vmms_[i]->guest->unfinished(); !missing.empty()) {
            return missing;
        }
        const auto part = std::span{disk_.content}.subspan(
            (k_first + i * k_per_part) * k_block_size, k_per_part * k_block_size);
        if (auto wrong = vmms_[i]->guest->compare(part); !wrong.empty()) {
            return wrong;
        }
    }
    if (!native_.wrong.empty()) {
        return native_.wrong;
    }
    if (native_.stops_at == NativeClient::k_requests && !native_.waiting.empty()) {
        return "the native client's requests were not answered";
    }
    const auto outside = [](char byte) { return byte != 0; };
    if (std::any_of(disk_.content.begin() + 512, disk_.content.begin() + k_first * k_block_size,
                    outside) ||
        std::any_of(disk_.content.end() - k_per_part * k_block_size, disk_.content.end(),
                    outside)) {
        return "something was written outside of all partitions";
    }
    return {};
}

} // namespace

std::unique_ptr<World> make_block_world() { return std::make_unique<BlockWorld>(); }

} // namespace simulation
