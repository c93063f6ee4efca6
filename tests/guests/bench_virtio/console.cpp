// SPDX-License-Identifier: BSD-2-Clause
// Lines to a console.
#include "measures.hpp"

#include <array>

namespace bench {

void measure_console(Device& console)
{
    constexpr unsigned          k_transmit = 1; // of the first port (virtIO 1.2, 5.3.2)
    static std::array<char, 64> line{};
    line.fill('-');
    line.back() = '\n';
    measure("console_line", [&] {
        return count([&] {
            console.add(k_transmit, {{address_of(line.data()), line.size(), false}});
            console.notify(k_transmit);
            (void)console.wait(k_transmit);
        });
    });
}

} // namespace bench
