// SPDX-License-Identifier: BSD-2-Clause
// What a Linux kernel's memory tells: names, its log, its panic.
#include "black_box.hpp"

#include "vmm/exit_log.hpp"

#include <algorithm>

namespace vmm {

using base::GuestPhysical;
using base::Hex;
using base::print;

namespace {

constexpr std::uint64_t    k_page        = 4096;
constexpr std::uint64_t    k_tail        = 32; ///< messages that are printed
constexpr std::size_t      k_line        = 160;
constexpr std::string_view k_panic       = "Kernel panic - not syncing";
constexpr std::uint64_t    k_nanoseconds = 1'000'000'000;

std::string_view panic_in(const EarlyLog& log, const GuestMemory& memory, std::uint64_t count,
                          std::span<char> room)
{
    for (std::size_t i = 0; i < std::min<std::uint64_t>(count, log.size()); ++i) {
        const auto text = log.text(memory, i, room);
        if (text.starts_with(k_panic)) {
            return text;
        }
    }
    return {};
}

void print_early_log(base::Sink sink, const KernelView& kernel)
{
    const auto* const log = kernel.early();
    if (log == nullptr || log->size() == 0) {
        return;
    }
    print(sink, "  the end of its dmesg, without times:\n");
    for (auto i = std::min<std::size_t>(k_tail, log->size()); i != 0; --i) {
        std::array<char, k_line> room; // NOLINT(cppcoreguidelines-pro-type-member-init): filled
        print(sink, "    ", log->text(kernel.memory(), i - 1, room), '\n');
    }
}

} // namespace

bool KernelView::open(GuestPhysical notes)
{
    std::optional<KernelNotes> read;
    if (const auto page = space_.memory().window(notes, k_page)) {
        read = read_kernel_notes(page->bytes());
    }
    if (!read) {
        return false;
    }
    const GuestPhysical tables{read->swapper_pg_dir - read->image_offset};
    if (space_.is_translated() && space_.memory().contains(tables, k_page)) {
        space_.use_kernel_tables(tables);
    }
    log_ = KernelLog::create(space_, *read);
    if (!log_) {
        space_.use_kernel_tables(tables_); // what they say is not so
        return false;
    }
    notes_ = read;
    return true;
}

void KernelView::read_symbols()
{
    if (notes_) {
        symbols_ = Kallsyms::create(space_, *notes_);
    }
}

void KernelView::print_place(base::Sink sink, std::uint64_t address) const
{
    print(sink, Hex{address});
    if (const auto symbol = symbols_ ? symbols_->find(base::GuestVirtual{address}) : std::nullopt) {
        print(sink, ' ', symbol->name(), '+', Hex{symbol->offset}, '/', Hex{symbol->size});
    }
}

std::string_view KernelView::find_panic(std::uint64_t count, std::span<char> room) const
{
    if (!log_) {
        return early_ != nullptr ? panic_in(*early_, space_.memory(), count, room)
                                 : std::string_view{};
    }
    auto id = log_->newest();
    for (std::uint64_t left = std::min(count, log_->capacity()); left != 0;
         --left, id = KernelLog::before(id)) {
        const auto record = log_->record(id);
        // Facility 0 is the kernel's own; what programs write to /dev/kmsg has another.
        if (!record || record->facility != 0 || record->length < k_panic.size()) {
            continue;
        }
        const auto text = log_->text(*record, room);
        if (text.starts_with(k_panic)) {
            return text;
        }
    }
    return {};
}

std::optional<std::size_t> KernelView::find_text(std::span<const std::string_view> texts) const
{
    std::optional<std::size_t> found;
    const auto                 look_at = [&](std::string_view text) {
        for (std::size_t i = 0; i < found.value_or(texts.size()); ++i) {
            if (text.contains(texts[i])) {
                found = i;
            }
        }
    };
    std::array<char, k_line> room; // NOLINT(cppcoreguidelines-pro-type-member-init): filled
    if (!log_) {
        for (std::size_t i = 0; early_ != nullptr && i < std::min(2 * k_tail, early_->size());
             ++i) {
            look_at(early_->text(space_.memory(), i, room));
        }
        return found;
    }
    auto id = log_->newest();
    for (std::uint64_t left = std::min(2 * k_tail, log_->capacity()); left != 0;
         --left, id = KernelLog::before(id)) {
        const auto record = log_->record(id);
        look_at(record ? log_->text(*record, room) : std::string_view{});
    }
    return found;
}

void print_log(base::Sink sink, const KernelView& kernel)
{
    const auto* const log = kernel.log();
    if (log == nullptr) {
        return print_early_log(sink, kernel);
    }
    print(sink, "  the end of its dmesg:\n");
    const auto count = std::min(k_tail, log->capacity());
    auto       id    = log->newest();
    for (std::uint64_t i = 1; i < count; ++i) {
        id = KernelLog::before(id);
    }
    for (std::uint64_t i = 0; i < count; ++i, id = KernelLog::after(id)) {
        std::array<char, k_line> room; // NOLINT(cppcoreguidelines-pro-type-member-init): filled
        if (const auto record = log->record(id)) {
            print(sink, "    [", Seconds{record->nanoseconds, k_nanoseconds}, "] ",
                  log->text(*record, room), '\n');
        }
    }
}

} // namespace vmm
