// SPDX-License-Identifier: BSD-2-Clause
// The report: what the tool decided, for people.
#include "report/report.hpp"

#include "report/memory.hpp"
#include "report/threads.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace tool {

std::string make_report(const Inputs& inputs, const Layout& layout, const std::string& config)
{
    const std::vector<std::string> sections{
        fmt::format("# System\n\n  board {}, configuration {}\n", inputs.board.name, config),
        report_protection_domains(inputs),
        report_virtual_machines(inputs),
        report_channels(inputs.system),
        report_interrupts(inputs.system),
        report_domains(inputs.system),
        report_regions(inputs, layout),
        report_physical_memory(inputs, layout),
        report_image(inputs, layout),
        report_page_tables(inputs, layout),
        report_boot_work(layout),
    };
    return fmt::format("{}", fmt::join(sections, "\n"));
}

} // namespace tool
