// SPDX-License-Identifier: BSD-2-Clause
// <timer>: a passive driver that its clients call. No shared memory.
#include "driver.hpp"
#include "layout.hpp"

namespace sysgen {

Result<> expand_timer(Layout& layout, pugi::xml_node node)
{
    TRY(layout.document().allow(node, {"name", "device"}));
    TRY(layout.document().allow_children(node, {"driver"}));
    const auto  name   = TRY(layout.document().text_of(node, "name"));
    auto* const driver = TRY(add_driver(layout, node, "timer", name, 254));
    driver->node().append_attribute("passive").set_value("true");

    for (const auto& use : TRY(layout.uses("timer", name))) {
        TRY(layout.document().allow(use.node, {"timer"}));
        const auto  ends = TRY(layout.connect(*use.client, *driver, Call::instead_of_notifying));
        ConfigBytes config{Class::timer, 6};
        config.u8(5, ends.first);
        layout.configure(*use.client, ".timer_client_config" + use.suffix,
                         name + "/timer_client_" + use.client->name() + use.suffix, config);
        use.client->node().remove_child(use.node);
    }
    return {};
}

} // namespace sysgen
