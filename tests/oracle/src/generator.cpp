// SPDX-License-Identifier: BSD-2-Clause
// What is left out on purpose is among the rows of departures.cpp.
#include "generator.hpp"

#include "gic_operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace oracle {
namespace {

class Generator : GicOperations {
public:
    Generator(const Machine& machine, std::uint64_t seed, const Mix& mix)
        : GicOperations(machine, seed, mix)
    {
    }

    Sequence generate(std::size_t operations)
    {
        prepare();
        while (sequence_.operations.size() < operations) {
            cpu_ = random_.below(cpus());
            step();
        }
        sequence_.operations.resize(operations);
        for (std::uint32_t i = 0; i < operations; ++i) {
            sequence_.operations[i].number = i;
        }
        return std::move(sequence_);
    }

private:
    // The state that a CPU, and the whole machine, starts with.

    void prepare()
    {
        cpu_ = 0;
        write({Frame::gicd, k_ctlr}, v3() ? 0x13 : 3);
        for (const auto number : k_pool) {
            if (number >= 32) {
                write({Frame::gicd, k_isenabler + number / 32 * 4}, 1U << number % 32);
                route(number);
            }
        }
        for (cpu_ = 0; cpu_ < cpus(); ++cpu_) {
            prepare_cpu(true);
        }
    }

    void prepare_cpu(bool first)
    {
        if (first) {
            const auto own =
                v3() ? Place{Frame::gicr, cpu_ * k_stride + k_sgi_frame} : Place{Frame::gicd, 0};
            for (const auto number : k_pool) {
                if (number < 32) {
                    write({own.frame, own.where + k_isenabler}, 1U << number);
                }
            }
        }
        interface(Sysreg::ICC_PMR_EL1, k_c_pmr, 0xf8);
    }

    // What operations there are, each as often as its number says.

    void step()
    {
        struct Choice {
            std::uint32_t often;
            bool          on;
            void (Generator::*make)();
        };
        const std::array choices{
            Choice{20, true, &Generator::read_state},
            Choice{6, true, &Generator::write_enable},
            Choice{16, true, &Generator::write_pending},
            Choice{5, mix_.activity, &Generator::write_active},
            Choice{5, true, &Generator::write_priority},
            Choice{2, true, &Generator::write_configuration},
            Choice{2, grouped_, &Generator::write_group},
            Choice{4, true, &Generator::write_route},
            Choice{1, true, &Generator::write_distributor_control},
            Choice{12, mix_.messages, &Generator::send_message},
            Choice{8, true, &Generator::read_interface},
            Choice{7, true, &Generator::write_interface},
            Choice{14, mix_.delivery, &Generator::handle},
            Choice{6, mix_.timer, &Generator::timer},
            Choice{5, mix_.wait, &Generator::wait},
            Choice{1, mix_.power && cpus() > 1, &Generator::power},
            Choice{3, mix_.calls, &Generator::call},
            Choice{3, mix_.sysregs, &Generator::plain_register},
            Choice{3, mix_.odd, &Generator::read_anything},
        };
        std::uint32_t sum = 0;
        for (const auto& choice : choices) {
            sum += choice.on ? choice.often : 0;
        }
        auto pick = random_.below(sum);
        for (const auto& choice : choices) {
            const auto often = choice.on ? choice.often : 0;
            if (pick < often) {
                (this->*choice.make)();
                return;
            }
            pick -= often;
        }
    }
    void timer()
    {
        const auto form = random_.below(static_cast<std::uint32_t>(TimerForm::count_));
        auto&      op   = add(Kind::timer);
        op.form         = static_cast<std::uint8_t>(form);
        switch (static_cast<TimerForm>(form)) {
        case TimerForm::control:
            op.a = random_.below(4);
            break;
        case TimerForm::past:
            op.a = 1 + random_.below(1000);
            break;
        case TimerForm::future:
            op.a = random_.below(1'000'000);
            break;
        case TimerForm::value:
            op.a = random_.of(std::array{std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0},
                                         std::uint64_t{1} << 63});
            break;
        case TimerForm::near:
            op.a = random_.below(20'000);
            break;
        case TimerForm::tval:
            op.a = random_.one_in(2) ? 0x4000'0000 + random_.below(0x3fff'ffff)
                                     : 0x8000'0000 + random_.below(0x3fff'ffff);
            break;
        default:
            break;
        }
    }

    void wait()
    {
        const auto form = random_.below(static_cast<std::uint32_t>(WaitForm::count_));
        auto&      op   = add(Kind::wait);
        op.form         = static_cast<std::uint8_t>(form);
        op.a            = static_cast<WaitForm>(form) == WaitForm::wfi_message ? some_group_1_sgi()
                                                                               : 1 + random_.below(100'000);
    }

    /// CPU 0 sends it by ICC_SGI1R_EL1 (sgi1r-group-0).
    std::uint32_t some_group_1_sgi()
    {
        const auto sgi = some_sgi(0);
        return v3() && grouped_ ? sgi % 15 : sgi;
    }

    void power()
    {
        if (random_.one_in(4)) {
            add(Kind::start).where = random_.below(cpus()); // mostly one that is on
            return;
        }
        cpu_ = 1 + random_.below(cpus() - 1);
        add(Kind::stop);
        const auto stopped = cpu_;
        const auto between = random_.below(12);
        for (std::uint32_t i = 0; i < between; ++i) {
            cpu_ = random_.below(cpus());
            if (random_.one_in(2)) {
                write_pending();
            } else {
                send_message();
            }
        }
        cpu_                   = 0;
        add(Kind::start).where = stopped;
        cpu_                   = stopped;
        prepare_cpu(false);
    }

    void call();
    void plain_register();
    void read_anything();
};

