// SPDX-License-Identifier: BSD-2-Clause
// The section `.vmm_config`.
#include "vmm/guest_config.hpp"

namespace vmm {

base::Result<> check(const GuestConfig& config)
{
    if (!config.is_valid()) {
        return base::fail("the section .vmm_config was not filled in",
                          "write it into the program with objcopy --update-section");
    }
    if (config.num_interrupts > config.interrupts.size() ||
        config.num_vcpus > config.vcpus.size() || config.num_devices > config.devices.size() ||
        config.num_shared > config.shared.size()) {
        return base::fail("the section .vmm_config has a list that is longer than it can be",
                          "give the program the file that was made for it");
    }
    for (unsigned i = 1; i < config.num_vcpus; ++i) {
        if (config.vcpus[i] != config.vcpus[0] + i) {
            return base::fail("the vCPUs of .vmm_config do not follow each other",
                              "give them ids side by side, in order", config.vcpus[i]);
        }
    }
    return {};
}

} // namespace vmm
