// SPDX-License-Identifier: BSD-2-Clause
#include "serial_link.hpp"

namespace sysgen::serial {

void Connection::put(ConfigBytes& config, std::size_t offset) const
{
    config.region(offset, queue);
    config.region(offset + 16, data);
    config.u8(offset + 32, channel);
}

Result<Link> link(Layout& layout, const std::string& name, Domain& first, Domain& second,
                  std::uint64_t capacity)
{
    const auto queue = layout.add_region(name + "_queue", k_page);
    const auto data  = layout.add_region(name + "_data", capacity);
    const auto ends  = TRY(layout.connect(first, second));
    const auto see   = [&](Domain& domain, unsigned channel) {
        return Connection{.queue   = {domain.map(queue, Access::read_write), queue.size},
                            .data    = {domain.map(data, Access::read_write), data.size},
                            .channel = channel};
    };
    return Link{.first = see(first, ends.first), .second = see(second, ends.second)};
}

} // namespace sysgen::serial
