// SPDX-License-Identifier: BSD-2-Clause
// <vswitch>: the clients of a <net> also reach each other, as far as <allow> says.
#pragma once

#include "net_link.hpp"

#include <vector>

namespace sysgen::net {

/// A client of a <net> while it is laid out.
struct Client {
    Use           use;
    std::string   name;
    Mac           mac{};
    std::uint64_t buffers = 0;
    Domain*       copier  = nullptr;
    Region        tx_data;
    Connection    from_rx; ///< at who hands frames to its copier
    Connection    to_tx;   ///< at who takes the frames that it sends
    ConfigBytes   copier_config{Class::network, 1128};
};

/// The virtualisers' ends of the links with the switch.
struct SwitchLinks {
    Connection rx;
    Connection tx;
};

/// Fills .net_vswitch_config.
[[nodiscard]] Result<SwitchLinks>
configure_switch(Layout& layout, pugi::xml_node node, const std::string& name, Domain& vswitch,
                 Domain& rx, Domain& tx, const std::vector<Client>& clients, const Region& dma,
                 std::uint64_t buffers, std::uint64_t tx_capacity);

} // namespace sysgen::net
