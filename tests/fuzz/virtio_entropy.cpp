// SPDX-License-Identifier: BSD-2-Clause
// Any driver at the entropy device, with a source that has bytes now and then.
#include "virtio.hpp"
#include "virtio/entropy.hpp"

#include <algorithm>
#include <cstring>

namespace {

class Source final : public virtio::EntropySource {
public:
    std::size_t fill(std::span<std::byte> to) override
    {
        fuzz::require(!to.empty() && to.size() <= virtio::Entropy::k_most);
        const auto size = std::min(to.size(), left);
        std::memset(to.data(), 0x5a, size);
        left -= size;
        return size;
    }
    std::size_t left = 5000;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Source              source;
    virtio::Entropy     device{source};
    fuzz::HostileDriver hostile{device, 1};
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto more = input.take(1);
        if (more < 16) {
            source.left += 1U << more;
            device.resume();
        }
        hostile.act(input);
    }
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    return 0;
}
