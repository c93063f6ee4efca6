// SPDX-License-Identifier: BSD-2-Clause
#include "compare.hpp"

#include "departures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace oracle {
namespace {

constexpr std::size_t k_context = 6; ///< operations shown before the one that disagrees

const Departure* explanation(const Sequence& sequence, const Record& reference, const Record& ours)
{
    const auto& operation = sequence.operations[reference.operation];
    for (const auto& row : departures()) {
        if (row.explains != nullptr && row.explains(sequence.machine, operation, reference, ours)) {
            return &row;
        }
    }
    return nullptr;
}

std::string records_of(const std::vector<Record>& records, std::size_t first,
                       std::uint32_t operation)
{
    while (first > 0 && records[first - 1].operation == operation) {
        --first;
    }
    std::string text;
    for (; first < records.size() && records[first].operation == operation; ++first) {
        text += "      " + format(records[first]) + "\n";
    }
    return text.empty() ? "      nothing\n" : text;
}

std::string describe(const Sequence& sequence, const Log& reference, const Log& ours,
                     std::size_t record, std::uint32_t operation)
{
    auto text =
        fmt::format("operation {} of {} disagrees:\n", operation, sequence.operations.size());
    for (auto i = operation < k_context ? 0 : operation - k_context; i <= operation; ++i) {
        text +=
            fmt::format("  {} {}\n", i == operation ? ">" : " ", format(sequence.operations[i]));
    }
    text += "    QEMU's own machine:\n" + records_of(reference.records, record, operation);
    text += "    ours:\n" + records_of(ours.records, record, operation);
    return text;
}

} // namespace

Comparison compare(const Sequence& sequence, const Log& reference, const Log& ours)
{
    Comparison  result;
    const auto  common = std::min(reference.records.size(), ours.records.size());
    std::size_t i      = 0;
    for (; i < common; ++i) {
        const auto& left  = reference.records[i];
        const auto& right = ours.records[i];
        if (left == right) {
            continue;
        }
        const bool same_place = left.operation == right.operation && left.cpu == right.cpu &&
                                left.operation < sequence.operations.size();
        const auto* const row = same_place ? explanation(sequence, left, right) : nullptr;
        if (row == nullptr) {
            break;
        }
        ++result.departures[row->name];
    }
    result.records = i;
    if (i == reference.records.size() && i == ours.records.size() && reference.finished &&
        ours.finished) {
        result.operations = sequence.operations.size();
        return result;
    }
    const auto last      = static_cast<std::uint32_t>(sequence.operations.size() - 1);
    auto       operation = last;
    for (const auto* log : {&reference, &ours}) {
        if (i < log->records.size()) {
            operation = std::min(operation, log->records[i].operation);
        } else if (!log->finished && i > 0) {
            operation = std::min(operation, log->records[i - 1].operation + 1);
        }
    }
    result.at           = operation;
    result.operations   = operation;
    result.disagreement = describe(sequence, reference, ours, i, operation);
    for (const auto* log : {&reference, &ours}) {
        if (!log->finished) {
            *result.disagreement +=
                fmt::format("    {} stopped before the end, after a record of operation {}{}\n",
                            log == &reference ? "QEMU's own machine" : "ours",
                            log->records.empty() ? 0 : log->records.back().operation,
                            log->console.empty() ? "" : ":\n" + log->console);
        }
    }
    return result;
}

} // namespace oracle
