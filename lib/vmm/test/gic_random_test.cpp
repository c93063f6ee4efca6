// SPDX-License-Identifier: BSD-2-Clause
// Random guests against the plain model. A kernel that sees list registers must agree with it in
// every value read and every interrupt taken; a blind one must never lose an interrupt.
#include "gic_random_guest.hpp"

#include <ostream>

namespace vmm_test {

void PrintTo(const RandomRun& run, std::ostream* out)
{
    *out << (run.version == GicVersion::v2 ? "v2 " : "v3 ")
         << (run.kernel == Kernel::blind ? "blind " : "seeing ") << run.list_registers
         << (run.refuses ? " refusing" : "");
}

namespace {

class GicRandom : public testing::TestWithParam<RandomRun> {};

INSTANTIATE_TEST_SUITE_P(All, GicRandom,
                         testing::Values(RandomRun{GicVersion::v2, Kernel::seeing, 4},
                                         RandomRun{GicVersion::v2, Kernel::seeing, 1},
                                         RandomRun{GicVersion::v2, Kernel::blind, 4},
                                         RandomRun{GicVersion::v2, Kernel::blind, 2},
                                         RandomRun{GicVersion::v2, Kernel::blind, 4, true},

                                         RandomRun{GicVersion::v3, Kernel::seeing, 4},
                                         RandomRun{GicVersion::v3, Kernel::seeing, 16},
                                         RandomRun{GicVersion::v3, Kernel::blind, 4},
                                         RandomRun{GicVersion::v3, Kernel::blind, 16},
                                         RandomRun{GicVersion::v3, Kernel::blind, 4, true}));

TEST_P(GicRandom, AgreesWithTheModelAndLosesNothing)
{
    unsigned taken = 0;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        RandomGuest guest{GetParam(), seed};
        for (unsigned step = 0; step < 2000; ++step) {
            SCOPED_TRACE(testing::Message() << "step " << step);
            guest.step();
            if (HasFatalFailure() || HasNonfatalFailure()) {
                return;
            }
        }
        guest.drain();
        if (HasFailure()) {
            return;
        }
        taken += guest.taken();
    }
    EXPECT_GT(taken, 1000U);
}

} // namespace
} // namespace vmm_test
