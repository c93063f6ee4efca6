// SPDX-License-Identifier: BSD-2-Clause
// <serial>: one UART shared by clients. A driver, a virtualiser each way, and for each link and
// direction a page of indices and a ring of bytes.
#include "driver.hpp"
#include "layout.hpp"
#include "serial_link.hpp"

#include <fmt/format.h>

namespace sysgen {

namespace {

constexpr std::uint64_t k_data       = 0x1'0000;
constexpr std::size_t   k_most_begin = 127;
constexpr std::size_t   k_most_name  = 63;

struct Settings {
    bool          colour = false;
    bool          input  = true;
    std::uint64_t baud   = 115'200;
    std::string   begin;
    std::uint64_t switch_to = 28; ///< Ctrl-backslash
    std::uint64_t terminate = 13;
};

/// Who shares the line with nobody has it as it is: no colours, no words of the virtualiser's.
Result<Settings> read(const Document& document, pugi::xml_node node, bool shared)
{
    TRY(document.allow(node, {"name", "device", "colour", "input", "baud", "begin",
                              "switch_character", "terminate_character"}));
    TRY(document.allow_children(node, {"driver", "virt_rx", "virt_tx"}));
    Settings settings;
    settings.colour    = shared;
    settings.begin     = shared ? "Begin input\r\n" : "";
    settings.colour    = TRY(document.flag_or(node, "colour", settings.colour));
    settings.input     = TRY(document.flag_or(node, "input", settings.input));
    settings.baud      = TRY(document.number_or(node, "baud", settings.baud));
    settings.switch_to = TRY(document.number_or(node, "switch_character", settings.switch_to));
    settings.terminate = TRY(document.number_or(node, "terminate_character", settings.terminate));
    if (const auto begin = node.attribute("begin")) {
        settings.begin = begin.value();
    }
    if (settings.begin.size() > k_most_begin) {
        return refuse(document.line(node), "the text 'begin' is too long",
                      fmt::format("at most {} characters fit", k_most_begin));
    }
    if (settings.switch_to > 127 || settings.terminate > 127) {
        return refuse(document.line(node), "a character that switches input is no ASCII character",
                      "write its number, 0 to 127");
    }
    return settings;
}

} // namespace

Result<> expand_serial(Layout& layout, pugi::xml_node node)
{
    const auto name     = TRY(layout.document().text_of(node, "name"));
    const auto clients  = TRY(layout.uses("serial", name));
    const auto settings = TRY(read(layout.document(), node, clients.size() > 1));

    auto& driver = *TRY(add_driver(layout, node, "serial", name, 253));
    auto& tx =
        *TRY(layout.add_domain(node, "virt_tx", name + "_virt_tx", "serial_virt_tx.elf", 251));
    Domain* rx = nullptr;
    if (settings.input) {
        rx = TRY(layout.add_domain(node, "virt_rx", name + "_virt_rx", "serial_virt_rx.elf", 250));
    }

    ConfigBytes driver_config{Class::serial, 104};
    ConfigBytes tx_config{Class::serial, 6840};
    ConfigBytes rx_config{Class::serial, 2616};

    // Colours add to what a client sends, and a virtualiser forwards all or nothing.
    const auto out = TRY(serial::link(layout, name + "_driver_tx", driver, tx,
                                      settings.colour ? 2 * k_data : k_data));
    out.first.put(driver_config, 48);
    out.second.put(tx_config, 8);
    if (rx != nullptr) {
        const auto in = TRY(serial::link(layout, name + "_driver_rx", driver, *rx, k_data));
        in.first.put(driver_config, 8);
        in.second.put(rx_config, 8);
    }
    driver_config.u64(88, settings.baud);
    driver_config.u8(96, settings.input ? 1 : 0);

    for (std::size_t i = 0; i < clients.size(); ++i) {
        const auto& use    = clients[i];
        auto&       client = *use.client;
        TRY(layout.document().allow(use.node, {"serial", "label"}));
        const auto  label = client.name() + use.suffix;
        const auto  stem  = fmt::format("{}_{}", name, label);
        ConfigBytes config{Class::serial, 88};

        const auto send = TRY(serial::link(layout, stem + "_tx", client, tx, k_data));
        send.first.put(config, 48);
        send.second.put(tx_config, 48 + 104 * i);
        const std::string shown =
            use.node.attribute("label") ? use.node.attribute("label").value() : label;
        tx_config.text(48 + 104 * i + serial::k_connection_size, shown.substr(0, k_most_name));
        if (rx != nullptr) {
            const auto receive = TRY(serial::link(layout, stem + "_rx", client, *rx, k_data));
            receive.first.put(config, 8);
            receive.second.put(rx_config, 48 + serial::k_connection_size * i);
        }
        layout.configure(client, ".serial_client_config" + use.suffix,
                         fmt::format("{}/serial_client_{}", name, label), config);
        client.node().remove_child(use.node);
    }
    tx_config.u8(6704, clients.size());
    tx_config.text(6705, settings.begin);
    tx_config.u8(6833, settings.colour ? 1 : 0);
    tx_config.u8(6834, settings.input ? 1 : 0);
    rx_config.u8(2608, clients.size());
    rx_config.u8(2609, settings.switch_to);
    rx_config.u8(2610, settings.terminate);

    layout.configure(driver, ".serial_driver_config", name + "/serial_driver", driver_config);
    layout.configure(tx, ".serial_virt_tx_config", name + "/serial_virt_tx", tx_config);
    if (rx != nullptr) {
        layout.configure(*rx, ".serial_virt_rx_config", name + "/serial_virt_rx", rx_config);
    }
    return {};
}

} // namespace sysgen
