// SPDX-License-Identifier: BSD-2-Clause
// How Doxygen's XML becomes pages.
#include "reference.hpp"

namespace manual {

std::map<std::string, std::string> reference(const std::filesystem::path& /*xml*/,
                                             const std::filesystem::path& /*root*/)
{
    return {{"index.md", "# Reference\n"}};
}

} // namespace manual
