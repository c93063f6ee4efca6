// SPDX-License-Identifier: BSD-2-Clause
// GICv3 (IHI 0069): distributor and redistributors in memory, CPU interface in system registers.
#pragma once

#include "guest/gic.hpp"

namespace guest {

class GicV3 final : public Gic {
public:
    void          locate(std::uint64_t distributor, std::uint64_t redistributors);
    void          configure() override;
    void          configure_cpu() override;
    void          enable(std::uint32_t intid) override;
    void          disable(std::uint32_t intid) override;
    void          send_to_self(std::uint32_t sgi) override;
    void          send(std::uint64_t mpidr, std::uint32_t sgi) override;
    std::uint32_t acknowledge() override;
    void          end(std::uint32_t raw) override;
    const char*   name() const override { return "GICv3"; }

private:
    /// This CPU's frame, found by its affinity in GICR_TYPER.
    [[nodiscard]] std::uint64_t own_redistributor() const;

    std::uint64_t gicd_ = 0;
    std::uint64_t gicr_ = 0;
};

} // namespace guest
