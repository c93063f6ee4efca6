// SPDX-License-Identifier: BSD-2-Clause
// A machine's virtIO entropy device.
#include "vmm/virtio_entropy.hpp"

#include "vmm/machine.hpp"

namespace vmm {

namespace {

/// What /chosen gets: kaslr-seed and rng-seed.
constexpr std::size_t k_seeds = 8 + 64;

} // namespace

VirtioEntropy::VirtioEntropy(Machine& machine, const VirtioWindow& window,
                             const sddf::entropy::ClientConfig& section,
                             const DeviceOptions&               options)
    : VirtioDevice{machine, window}
    , bell_{microkit::Channel{section.stream.id}}
{
    model_.withhold(options.without);
    join(model_);
    const auto opened = source_.open(section);
    note(opened);
    if (opened) {
        listen(bell_.channel(), *this);
        machine.seed_from(*this);
    }
}

std::string_view VirtioEntropy::missing()
{
    return source_.available() >= k_seeds
               ? std::string_view{}
               : "random bytes for its seeds (did the entropy driver find its device?)";
}

void VirtioEntropy::notified(microkit::Channel /*channel*/)
{
    machine().look_again();
    model_.resume();
}

bool VirtioEntropy::take(std::span<std::byte> to) { return source_.take(to); }

} // namespace vmm
