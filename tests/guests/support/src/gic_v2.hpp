// SPDX-License-Identifier: BSD-2-Clause
// GICv2 (IHI 0048B): distributor and CPU interface in memory.
#pragma once

#include "guest/gic.hpp"

namespace guest {

class GicV2 final : public Gic {
public:
    void          locate(std::uint64_t distributor, std::uint64_t cpu_interface);
    void          configure() override;
    void          configure_cpu() override;
    void          enable(std::uint32_t intid) override;
    void          disable(std::uint32_t intid) override;
    void          send_to_self(std::uint32_t sgi) override;
    void          send(std::uint64_t mpidr, std::uint32_t sgi) override;
    std::uint32_t acknowledge() override;
    void          end(std::uint32_t raw) override;
    const char*   name() const override { return "GICv2"; }

private:
    std::uint64_t gicd_ = 0;
    std::uint64_t gicc_ = 0;
};

} // namespace guest
