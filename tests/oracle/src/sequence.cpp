// SPDX-License-Identifier: BSD-2-Clause
#include "sequence.hpp"

#include "oracle/registers.hpp"

#include "base/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace oracle {
namespace {

constexpr std::array k_kinds{"read",  "write", "mrs",    "msr", "call", "start",     "stop",
                             "timer", "wait",  "policy", "ack", "end",  "deactivate"};
constexpr std::array k_frames{"gicd", "gicc", "gicr"};
constexpr std::array k_forms{"plain", "post_index", "pair", "zero", "sign"};
constexpr std::array k_conduits{"hvc", "smc"};
constexpr std::array k_timers{"control", "past", "future", "value", "near", "tval", "check"};
constexpr std::array k_waits{"wfi_pending",   "wfi_timer", "wfi_message", "suspend_pending",
                             "suspend_timer", "wfe",       "yield"};
constexpr std::array k_policies{"end", "hold", "drop"};
constexpr std::array k_whats{"value", "result",  "exception", "irq",     "fiq",       "polled",
                             "line",  "skipped", "entered",   "flooded", "off_failed"};
constexpr std::array k_registers{
#define ORACLE_REGISTER(name, encoding) #name,
#include "oracle/registers.inc"
#undef ORACLE_REGISTER
};

static_assert(k_kinds.size() == static_cast<std::size_t>(Kind::count_));
static_assert(k_frames.size() == static_cast<std::size_t>(Frame::count_));
static_assert(k_forms.size() == static_cast<std::size_t>(Form::count_));
static_assert(k_conduits.size() == static_cast<std::size_t>(Conduit::count_));
static_assert(k_timers.size() == static_cast<std::size_t>(TimerForm::count_));
static_assert(k_waits.size() == static_cast<std::size_t>(WaitForm::count_));
static_assert(k_policies.size() == static_cast<std::size_t>(Policy::count_));
static_assert(k_whats.size() == static_cast<std::size_t>(What::count_));
static_assert(k_registers.size() == static_cast<std::size_t>(Sysreg::count_));

/// Takes a line apart, word by word.
class Words {
public:
    explicit Words(std::string_view line)
    {
        std::istringstream stream{std::string{line}};
        for (std::string word; stream >> word;) {
            words_.push_back(word);
        }
    }
    [[nodiscard]] bool empty() const { return at_ == words_.size(); }

    std::string next() { return empty() ? std::string{} : words_[at_++]; }

    std::uint64_t number()
    {
        const auto    word  = next();
        const bool    hex   = word.starts_with("0x");
        std::uint64_t value = 0;
        const auto    first = word.data() + (hex ? 2 : 0);
        const auto    last  = word.data() + word.size();
        const auto    end   = std::from_chars(first, last, value, hex ? 16 : 10);
        failed_             = failed_ || end.ptr != last || first == last;
        return value;
    }
    std::uint64_t number_or_zero() { return empty() ? 0 : number(); }

    template <class Names>
    std::uint8_t name(const Names& names)
    {
        const auto word  = next();
        const auto found = std::ranges::find(names, word);
        failed_          = failed_ || found == names.end();
        return static_cast<std::uint8_t>(found - names.begin());
    }
    [[nodiscard]] bool ok() const { return !failed_ && empty(); }

private:
    std::vector<std::string> words_;
    std::size_t              at_     = 0;
    bool                     failed_ = false;
};

std::string format_access(const Operation& operation)
{
    auto text = fmt::format(" {} {:#x} {} {}", k_frames[static_cast<std::size_t>(operation.frame)],
                            operation.where, operation.size, k_forms[operation.form]);
    if (operation.kind == Kind::write) {
        text += fmt::format(" {:#x}", operation.a);
        if (static_cast<Form>(operation.form) == Form::pair) {
            text += fmt::format(" {:#x}", operation.b);
        }
    }
    return text;
}

void parse_arguments(Operation& operation, Words& words)
{
    switch (operation.kind) {
    case Kind::read:
    case Kind::write:
        operation.frame = static_cast<Frame>(words.name(k_frames));
        operation.where = static_cast<std::uint32_t>(words.number());
        operation.size  = static_cast<std::uint8_t>(words.number());
        operation.form  = words.name(k_forms);
        if (operation.kind == Kind::write) {
            operation.a = words.number();
            operation.b = words.number_or_zero();
        }
        break;
    case Kind::mrs:
    case Kind::msr:
        operation.where = words.name(k_registers);
        operation.a     = operation.kind == Kind::msr ? words.number() : 0;
        break;
    case Kind::call:
        operation.form  = words.name(k_conduits);
        operation.where = static_cast<std::uint32_t>(words.number());
        operation.a     = words.number_or_zero();
        operation.b     = words.number_or_zero();
        operation.c     = words.number_or_zero();
        break;
    case Kind::start:
        operation.where = static_cast<std::uint32_t>(words.number());
        break;
    case Kind::timer:
        operation.form = words.name(k_timers);
        operation.a    = words.number_or_zero();
        break;
    case Kind::wait:
        operation.form = words.name(k_waits);
        operation.a    = words.number_or_zero();
        break;
    case Kind::policy:
        operation.form = words.name(k_policies);
        break;
    case Kind::ack:
        operation.form = static_cast<std::uint8_t>(words.number());
        break;
    default:
        break;
    }
}

std::string rest_of(std::string_view line, std::string_view first)
{
    return std::string{line.substr(std::min(line.size(), first.size() + 1))};
}

} // namespace

