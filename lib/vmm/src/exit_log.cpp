// SPDX-License-Identifier: BSD-2-Clause
// Exits in words.
#include "vmm/exit_log.hpp"

namespace vmm {

using base::Hex;
using base::print;

namespace {

/// The same exit at the same place: a loop.
bool is_same(const ExitRecord& a, const ExitRecord& b)
{
    return a.tag == b.tag && a.vcpu == b.vcpu && a.detail == b.detail && (a.time() || a.pc == b.pc);
}

/// Exits that come again and again in the same order.
struct Pattern {
    unsigned length; ///< exits
    unsigned times;
};

/// The one at the `left`th of the newest exits that makes most lines one. A guest's loop has few.
Pattern pattern_at(const ExitLog& log, unsigned left)
{
    constexpr unsigned k_longest = 6;

    Pattern best{.length = 1, .times = 1};
    for (unsigned length = 1; length <= k_longest && 2 * length <= left; ++length) {
        unsigned same = length; // exits that repeat the first `length`
        while (same < left &&
               is_same(log.newest(left - 1 - same), log.newest(left - 1 - same + length))) {
            ++same;
        }
        const Pattern pattern{.length = length, .times = same / length};
        if (pattern.length * (pattern.times - 1) > best.length * (best.times - 1)) {
            best = pattern;
        }
    }
    return best;
}

/// An exit in words.
class Words {
public:
    Words(base::Sink sink, const ExitRecord& record)
        : sink_{sink}
        , record_{record}
    {
    }

