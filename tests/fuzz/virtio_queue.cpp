// SPDX-License-Identifier: BSD-2-Clause
// Any driver at the queue, the status machine and the MMIO registers: requests lie inside of guest
// memory, and what is wrong costs the driver its device.
#include "virtio.hpp"

namespace {

/// Reads and writes all of every request; keeps some in flight.
class Model final : public virtio::Device {
public:
    explicit Model(kit::GuestRam*& ram)
        : Device{virtio::DeviceId::entropy, 0x7, queues_}
        , ram_{ram}
    {
        for (auto& queue : queues_) {
            queue.limit(64);
        }
    }

    unsigned sum = 0;

private:
    void check(std::span<const std::byte> bytes)
    {
        const auto all = ram_->all();
        require(bytes.data() >= all.data() &&
                bytes.size() <= all.size() - static_cast<std::size_t>(bytes.data() - all.data()));
    }
    void serve(virtio::Queue& queue, virtio::Chain&& chain)
    {
        if (!queue.owns(chain)) {
            queue.finish(std::move(chain), 0);
            return;
        }
        std::uint64_t read   = 0;
        auto          reader = chain.reader();
        while (reader.left() != 0) {
            const auto bytes = reader.next();
            check(bytes);
            read += bytes.size();
            sum += std::to_integer<unsigned>(bytes.back());
        }
        require(read == chain.readable_bytes());
        auto writer = chain.writer();
        while (writer.room() != 0) {
            const auto bytes = writer.next(100);
            check(bytes);
            bytes.front() = std::byte{0x5a};
        }
        queue.finish(std::move(chain), writer.written());
    }
    void on_notify(unsigned index) override
    {
        require(is_running());
        auto& queue = queues_[index];
        do {
            queue.suppress();
            while (virtio::Chain chain = take(queue, room_)) {
                const std::size_t at = index;
                if (held_[at]) {
                    serve(queue, std::move(held_[at]));
                }
                chain.move_to(storage_[at]);
                held_[at] = std::move(chain);
            }
            publish(queue);
            require(queue.in_flight() <= queue.settings.size);
        } while (queue.rest());
    }

    using Segments = std::array<virtio::Segment, 32>;
    static void require(bool condition) { fuzz::require(condition); }

    std::array<virtio::Queue, 2> queues_{};
    Segments                     room_{};
    std::array<Segments, 2>      storage_{};
    std::array<virtio::Chain, 2> held_{};
    kit::GuestRam*&              ram_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::GuestRam*      ram = nullptr;
    Model               model{ram};
    fuzz::HostileDriver hostile{model, 2};
    ram = &hostile.ram();
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        hostile.act(input);
    }
    // From wherever that led there is a way back.
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15 && !hostile.driver().line.high);
    return 0;
}
