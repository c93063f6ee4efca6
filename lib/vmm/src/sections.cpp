// SPDX-License-Identifier: BSD-2-Clause
// The configuration sections of a VMM's program.
#include "vmm/sections.hpp"

#include "sddf/config.hpp"

namespace vmm::section {

SDDF_CONFIG(".vmm_config") GuestConfig guest;
SDDF_CONFIG(".vmm_options") GuestOptions options;
SDDF_CONFIG(".vmm_passthrough") PassedThrough passed;
SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer;
SDDF_CONFIG(".entropy_client_config") sddf::entropy::ClientConfig entropy;
SDDF_CONFIG(".vsock_config") vsock::Config vsock;
SDDF_CONFIG(".sound_client_config") sddf::sound::ClientConfig sound;

SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig serial;
SDDF_CONFIG(".serial_client_config_1") sddf::serial::ClientConfig serial_1;
SDDF_CONFIG(".serial_client_config_2") sddf::serial::ClientConfig serial_2;
SDDF_CONFIG(".serial_client_config_3") sddf::serial::ClientConfig serial_3;

SDDF_CONFIG(".blk_client_config") sddf::block::ClientConfig block;
SDDF_CONFIG(".blk_client_config_1") sddf::block::ClientConfig block_1;
SDDF_CONFIG(".blk_client_config_2") sddf::block::ClientConfig block_2;
SDDF_CONFIG(".blk_client_config_3") sddf::block::ClientConfig block_3;

SDDF_CONFIG(".net_client_config") sddf::network::ClientConfig network;
SDDF_CONFIG(".net_client_config_1") sddf::network::ClientConfig network_1;
SDDF_CONFIG(".net_client_config_2") sddf::network::ClientConfig network_2;
SDDF_CONFIG(".net_client_config_3") sddf::network::ClientConfig network_3;

} // namespace vmm::section

namespace vmm {

constinit const Sections k_sections{
    .guest   = &section::guest,
    .options = &section::options,
    .passed  = &section::passed,
    .timer   = &section::timer,
    .entropy = &section::entropy,
    .vsock   = &section::vsock,
    .sound   = &section::sound,
    .serial  = {&section::serial, &section::serial_1, &section::serial_2, &section::serial_3},
    .block   = {&section::block, &section::block_1, &section::block_2, &section::block_3},
    .network = {&section::network, &section::network_1, &section::network_2, &section::network_3}};

} // namespace vmm
