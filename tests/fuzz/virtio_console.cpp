// SPDX-License-Identifier: BSD-2-Clause
// Any driver at a console with two ports, with back ends that stall and have input at any time.
#include "virtio.hpp"
#include "virtio/console.hpp"

#include <algorithm>
#include <cstring>

namespace {

using virtio::Console;

class Backend final : public virtio::ConsoleBackend {
public:
    std::size_t write(std::span<const std::byte> bytes) override
    {
        fuzz::require(!bytes.empty());
        const auto size = std::min(bytes.size(), room);
        for (const std::byte byte : bytes.first(size)) {
            sum = sum + std::to_integer<unsigned>(byte);
        }
        room -= size;
        return size;
    }
    void               flush() override {}
    [[nodiscard]] bool has_input() const override { return input != 0; }
    std::size_t        read(std::span<std::byte> to) override
    {
        const auto size = std::min(to.size(), input);
        std::memset(to.data(), 'i', size);
        input -= size;
        return size;
    }
    void input_taken() override {}
    void discard_input() override { input = 0; }

    std::size_t       room  = 100;
    std::size_t       input = 0;
    volatile unsigned sum   = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::array<Backend, 2> backends;
    Console::Storage<2>    storage;
    storage.ports[0] = Console::Port{{.backend = &backends[0], .is_console = true}};
    storage.ports[1] = Console::Port{{.backend = &backends[1], .name = "agent"}};
    Console             device{storage};
    fuzz::HostileDriver hostile{device, 6};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto     what = input.take(1);
        const unsigned port = what & 1;
        switch (what >> 1 & 0x1f) {
        case 0:
            backends[port].room += what;
            device.output_ready(port);
            break;
        case 1:
            backends[port].input += what;
            device.input_ready(port);
            break;
        case 2:
            device.set_size(static_cast<std::uint16_t>(what), 25);
            break;
        default:
            break;
        }
        hostile.act(input);
    }
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    return 0;
}
