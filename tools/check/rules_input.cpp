// SPDX-License-Identifier: BSD-2-Clause
// What the readers of the input refuse.
#include "rule.hpp"

#include <array>

namespace check {
namespace {

constexpr std::array k_rules{
    Rule{"description-refused", Severity::error,
         "the system description is not one that the Microkit tool takes",
         "The image cannot be built. The reader is the image tool's own, so the message is the one "
         "that the build would give.",
         "do what the message says; other rules see the system only afterwards", nullptr},
    Rule{"layout-refused", Severity::error, "the layout cannot be made into a system description",
         "There is no system. The message is sysgen's own.",
         "do what the message says; other rules see the system only afterwards", nullptr},
    Rule{"tree-refused", Severity::error, "a device tree is damaged or does not compile",
         "The guest finds no machine at all: it stops before its first message.",
         "do what dtc says; a blob that is cut off was often linked or copied with a wrong size",
         nullptr},
    Rule{"images-refused", Severity::error, "images that libvmm's loader cannot load",
         "The VMM would say so on the board, and not start the guest. The loader is the VMM's own, "
         "with the files of the build and the guest's RAM.",
         "do what the message says", nullptr},
    Rule{"settings-refused", Severity::error, "a file of VMM settings cannot be understood",
         "What it says is not compared with the rest.",
         "correct the key or value; `vmm check --help` lists them", nullptr},
};

} // namespace

Chapter input_rules() { return {"Reading the input", k_rules}; }

} // namespace check
