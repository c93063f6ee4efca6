// SPDX-License-Identifier: BSD-2-Clause
// Exits in words.
#include "vmm/exit_log.hpp"

namespace vmm {

using base::Hex;
using base::print;

namespace {

template <class What>
bool is(const ExitRecord& record)
{
    return record.tag.get<ExitTag::kind>() == exit_index<What>();
}

/// The same exit at the same place: a loop.
bool is_same(const ExitRecord& a, const ExitRecord& b)
{
    return a.tag.raw() == b.tag.raw() && a.pc == b.pc && a.detail == b.detail;
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

void print_access(base::Sink sink, const ExitRecord& record, std::string_view verb)
{
    const auto iss =
        arch::DataAbortIss{arch::Esr{record.tag.get<ExitTag::syndrome>()}.get<arch::Esr::iss>()};
    const auto size = bytes(static_cast<AccessSize>(iss.get<arch::DataAbortIss::sas>()));
    print(sink, verb, ' ', size, size == 1 ? " byte at " : " bytes at ", Hex{record.detail, 8});
}

} // namespace

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
    if (is<MmioRead>(record)) {
        print_access(sink, record, "read");
    } else if (is<MmioWrite>(record)) {
        print_access(sink, record, "wrote");
    } else if (is<UndescribedAccess>(record)) {
        print(sink, "accessed ", Hex{record.detail, 8},
              " in a way that the syndrome does not describe");
    } else if (is<CacheMaintenance>(record)) {
        print(sink, "maintained the cache at ", Hex{record.detail, 8});
    } else if (is<BrokenAccess>(record)) {
        print(sink, "walked its tables through ", Hex{record.detail, 8});
    } else if (is<FetchAbort>(record)) {
        print(sink, "fetched an instruction at ", Hex{record.detail, 8});
    } else if (is<Hypercall>(record)) {
        print(sink, "HVC, function ", Hex{record.detail & 0xffff'ffff, 8});
    } else if (is<HypercallWithoutWords>(record)) {
        print(sink, "HVC");
    } else if (is<SecureCall>(record)) {
        print(sink, "SMC");
    } else if (is<WaitForInterrupt>(record)) {
        print(sink, "WFI");
    } else if (is<WaitForEvent>(record)) {
        print(sink, "WFE");
    } else if (is<SysregRead>(record) || is<SysregWrite>(record)) {
        print(sink, is<SysregRead>(record) ? "read " : "wrote ");
        print_sysreg(sink, arch::Esr{record.tag.get<ExitTag::syndrome>()});
    } else if (is<PrivateInterrupt>(record)) {
        print(sink, "its private interrupt ", record.detail);
    } else if (is<EndOfInterrupt>(record)) {
        print(sink, "end of an interrupt, list register ",
              static_cast<std::int64_t>(record.detail));
    } else if (is<UndefinedInstruction>(record)) {
        print(sink, "undefined instruction");
    } else {
        print(sink, "an exit that nobody knows, ESR ", Hex{record.tag.get<ExitTag::syndrome>(), 8});
    }
}

void print_exits(base::Sink sink, const ExitLog& log, std::uint64_t now, std::uint64_t frequency)
{
    for (unsigned left = log.size(); left != 0;) {
        const Pattern pattern = pattern_at(log, left);
        for (unsigned i = 0; i < pattern.length; ++i) {
            const ExitRecord& record = log.newest(left - 1 - i);
            print(sink, "    -", Seconds{now - record.time, frequency}, " s  vCPU ",
                  unsigned{record.tag.get<ExitTag::vcpu>()}, "  ", record);
            if (record.pc != 0) {
                print(sink, ", pc ", Hex{record.pc});
            }
            print(sink, '\n');
        }
        left -= pattern.length * pattern.times;
        if (pattern.times > 1) {
            print(sink, "      the same ", pattern.times - 1, " times more, until -",
                  Seconds{now - log.newest(left).time, frequency}, " s\n");
        }
    }
}

} // namespace vmm
