// SPDX-License-Identifier: BSD-2-Clause
// A machine of each GIC version on a kernel of each kind, for what all four must do with
// interrupts.
#pragma once

#include "gic_fake.hpp"

namespace vmm_test {

/// What the tests of GicDelivery are run with; gic_delivery_test.cpp has the list.
struct Shape {
    GicVersion version;
    Kernel     kernel;
};

class GicDelivery : public testing::TestWithParam<Shape> {
protected:
    static GicConfig config(unsigned vcpus = 1, unsigned spis = 64, unsigned list_registers = 4)
    {
        return {GetParam().version, vcpus, spis, list_registers};
    }
    static bool sees() { return GetParam().kernel == Kernel::seeing; }

    FakeMachine machine{config(), GetParam().kernel};
    vmm::Gic&   gic = machine.gic;
};

} // namespace vmm_test