    void operator()(const MmioRead& access) { print_access("read", access.target.size); }
    void operator()(const MmioWrite& access) { print_access("wrote", access.size); }
    void operator()(const UndescribedAccess& /*access*/)
    {
        print(sink_, "accessed ", place(), " in a way that the syndrome does not describe");
    }
    void operator()(const CacheMaintenance& /*access*/)
    {
        print(sink_, "maintained the cache at ", place());
    }
    void operator()(const BrokenAccess& /*access*/)
    {
        print(sink_, "walked its tables through ", place());
    }
    void operator()(const FetchAbort& /*access*/)
    {
        print(sink_, "fetched an instruction at ", place());
    }
    void operator()(const Hypercall& /*call*/)
    {
        print(sink_, "HVC, function ", Hex{record_.detail & 0xffff'ffff, 8});
    }
    void operator()(const HypercallWithoutWords& /*call*/) { print(sink_, "HVC"); }
    void operator()(const SecureCall& /*call*/) { print(sink_, "SMC"); }
    void operator()(const WaitForInterrupt& /*wait*/) { print(sink_, "WFI"); }
    void operator()(const WaitForEvent& /*wait*/) { print(sink_, "WFE"); }
    void operator()(const SysregRead& access) { print_register("read ", access.syndrome); }
    void operator()(const SysregWrite& access) { print_register("wrote ", access.syndrome); }
    void operator()(const PrivateInterrupt& interrupt)
    {
        print(sink_, "its private interrupt ", interrupt.intid);
    }
    void operator()(const EndOfInterrupt& end)
    {
        print(sink_, "end of an interrupt, list register ",
              static_cast<std::int64_t>(end.list_register));
    }
    void operator()(const UndefinedInstruction& /*instruction*/)
    {
        print(sink_, "undefined instruction");
    }
    void operator()(const UnknownExit& exit)
    {
        print(sink_, "an exit that nobody knows, label ", static_cast<std::uint64_t>(exit.label),
              ", ESR ", Hex{exit.syndrome.raw(), 8});
    }

private:
    [[nodiscard]] Hex place() const { return Hex{record_.detail, 8}; }
    void              print_access(std::string_view verb, AccessSize access_size)
    {
        const auto size = bytes(access_size);
        print(sink_, verb, ' ', size, size == 1 ? " byte at " : " bytes at ", place());
    }
    void print_register(std::string_view verb, arch::Esr syndrome)
    {
        print(sink_, verb);
        print_sysreg(sink_, syndrome);
    }

    base::Sink        sink_;
    const ExitRecord& record_;
};

struct Moment {
    std::uint64_t now;
    std::uint64_t frequency;
};

/// "-1.234567 s", or as many blanks.
void print_time(base::Sink sink, const ExitRecord& record, Moment moment)
{
    if (const auto time = record.time()) {
        print(sink, '-', Seconds{moment.now - *time, moment.frequency}, " s");
    } else {
        print(sink, "           ");
    }
}

/// ", until -1.234567 s": the last time in the `count` exits of which `newest` is the newest.
void print_until(base::Sink sink, const ExitLog& log, unsigned newest, unsigned count,
                 Moment moment)
{
    for (unsigned i = newest; i < newest + count; ++i) {
        if (log.newest(i).time()) {
            print(sink, ", until ");
            print_time(sink, log.newest(i), moment);
            return;
        }
    }
}

} // namespace

Exit ExitRecord::exit() const
{
    using microkit::FaultLabel;

    constexpr std::uint64_t k_labels = 64; // no syndrome is below

    const arch::Esr syndrome{tag};
    switch (static_cast<FaultLabel>(tag)) {
    case FaultLabel::unknown_syscall:
        return Hypercall{};
    case FaultLabel::capability:
        return HypercallWithoutWords{};
    case FaultLabel::gic_maintenance:
        return EndOfInterrupt{detail};
    case FaultLabel::ppi:
        return PrivateInterrupt{static_cast<std::uint32_t>(detail)};
    case FaultLabel::user_exception:
        return UndefinedInstruction{base::GuestVirtual{pc}};
    default:
        break;
    }
    if (tag < k_labels) {
        return UnknownExit{static_cast<FaultLabel>(tag), {}};
    }
    const auto what = syndrome.get<arch::Esr::ec>();
    if (what == arch::Ec::data_lower || what == arch::Ec::instruction_lower) {
        return decode_abort(base::GuestPhysical{detail}, base::GuestVirtual{pc}, syndrome,
                            AsVariant{});
    }
    return decode_trap(syndrome, AsVariant{});
}

std::optional<std::uint64_t> ExitRecord::time() const
{
    if (static_cast<microkit::FaultLabel>(tag) != microkit::FaultLabel::ppi) {
        return std::nullopt;
    }
    return pc;
}

unsigned ExitLog::size() const
{
    unsigned size = 0;
    while (size < k_size && newest(size).tag != 0) {
        ++size;
    }
    return size;
}

void print_one(base::Sink sink, Seconds time)
{
    constexpr std::uint64_t k_microseconds = 1'000'000;
    const auto              frequency      = time.frequency == 0 ? 1 : time.frequency;
    const auto              fraction       = time.ticks % frequency * k_microseconds / frequency;
    print(sink, time.ticks / frequency, '.');
    for (std::uint64_t unit = k_microseconds / 10; unit != 0; unit /= 10) {
        sink(static_cast<char>('0' + fraction / unit % 10));
    }
}

void print_sysreg(base::Sink sink, arch::Esr syndrome)
{
    using Iss      = arch::SysregIss;
    const auto iss = Iss{syndrome.get<arch::Esr::iss>()};
    print(sink, 'S', iss.get<Iss::op0>(), '_', iss.get<Iss::op1>(), "_C", iss.get<Iss::crn>(), "_C",
          iss.get<Iss::crm>(), '_', iss.get<Iss::op2>());
}

void print_one(base::Sink sink, const ExitRecord& record)
{
    std::visit(Words{sink, record}, record.exit());
}

void print_exits(base::Sink sink, const ExitLog& log, std::uint64_t now, std::uint64_t frequency)
{
    const Moment moment{.now = now, .frequency = frequency};
    for (unsigned left = log.size(); left != 0;) {
        const Pattern pattern = pattern_at(log, left);
        for (unsigned i = 0; i < pattern.length; ++i) {
            const ExitRecord& record = log.newest(left - 1 - i);
            print(sink, "    ");
            print_time(sink, record, moment);
            print(sink, "  vCPU ", record.vcpu, "  ", record);
            if (record.pc != 0 && !record.time()) {
                print(sink, ", pc ", Hex{record.pc});
            }
            print(sink, '\n');
        }
        left -= pattern.length * pattern.times;
        if (pattern.times > 1) {
            print(sink, "      the same ", pattern.times - 1, " times more");
            print_until(sink, log, left, pattern.length, moment);
            print(sink, '\n');
        }
    }
}

} // namespace vmm
