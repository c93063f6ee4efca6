// SPDX-License-Identifier: BSD-2-Clause
// Appends operations to a sequence: what all kinds of random operations are made with.
#pragma once

#include "generator.hpp"
#include "priorities.hpp"
#include "random.hpp"

#include "oracle/registers.hpp"

namespace oracle {

// Distributor and SGI frame (IHI 0048B, table 4-1; IHI 0069H, 12.8 and 12.10).
constexpr std::uint32_t k_ctlr = 0x000, k_igroupr = 0x080, k_isenabler = 0x100, k_icenabler = 0x180,
                        k_ispendr = 0x200, k_icpendr = 0x280, k_isactiver = 0x300,
                        k_icactiver = 0x380, k_ipriorityr = 0x400, k_itargetsr = 0x800,
                        k_icfgr = 0xc00, k_sgir = 0xf00, k_cpendsgir = 0xf10, k_spendsgir = 0xf20,
                        k_irouter = 0x6000;
constexpr std::uint32_t k_stride = 0x2'0000, k_sgi_frame = 0x1'0000;
// CPU interface of a GICv2 (table 4-2).
constexpr std::uint32_t k_c_ctlr = 0x00, k_c_pmr = 0x04, k_c_bpr = 0x08, k_c_rpr = 0x14,
                        k_c_hppir = 0x18, k_c_abpr = 0x1c;

/// For its heirs.
class Writer {
protected:
    Writer(const Machine& machine, std::uint64_t seed, const Mix& mix)
        : random_(seed)
        , priorities_(seed)
        , mix_(mix)
        , grouped_(mix.groups && random_.one_in(2))
    {
        sequence_.machine    = machine;
        sequence_.priorities = seed;
        sequence_.grouped    = grouped_;
    }
    ~Writer() = default;

    [[nodiscard]] bool     v3() const { return sequence_.machine.gic == 3; }
    [[nodiscard]] unsigned cpus() const { return sequence_.machine.cpus; }

    Operation& add(Kind kind)
    {
        auto& operation = sequence_.operations.emplace_back();
        operation.kind  = kind;
        operation.cpu   = static_cast<std::uint8_t>(cpu_);
        return operation;
    }

    std::uint32_t intid() { return random_.of(k_pool); }

    // Accesses.

    struct Place {
        Frame         frame;
        std::uint32_t where;
    };

    /// Of a register array with `bits` bits an interrupt: the word that `number` is in.
    Place word_of(std::uint32_t array, std::uint32_t number, std::uint32_t bits)
    {
        const auto offset = array + number * bits / 32 * 4;
        if (v3() && number < 32) {
            const auto owner = random_.one_in(4) ? random_.below(cpus()) : cpu_;
            return {Frame::gicr, owner * k_stride + k_sgi_frame + offset};
        }
        return {Frame::gicd, offset};
    }

    Form form(bool load, std::uint8_t size)
    {
        if (!mix_.odd || !random_.one_in(8)) {
            return Form::plain;
        }
        switch (random_.below(3)) {
        case 0:
            return Form::post_index;
        case 1:
            return Form::zero;
        default:
            return load && size < 8 ? Form::sign : Form::post_index;
        }
    }

    void read(Place place, std::uint8_t size = 4)
    {
        auto& operation = add(Kind::read);
        operation.frame = place.frame;
        operation.where = place.where;
        operation.size  = size;
        operation.form  = static_cast<std::uint8_t>(form(true, size));
        if (size == 4 && mix_.odd && place.where % 8 == 0 && random_.one_in(16)) {
            operation.form = static_cast<std::uint8_t>(Form::pair);
        }
    }

    void write(Place place, std::uint64_t value, std::uint8_t size = 4)
    {
        auto& operation = add(Kind::write);
        operation.frame = place.frame;
        operation.where = place.where;
        operation.size  = size;
        operation.a     = value;
        const auto how  = form(false, size);
        operation.form =
            static_cast<std::uint8_t>(how == Form::zero && value != 0 ? Form::plain : how);
    }

    void write_register(Sysreg reg, std::uint64_t value)
    {
        auto& operation = add(Kind::msr);
        operation.where = static_cast<std::uint32_t>(reg);
        operation.a     = value;
    }
    void read_register(Sysreg reg) { add(Kind::mrs).where = static_cast<std::uint32_t>(reg); }

    /// One or some interrupts of the pool.
    void write_bits(std::uint32_t array)
    {
        const auto    first = intid();
        std::uint32_t bits  = 1U << first % 32;
        for (const auto other : k_pool) {
            if (other / 32 == first / 32 && random_.one_in(6)) {
                bits |= 1U << other % 32;
            }
        }
        write(word_of(array, first, 1), bits);
    }
    /// To one CPU: with several the architecture leaves open which of them takes it.
    void route(std::uint32_t number)
    {
        const auto cpu = random_.below(cpus());
        if (v3()) {
            write({Frame::gicd, k_irouter + 8 * number}, cpu, random_.one_in(3) ? 4 : 8);
        } else {
            write({Frame::gicd, k_itargetsr + number}, 1U << cpu, 1); // never none: v2-no-target
        }
    }
    Random        random_;
    Priorities    priorities_;
    Mix           mix_;
    bool          grouped_; ///< both groups are in use, and enabled together (disabled-group-hides)
    Sequence      sequence_;
    std::uint32_t cpu_ = 0;
};

} // namespace oracle