void Generator::call()
{
    // PSCI functions that only answer (DEN0022F.b, 5.2); those that act are operations of their
    // own.
    constexpr std::uint32_t k_version = 0x8400'0000, k_affinity_info = 0x8400'0004,
                            k_migrate_info = 0x8400'0006, k_features = 0x8400'000a,
                            k_cpu_on = 0x8400'0003, k_smc64 = 0x4000'0000, k_smccc = 0x8000'0000,
                            k_arch_features = 0x8000'0001, k_migrate = 0x8400'0005;
    auto& op = add(Kind::call);
    op.form  = static_cast<std::uint8_t>(random_.one_in(8) ? Conduit::smc : Conduit::hvc);
    switch (random_.below(8)) {
    case 0:
        op.where = random_.of(std::array{k_version, k_migrate_info, k_migrate, k_smccc,
                                         k_version | k_smc64, k_migrate_info | k_smc64});
        break;
    case 1:
    case 2:
        op.where = k_features;
        op.a     = random_.one_in(8) ? random_.next()
                                     : 0x8400'0000ULL | random_.below(2) << 30 | random_.below(0x20);
        break;
    case 3:
    case 4:
        op.where = k_affinity_info | random_.below(2) << 30;
        op.a     = random_.below(cpus() + 2) | (random_.one_in(4) ? 1ULL << random_.below(64) : 0);
        op.b     = random_.below(5);
        break;
    case 5: {
        // Never one that would start: no such CPU.
        constexpr std::array<std::uint64_t, 6> k_nobody{4,           0x100,         0x10000,
                                                        0x8000'0000, 0x1'0000'0000, 0xff};
        op.where = k_cpu_on | random_.below(2) << 30;
        op.a     = random_.of(k_nobody);
        op.b     = 0x4020'0000;
        break;
    }
    case 6:
        op.where = k_arch_features;
        op.a = random_.of(std::array{0x8000'0000ULL, 0x8000'0001ULL, 0x8000'8000ULL, 0x8000'7fffULL,
                                     0x8000'3fffULL, 0x8400'0000ULL, 0ULL});
        break;
    default: {
        // No such function, or another owner's.
        constexpr std::array<std::uint32_t, 8> k_unknown{0x8400'0020, 0xc400'001f, 0x8200'0000,
                                                         0xc300'0001, 0x0400'0000, 0xbf00'ff01,
                                                         0x8600'ff01, 0xffff'ffff};
        op.where = random_.of(k_unknown);
    }
    }
}

void Generator::plain_register()
{
    constexpr auto              k_first = static_cast<std::uint32_t>(Sysreg::MIDR_EL1);
    constexpr auto              k_own   = static_cast<std::uint32_t>(Sysreg::CSSELR_EL1);
    constexpr auto              k_none  = static_cast<std::uint32_t>(Sysreg::HCR_EL2);
    constexpr auto              k_end   = static_cast<std::uint32_t>(Sysreg::count_);
    static constexpr std::array k_writable{
        Sysreg::TPIDR_EL1, Sysreg::TPIDR_EL0,      Sysreg::TPIDRRO_EL0, Sysreg::TTBR0_EL1,
        Sysreg::TTBR1_EL1, Sysreg::CONTEXTIDR_EL1, Sysreg::MAIR_EL1,    Sysreg::CSSELR_EL1};
    switch (random_.below(4)) {
    case 0:
    case 1:
        read_register(static_cast<Sysreg>(k_first + random_.below(k_own - k_first)));
        break;
    case 2:
        read_register(random_.one_in(4)
                          ? static_cast<Sysreg>(k_none + random_.below(k_end - k_none))
                          : static_cast<Sysreg>(k_own + random_.below(k_none - k_own)));
        break;
    default: {
        const auto reg = random_.of(k_writable);
        write_register(reg, reg == Sysreg::CSSELR_EL1 ? random_.below(4) : random_.next() >> 1);
    }
    }
}

void Generator::read_anything()
{
    // Words anywhere: registers that the others do not read, and those that are not there.
    const auto frame = v3() && random_.one_in(2) ? Frame::gicr : Frame::gicd;
    const auto limit = frame == Frame::gicr ? cpus() * k_stride : v3() ? 0x1'0000U : 0x1000U;
    auto       where = random_.below(limit);
    if (random_.one_in(2)) {
        // More often where something is.
        constexpr std::array<std::uint32_t, 14> k_some{0,      4,      8,      0xc,     0x14,
                                                       0x40,   0xffd0, 0xffe0, 0xffe4,  0xffe8,
                                                       0xfff0, 0xfffc, 0x6000, 0x1'0000};
        where = random_.of(k_some) % limit;
        if (!v3() && where >= 0xff00) {
            where &= 0xfff;
        }
    }
    read({frame, where & ~3U});
}

} // namespace

Result<Mix> mix_without(std::string_view without)
{
    Mix mix;
    struct Name {
        std::string_view name;
        bool Mix::*flag;
    };
    constexpr std::array k_names{Name{"delivery", &Mix::delivery}, Name{"activity", &Mix::activity},
                                 Name{"groups", &Mix::groups},     Name{"separate", &Mix::separate},
                                 Name{"odd", &Mix::odd},           Name{"messages", &Mix::messages},
                                 Name{"timer", &Mix::timer},       Name{"wait", &Mix::wait},
                                 Name{"power", &Mix::power},       Name{"calls", &Mix::calls},
                                 Name{"sysregs", &Mix::sysregs}};
    while (!without.empty()) {
        const auto comma = std::min(without.find(','), without.size());
        const auto word  = without.substr(0, comma);
        const auto found = std::find_if(k_names.begin(), k_names.end(),
                                        [&](const Name& entry) { return entry.name == word; });
        if (found == k_names.end()) {
            return std::unexpected(fmt::format("--without: there is no {}", word));
        }
        mix.*(found->flag) = false;
        without.remove_prefix(std::min(comma + 1, without.size()));
    }
    return mix;
}

Sequence generate(const Machine& machine, std::uint64_t seed, std::size_t operations,
                  const Mix& mix)
{
    return Generator(machine, seed, mix).generate(operations);
}

} // namespace oracle