const char* register_name(std::uint32_t number)
{
    return number < k_registers.size() ? k_registers[number] : "?";
}

std::string format(const Operation& operation)
{
    auto text =
        fmt::format("{} {}", operation.cpu, k_kinds[static_cast<std::size_t>(operation.kind)]);
    switch (operation.kind) {
    case Kind::read:
    case Kind::write:
        return text + format_access(operation);
    case Kind::mrs:
        return text + fmt::format(" {}", register_name(operation.where));
    case Kind::msr:
        return text + fmt::format(" {} {:#x}", register_name(operation.where), operation.a);
    case Kind::call:
        return text + fmt::format(" {} {:#x} {:#x} {:#x} {:#x}", k_conduits[operation.form],
                                  operation.where, operation.a, operation.b, operation.c);
    case Kind::start:
        return text + fmt::format(" {}", operation.where);
    case Kind::timer:
        return text + fmt::format(" {} {:#x}", k_timers[operation.form], operation.a);
    case Kind::wait:
        return text + fmt::format(" {} {}", k_waits[operation.form], operation.a);
    case Kind::policy:
        return text + fmt::format(" {}", k_policies[operation.form]);
    case Kind::ack:
        return text + fmt::format(" {}", operation.form);
    default:
        return text;
    }
}

Result<Operation> parse_operation(std::string_view line)
{
    Words     words(line);
    Operation operation{};
    operation.cpu   = static_cast<std::uint8_t>(words.number());
    const auto kind = words.name(k_kinds);
    if (kind < k_kinds.size()) {
        operation.kind = static_cast<Kind>(kind);
        parse_arguments(operation, words);
    }
    if (!words.ok()) {
        return std::unexpected(fmt::format("\"{}\" is no operation", line));
    }
    return operation;
}

std::string format(const Sequence& sequence)
{
    auto text = fmt::format("gic {}\ncpus {}\nheld {}\npriorities {}\n{}", sequence.machine.gic,
                            sequence.machine.cpus, sequence.most_held, sequence.priorities,
                            sequence.grouped ? "grouped\n" : "");
    if (!sequence.fails.empty()) {
        text += "fails " + sequence.fails + "\n";
    }
    for (const auto& operation : sequence.operations) {
        text += format(operation) + "\n";
    }
    return text;
}

Result<Sequence> parse_sequence(std::string_view text)
{
    Sequence           sequence;
    std::istringstream stream{std::string{text}};
    for (std::string line; std::getline(stream, line);) {
        Words      words(line);
        const auto first = words.next();
        if (first.empty() || first.starts_with("#")) {
            continue;
        }
        if (first == "gic") {
            sequence.machine.gic = static_cast<unsigned>(words.number());
        } else if (first == "cpus") {
            sequence.machine.cpus = static_cast<unsigned>(words.number());
        } else if (first == "held") {
            sequence.most_held = static_cast<unsigned>(words.number());
        } else if (first == "priorities") {
            sequence.priorities = words.number();
        } else if (first == "grouped") {
            sequence.grouped = true;
        } else if (first == "fails") {
            sequence.fails = rest_of(line, first);
        } else {
            sequence.operations.push_back(TRY(parse_operation(line)));
            sequence.operations.back().number =
                static_cast<std::uint32_t>(sequence.operations.size() - 1);
        }
    }
    return sequence;
}

Result<Sequence> read_sequence(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    if (!stream) {
        return std::unexpected(fmt::format("{} cannot be read", file.string()));
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto              sequence = parse_sequence(text);
    if (!sequence) {
        return std::unexpected(fmt::format("{}: {}", file.string(), sequence.error()));
    }
    return sequence;
}

std::string format(const Record& record)
{
    const auto what = static_cast<std::size_t>(record.what);
    const auto name = what < k_whats.size() ? k_whats[what] : "?";
    if (record.what == What::irq || record.what == What::fiq || record.what == What::polled) {
        return fmt::format("CPU {} {}: interrupt {} of sender {}, group {}, running priority {:#x}",
                           record.cpu, name, record.value & 0x3ff, record.value >> 10 & 7,
                           record.value >> 31 & 1, record.value >> 32);
    }
    return fmt::format("CPU {} {}: {:#x}", record.cpu, name, record.value);
}

} // namespace oracle
