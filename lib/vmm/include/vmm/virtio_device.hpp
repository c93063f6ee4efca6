// SPDX-License-Identifier: BSD-2-Clause
// What all virtIO devices of a machine have in common: registers, an interrupt line, a node in the
// device tree, channels.
#pragma once

#include "backend/doorbell.hpp"
#include "base/address.hpp"
#include "microkit/channel.hpp"
#include "virtio/mmio.hpp"
#include "vmm/access.hpp"
#include "vmm/dispatcher.hpp"

#include <cstdint>
#include <optional>

namespace vmm {

class Machine;

/// Where a guest finds a virtIO device. Several may share a page.
struct VirtioWindow {
    std::uint64_t address = 0;
    std::uint64_t size    = 0x200; ///< bytes, at most 0x1000
    std::uint32_t intid   = 0;     ///< 32 and up; level-triggered
};

/// A channel that a back end rings. The notification goes out with the end of the entry point, so
/// that it costs no system call of its own.
class ChannelBell final : public backend::Doorbell {
public:
    constexpr explicit ChannelBell(microkit::Channel channel)
        : channel_{channel}
    {
    }
    void                            ring() override { channel_.notify_at_end(); }
    [[nodiscard]] microkit::Channel channel() const { return channel_; }

private:
    microkit::Channel channel_;
};

/// The MMIO transport in front of a device model, as part of a machine. VirtioConsole, VirtioBlock,
/// VirtioNetwork, VirtioEntropy, VirtioSocket and VirtioSound are what to use.
class VirtioDevice : public MmioDevice, private virtio::InterruptLine {
public:
    VirtioDevice(const VirtioDevice&)            = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;

    [[nodiscard]] std::uint64_t read(VcpuId vcpu, std::uint64_t offset, AccessSize size) final;
    void write(VcpuId vcpu, std::uint64_t offset, AccessSize size, std::uint64_t value) final;
    void reset() final;
    void stop() final;
    void print_state(base::Sink sink) final;

protected:
    VirtioDevice(Machine& machine, const VirtioWindow& window);
    ~VirtioDevice() = default;

    /// Puts the registers in front of the model, which outlives this.
    void join(virtio::Device& model);

    /// Notifications of the channel go to `listener`; a channel of two purposes is claimed once.
    void listen(microkit::Channel channel, ChannelListener& listener);

    /// Tells the owner of something wrong with a section; the machine will not boot.
    void note(const base::Result<>& result);

    [[nodiscard]] Machine& machine() { return machine_; }

private:
    void set(bool high) override;

    Machine&                             machine_;
    std::uint32_t                        intid_;
    virtio::Device*                      model_ = nullptr;
    virtio::Memory                       memory_{};
    std::optional<virtio::MmioTransport> transport_{};
};

} // namespace vmm
