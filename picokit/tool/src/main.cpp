// SPDX-License-Identifier: BSD-2-Clause
// microkit: makes a boot image for picokit from a Microkit system description.
#include "run.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int count, char** words)
{
    const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
    return tool::run(arguments, std::cout, std::cerr);
}
