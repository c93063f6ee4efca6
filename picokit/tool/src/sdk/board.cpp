// SPDX-License-Identifier: BSD-2-Clause
// What the tool knows of a board: board.json of the SDK.
#include "sdk/board.hpp"

#include "arch/stage2.hpp"
#include "base/checked.hpp"
#include "files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tool {
namespace {

using Json = nlohmann::json;

/// A JSON object and how to say which one it is.
struct Reader {
    const Location& where;
    const Json&     object;
    std::string     path{};

    [[nodiscard]] std::unexpected<Diagnostic> wrong(std::string_view key,
                                                    std::string_view expected) const
    {
        return refuse(where, fmt::format("'{}{}' is not {}", path, key, expected),
                      "the SDK is damaged or of another kind: build or install it again");
    }
    [[nodiscard]] Result<const Json*> member(const char* key) const
    {
        if (!object.is_object() || !object.contains(key)) {
            return refuse(where, fmt::format("'{}{}' is missing", path, key),
                          "the SDK is damaged or of another kind: build or install it again");
        }
        return &object[key];
    }
    [[nodiscard]] Result<std::uint64_t> number(const char* key) const
    {
        const auto* value = TRY(member(key));
        if (!value->is_number_unsigned()) {
            return wrong(key, "an unsigned number");
        }
        return value->get<std::uint64_t>();
    }
    [[nodiscard]] Result<std::string> text(const char* key) const
    {
        const auto* value = TRY(member(key));
        if (!value->is_string()) {
            return wrong(key, "a text");
        }
        return value->get<std::string>();
    }
    [[nodiscard]] Result<const Json*> list(const char* key) const
    {
        const auto* value = TRY(member(key));
        if (!value->is_array()) {
            return wrong(key, "a list");
        }
        return value;
    }
    /// "start" and "size", widened to whole pages.
    [[nodiscard]] Result<base::HostRange> range() const
    {
        const auto start  = TRY(number("start"));
        const auto size   = TRY(number("size"));
        const auto first  = base::align_down(start, arch::k_page_size);
        const auto end    = base::checked_add(start, size);
        const auto beyond = end ? base::align_up(*end, arch::k_page_size) : std::nullopt;
        if (!beyond || size == 0) {
            return wrong("size", "a size that fits the address space");
        }
        return *base::HostRange::create(base::HostPhysical{first}, *beyond - first);
    }
};

Result<> read_ranges(const Reader& board, const char* key, bool named, std::vector<NamedRange>& out)
{
    const auto* list = TRY(board.list(key));
    for (std::size_t i = 0; i < list->size(); ++i) {
        const Reader item{board.where, (*list)[i], fmt::format("{}[{}].", key, i)};
        const auto   range = TRY(item.range());
        std::string  name  = key;
        if (named) {
            name = TRY(item.text("name"));
        }
        out.push_back({std::move(name), range});
    }
    return {};
}

} // namespace

Result<Board> read_board(const std::filesystem::path& file)
{
    const Location where{file.string()};
    const auto     bytes = TRY(read_file(file, where));
    const auto*    text  = reinterpret_cast<const char*>(bytes.data());
    const auto     json  = Json::parse(text, text + bytes.size(), nullptr, false);
    const Reader   reader{where, json};

    Board board;
    board.name           = TRY(reader.text("name"));
    const auto arch_name = TRY(reader.text("arch"));
    const auto pa_bits   = TRY(reader.number("pa_bits"));
    board.cores          = TRY(reader.number("cores"));
    board.load_address   = base::HostPhysical{TRY(reader.number("load_address"))};
    board.max_irq        = TRY(reader.number("max_irq"));
    board.timer_hz       = TRY(reader.number("timer_hz"));
    const auto* reserved = TRY(reader.list("reserved_irqs"));
    const auto* console  = TRY(reader.member("console"));
    board.console        = TRY((Reader{where, *console, "console."}.range()));
    TRY(read_ranges(reader, "ram", false, board.ram));
    TRY(read_ranges(reader, "kernel_devices", true, board.kernel_devices));
    for (const auto& irq : *reserved) {
        if (!irq.is_number_unsigned()) {
            return reader.wrong("reserved_irqs", "a list of unsigned numbers");
        }
        board.reserved_irqs.push_back(irq.get<std::uint64_t>());
    }
    if (arch_name != "aarch64" || pa_bits != arch::k_stage2_address_bits) {
        return refuse(where,
                      fmt::format("board '{}' is {} with {} bits of physical address", board.name,
                                  arch_name, pa_bits),
                      fmt::format("picokit runs on aarch64 with {} bits; use another kernel's SDK",
                                  arch::k_stage2_address_bits));
    }
    if (board.timer_hz == 0 || board.cores == 0 || board.cores > 256) {
        return reader.wrong(board.timer_hz == 0 ? "timer_hz" : "cores", "in range");
    }
    board.pa_bits = static_cast<unsigned>(pa_bits);
    return board;
}

} // namespace tool
