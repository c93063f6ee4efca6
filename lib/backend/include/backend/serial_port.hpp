// SPDX-License-Identifier: BSD-2-Clause
// A console port on sDDF's serial class.
#pragma once

#include "backend/doorbell.hpp"
#include "base/result.hpp"
#include "sddf/serial.hpp"
#include "virtio/console.hpp"

#include <cstddef>
#include <span>

namespace backend {

/// Bytes go straight between guest memory and the rings. The console's output_ready() belongs to
/// the channel of the transmit ring, its input_ready() to that of the receive ring.
class SerialPort final : public virtio::ConsoleBackend {
public:
    SerialPort(Doorbell& transmit, Doorbell& receive)
        : transmit_{transmit}
        , receive_{receive}
    {
    }

    /// Connects to a client's section. A system without input has no receive ring: that is no
    /// error. Errors: the section was not filled in, or a region cannot be.
    base::Result<> open(const sddf::serial::ClientConfig& config);

    std::size_t        write(std::span<const std::byte> bytes) override;
    void               flush() override;
    [[nodiscard]] bool has_input() const override;
    std::size_t        read(std::span<std::byte> to) override;
    void               input_taken() override;
    void               discard_input() override;

private:
    Doorbell&              transmit_;
    Doorbell&              receive_;
    sddf::serial::Producer out_{};
    sddf::serial::Consumer in_{};
};

} // namespace backend
