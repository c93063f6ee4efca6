// SPDX-License-Identifier: BSD-2-Clause
// Random operations on the interrupt controller.
#pragma once

#include "writer.hpp"

namespace oracle {

/// Each function appends one operation or a few that belong together.
class GicOperations : protected Writer {
protected:
    using Writer::Writer;
    ~GicOperations() = default;

    void read_state()
    {
        static constexpr std::array k_arrays{k_igroupr,   k_isenabler, k_icenabler, k_ispendr,
                                             k_ispendr,   k_ispendr,   k_icpendr,   k_isactiver,
                                             k_isactiver, k_icactiver};
        const auto                  number = intid();
        switch (random_.below(8)) {
        case 0: {
            auto place = word_of(k_ipriorityr, number, 8);
            if (random_.one_in(2)) {
                read(place);
            } else {
                place.where += number % 4;
                read(place, 1);
            }
            break;
        }
        case 1:
            read(word_of(k_icfgr, number, 2));
            break;
        case 2:
            if (v3()) {
                read({Frame::gicd, k_irouter + 8 * std::max(number, 32U)},
                     random_.one_in(2) ? 4 : 8);
            } else {
                read({Frame::gicd, k_itargetsr + number}, 1);
            }
            break;
        case 3:
            if (!v3()) {
                read({Frame::gicd, k_spendsgir + some_sgi(cpu_)}, 1);
                break;
            }
            [[fallthrough]];
        default:
            read(word_of(random_.of(k_arrays), number, 1));
        }
    }

    void write_enable() { write_bits(random_.below(8) < 5 ? k_isenabler : k_icenabler); }
    void write_pending()
    {
        if (!v3() && random_.one_in(4)) {
            const auto sender = random_.below(cpus());
            const auto sgi    = some_sgi(sender);
            const auto set    = random_.below(3) != 0;
            write({Frame::gicd, (set ? k_spendsgir : k_cpendsgir) + sgi}, 1U << sender, 1);
            return;
        }
        const auto array = random_.below(8) < 6 ? k_ispendr : k_icpendr;
        write_bits(array);
        auto& last = sequence_.operations.back();
        if (!v3() && cpus() > 1 && last.where == array) {
            last.a &= 0xffff; // v2-ppi-set-pending
        }
    }
    void write_active() { write_bits(random_.below(8) < 2 ? k_isactiver : k_icactiver); }

