// SPDX-License-Identifier: BSD-2-Clause
// Registers of the GICv3 redistributors (IHI 0069H 12.10, 12.11).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

struct GicrTyper : base::Register<GicrTyper, std::uint64_t> {
    using Register::Register;
    using plpis            = base::Flag<0>; ///< physical LPIs
    using last             = base::Flag<4>; ///< the highest redistributor of a series of pages
    using processor_number = base::Field<23, 8, std::uint16_t>;
    using affinity         = base::Field<63, 32, std::uint32_t>; ///< Aff3.Aff2.Aff1.Aff0
};

struct GicrWaker : base::Register<GicrWaker, std::uint32_t> {
    using Register::Register;
    using processor_sleep = base::Flag<1>;
    using children_asleep = base::Flag<2>;
};

} // namespace arch
