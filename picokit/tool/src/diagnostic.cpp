// SPDX-License-Identifier: BSD-2-Clause
// The one place that fixes how messages look.
#include "diagnostic.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

std::string format_message(std::string_view kind, const Diagnostic& diagnostic)
{
    const auto where = to_string(diagnostic.where);
    auto       text  = where.empty() ? fmt::format("{}: {}\n", kind, diagnostic.what)
                                     : fmt::format("{}: {}: {}\n", where, kind, diagnostic.what);
    if (!diagnostic.hint.empty()) {
        text += fmt::format("    hint: {}\n", diagnostic.hint);
    }
    return text;
}

} // namespace

std::string to_string(const Location& where)
{
    return where.line == 0 ? where.file
                           : fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

std::string format_error(const Diagnostic& diagnostic)
{
    return format_message("error", diagnostic);
}

std::string format_warning(const Diagnostic& diagnostic)
{
    return format_message("warning", diagnostic);
}

} // namespace tool