    void write_priority()
    {
        const auto number = intid();
        auto       place  = word_of(k_ipriorityr, number, 8);
        if (random_.one_in(2)) {
            write(place, priorities_.word(number, random_.below(0x1'0000)));
        } else {
            place.where += number % 4;
            write(place, priorities_.of(number, random_.below(32)), 1);
        }
    }

    void write_configuration()
    {
        const auto number = intid();
        auto       value  = static_cast<std::uint32_t>(random_.next()) & 0xaaaa'aaaa;
        if (number / 16 == 1) {
            value &= ~(3U << 2 * (k_virtual_ppi - 16)); // the timer is a level
        }
        if (v3() || cpus() == 1 || number / 16 != 1) { // v2-ppi-configuration
            write(word_of(k_icfgr, number, 2), value);
        }
    }

    void write_group()
    {
        const auto number = intid();
        auto       groups = v3() ? 0xffff'ffffU : 0U;
        if (random_.one_in(2)) {
            groups = static_cast<std::uint32_t>(random_.next());
        }
        write(word_of(k_igroupr, number, 1), number < 32 ? group_sgis(groups) : groups);
    }

    /// With a GICv3 SGI 15 stays in group 0, the others in group 1 (sgi1r-group-0).
    std::uint32_t group_sgis(std::uint32_t groups)
    {
        return v3() && grouped_ ? (groups & 0xffff'0000) | 0x7fff : groups;
    }

    void write_route()
    {
        auto number = intid();
        while (number < 32) {
            number = intid();
        }
        route(number);
    }

    std::uint32_t some_groups()
    {
        if (random_.below(3) != 0) {
            return 3;
        }
        return grouped_ ? 0 : random_.below(4);
    }

    void write_distributor_control()
    {
        const auto groups = some_groups();
        write({Frame::gicd, k_ctlr}, v3() ? 0x10 | groups : groups);
    }

    /// All SGIs of a GICv2 are enabled, so those without a priority of their own are of no use; and
    /// each has one sender (v2-order-of-senders).
    std::uint32_t some_sgi(std::uint32_t sender)
    {
        static constexpr std::array<std::uint32_t, 4> k_some{0, 1, 7, 15};
        if (v3()) {
            return random_.one_in(4) ? random_.below(16) : random_.of(k_some);
        }
        return k_some[(sender + cpus() * random_.below(4 / cpus())) % 4];
    }

    void send_message()
    {
        std::uint64_t sgi = some_sgi(cpu_);
        if (!v3()) {
            const std::uint64_t list = random_.below(1U << cpus());
            write({Frame::gicd, k_sgir}, std::uint64_t{random_.below(3)} << 24 | list << 16 |
                                             random_.below(2) << 15 | sgi);
            return;
        }
        const bool    all  = random_.one_in(6);
        std::uint64_t list = random_.below(1U << cpus());
        if (random_.one_in(10)) {
            list = random_.below(1U << 16);
        }
        const std::uint64_t elsewhere =
            random_.one_in(12) ? 1ULL << (16 + 16 * random_.below(3)) : 0;
        const auto pick = random_.below(12);
        if (grouped_) {
            sgi = pick == 11 ? sgi | 8 : sgi % 15;
        }
        write_register(pick == 11   ? Sysreg::ICC_SGI0R_EL1
                       : pick == 10 ? Sysreg::ICC_ASGI1R_EL1
                                    : Sysreg::ICC_SGI1R_EL1,
                       std::uint64_t{all} << 40 | sgi << 24 | elsewhere | list);
    }

    void read_interface()
    {
        if (v3()) {
            static constexpr std::array k_some{
                Sysreg::ICC_PMR_EL1,     Sysreg::ICC_BPR0_EL1,   Sysreg::ICC_BPR1_EL1,
                Sysreg::ICC_CTLR_EL1,    Sysreg::ICC_RPR_EL1,    Sysreg::ICC_RPR_EL1,
                Sysreg::ICC_HPPIR0_EL1,  Sysreg::ICC_HPPIR1_EL1, Sysreg::ICC_HPPIR1_EL1,
                Sysreg::ICC_IGRPEN0_EL1, Sysreg::ICC_SRE_EL1,    Sysreg::ICC_AP0R0_EL1,
                Sysreg::ICC_IGRPEN1_EL1, Sysreg::ICC_AP1R0_EL1};
            read_register(random_.of(k_some));
        } else {
            static constexpr std::array k_some{k_c_ctlr, k_c_pmr,   k_c_bpr,   k_c_rpr,
                                               k_c_rpr,  k_c_hppir, k_c_hppir, k_c_abpr};
            auto&                       operation = add(Kind::read);
            operation.frame                       = Frame::gicc;
            operation.where                       = random_.of(k_some);
        }
    }

    void write_interface()
    {
        const auto point = 3 + random_.below(5);
        switch (random_.below(4)) {
        case 0: {
            const auto mask = random_.below(3) != 0 ? 0xf8 : random_.next() & 0xf8;
            interface(Sysreg::ICC_PMR_EL1, k_c_pmr, mask);
            break;
        }
        case 1:
            if (random_.one_in(2)) {
                interface(Sysreg::ICC_BPR0_EL1, k_c_bpr, point);
            } else {
                interface(Sysreg::ICC_BPR1_EL1, k_c_abpr, point);
            }
            break;
        case 2:
            write_interface_control();
            break;
        default:
            if (v3() && !grouped_) {
                const bool on = !random_.one_in(4);
                write_register(
                    random_.one_in(2) ? Sysreg::ICC_IGRPEN0_EL1 : Sysreg::ICC_IGRPEN1_EL1, on);
            } else {
                write_interface_control();
            }
        }
    }

    void write_interface_control()
    {
        const std::uint64_t common   = mix_.groups && random_.one_in(4) ? 1 : 0; // CBPR
        const std::uint64_t separate = mix_.separate ? random_.below(2) : 0;     // EOImode
        if (v3()) {
            write_register(Sysreg::ICC_CTLR_EL1, common | separate << 1);
            return;
        }
        const std::uint64_t groups = some_groups();
        const std::uint64_t fiq    = mix_.groups && random_.one_in(3) ? 1 : 0;
        const std::uint64_t both   = 1; // AckCtl (v2-aliases)
        interface(Sysreg::ICC_CTLR_EL1, k_c_ctlr,
                  groups | both << 2 | fiq << 3 | common << 4 | separate << 9);
    }

    void interface(Sysreg reg, std::uint32_t offset, std::uint64_t value)
    {
        if (v3()) {
            write_register(reg, value);
        } else {
            auto& operation = add(Kind::write);
            operation.frame = Frame::gicc;
            operation.where = offset;
            operation.a     = value;
        }
    }

    void handle()
    {
        switch (random_.below(6)) {
        case 0:
            add(Kind::policy).form = static_cast<std::uint8_t>(random_.below(3));
            break;
        case 1:
            add(Kind::ack).form = static_cast<std::uint8_t>(!mix_.groups || !random_.one_in(4));
            break;
        case 2:
            add(Kind::deactivate);
            break;
        default:
            add(Kind::end);
        }
    }
};

} // namespace oracle
