// SPDX-License-Identifier: BSD-2-Clause
// A machine made from configuration sections, as a system generator fills them.
#pragma once

#include "kit/fake_block_server.hpp"
#include "kit/fake_sound_server.hpp"
#include "kit/sddf_links.hpp"
#include "virtio_machine.hpp"
#include "vmm/section_devices.hpp"

#include <array>

namespace machine_test {

class SectionDevices : public MachineTest {
protected:
    static constexpr std::uint64_t k_first = 0x0a00'0000;

    SectionDevices()
    {
        guest.magic     = {'v', 'm', 'm'};
        guest.ram       = ram_address; // the guest has it where we have it
        guest.ram_size  = k_ram_size;
        guest.num_vcpus = 2;
        guest.vcpus[1]  = 1;
        timer           = {.magic = sddf::magic_of(sddf::Class::timer), .driver_id = 9};
        from.guest      = &guest;
        from.options    = &options;
        from.timer      = &timer;
        from.entropy    = &entropy;
        from.vsock      = &vsock;
        from.sound      = &sound;
        for (std::size_t i = 0; i < vmm::Sections::k_most; ++i) {
            from.serial[i]  = &serial[i];
            from.block[i]   = &block[i];
            from.network[i] = &network[i];
        }
    }

    void add(vmm::GuestConfig::Kind kind)
    {
        const unsigned index = guest.num_devices++;
        guest.devices[index] = {
            .kind = kind, .base = k_first + 0x200 * index, .size = 0x200, .intid = 159 - index};
    }
    void add_serial(std::size_t index)
    {
        serial[index].magic = sddf::magic_of(sddf::Class::serial);
        serial[index].tx    = out[index].connection(static_cast<std::uint8_t>(10 + 2 * index));
        serial[index].rx    = in[index].connection(static_cast<std::uint8_t>(11 + 2 * index));
    }
    void add_block(std::size_t index)
    {
        block[index]         = servers[index % servers.size()].config();
        block[index].virt.id = static_cast<std::uint8_t>(20 + index);
    }
    void add_network(std::size_t index)
    {
        network[index].magic    = sddf::magic_of(sddf::Class::network);
        network[index].rx       = rx[index].connection(static_cast<std::uint8_t>(30 + 2 * index));
        network[index].tx       = tx[index].connection(static_cast<std::uint8_t>(31 + 2 * index));
        network[index].rx_data  = frames[index].region();
        network[index].tx_data  = frames[index].region();
        network[index].mac_addr = {0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)};
    }
    void add_entropy()
    {
        entropy = {.magic = sddf::entropy::k_magic, .stream = random.connection(38)};
    }

    void add_sound()
    {
        sound         = card.config();
        sound.virt.id = 39;
    }
    /// A link to somebody with the context ID 2, on channel 40.
    void add_vsock(std::uint32_t cid)
    {
        vsock.magic     = vsock::k_config_magic;
        vsock.cid       = cid;
        vsock.num_links = 1;
        vsock.links[0]  = {
             .own = ring[0].region(), .peer = ring[1].region(), .cid = 2, .channel = 40};
    }

    void attach_all() { devices.attach_to(machine, from); }
    bool boots() { return machine.boot(vmm::Image{.bytes = kernel_bytes()}); }

    std::uint32_t device_id(unsigned index)
    {
        EXPECT_TRUE(data_abort(k_first + 0x200 * index + 8, load(2, 2)));
        return static_cast<std::uint32_t>(fake.vcpu(0).x(2));
    }

    vmm::GuestConfig                           guest{};
    vmm::GuestOptions                          options{};
    sddf::timer::ClientConfig                  timer{};
    sddf::entropy::ClientConfig                entropy{};
    sddf::sound::ClientConfig                  sound{};
    std::array<sddf::serial::ClientConfig, 4>  serial{};
    std::array<sddf::block::ClientConfig, 4>   block{};
    std::array<sddf::network::ClientConfig, 4> network{};
    vsock::Config                              vsock{};
    vmm::Sections                              from{};

    std::array<kit::SerialLink, 4>      out;
    std::array<kit::SerialLink, 4>      in;
    std::array<kit::FakeBlockServer, 2> servers{kit::FakeBlockServer{64, 8, 16},
                                                kit::FakeBlockServer{32, 8, 16}};
    std::array<kit::NetLink, 2>         rx;
    std::array<kit::NetLink, 2>         tx;
    std::array<kit::Memory, 2>          frames{kit::Memory{8 * 2048}, kit::Memory{8 * 2048}};
    std::array<kit::Memory, 2>          ring{kit::Memory{4096}, kit::Memory{4096}};
    kit::SerialLink                     random{4096};
    kit::FakeSoundServer                card;

    vmm::SectionDevices devices;
};

} // namespace machine_test
