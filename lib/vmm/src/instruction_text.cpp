// SPDX-License-Identifier: BSD-2-Clause
// Loads and stores from what the decoder makes of them; the rest from a table (Arm ARM DDI 0487,
// C4.1).
#include "vmm/instruction_text.hpp"

#include "arch/a64.hpp"
#include "vmm/instruction.hpp"

namespace vmm {
namespace {

using base::Hex;
using base::print;
using Bits = arch::A64Other;

/// Instructions of one form: those whose bits under `mask` are `value`.
struct Form {
    enum class Operand : std::uint8_t { none, imm16, reg, sysreg_read, sysreg_write };

    std::uint32_t    mask;
    std::uint32_t    value;
    std::string_view name;
    Operand          operand;
};

constexpr Form k_forms[] = {
    {0xffff'ffff, 0xd503'201f, "nop", Form::Operand::none},
    {0xffff'ffff, 0xd503'203f, "yield", Form::Operand::none},
    {0xffff'ffff, 0xd503'205f, "wfe", Form::Operand::none},
    {0xffff'ffff, 0xd503'207f, "wfi", Form::Operand::none},
    {0xffff'ffff, 0xd503'209f, "sev", Form::Operand::none},
    {0xffff'ffff, 0xd503'20bf, "sevl", Form::Operand::none},
    {0xffff'ffff, 0xd69f'03e0, "eret", Form::Operand::none},
    {0xffe0'001f, 0xd400'0001, "svc", Form::Operand::imm16},
    {0xffe0'001f, 0xd400'0002, "hvc", Form::Operand::imm16},
    {0xffe0'001f, 0xd400'0003, "smc", Form::Operand::imm16},
    {0xffe0'001f, 0xd420'0000, "brk", Form::Operand::imm16},
    {0xffe0'001f, 0xd440'0000, "hlt", Form::Operand::imm16},
    {0xfff0'0000, 0xd530'0000, "mrs", Form::Operand::sysreg_read},
    {0xfff0'0000, 0xd510'0000, "msr", Form::Operand::sysreg_write},
    {0xffff'fc1f, 0xd61f'0000, "br", Form::Operand::reg},
    {0xffff'fc1f, 0xd63f'0000, "blr", Form::Operand::reg},
    {0xffff'fc1f, 0xd65f'0000, "ret", Form::Operand::reg},
    {0xffff'0000, 0x0000'0000, "udf", Form::Operand::none},
};

void print_general(base::Sink sink, unsigned number, bool wide, std::string_view at_31)
{
    if (number == 31) {
        print(sink, at_31);
    } else {
        print(sink, wide ? 'x' : 'w', number);
    }
}

void print_base(base::Sink sink, unsigned number) { print_general(sink, number, true, "sp"); }

void print_immediate(base::Sink sink, std::int64_t value)
{
    if (value < 0) {
        print(sink, "#-", Hex{0 - static_cast<std::uint64_t>(value)});
    } else {
        print(sink, '#', Hex{static_cast<std::uint64_t>(value)});
    }
}

std::string_view extend_name(Extend extend)
{
    switch (extend) {
    case Extend::uxtw:
        return "uxtw";
    case Extend::sxtw:
        return "sxtw";
    case Extend::sxtx:
        return "sxtx";
    case Extend::lsl:
        break;
    }
    return "lsl";
}

void print_transferred(base::Sink sink, const MemoryInstruction& it, unsigned which)
{
    if (it.bank == RegisterBank::vector) {
        const char letter = it.unit == 16  ? 'q'
                            : it.unit == 8 ? 'd'
                            : it.unit == 4 ? 's'
                            : it.unit == 2 ? 'h'
                                           : 'b';
        print(sink, letter, unsigned{it.regs[which]});
        return;
    }
    const bool wide = it.size == AccessSize::double_word || (it.sign_extend && it.wide);
    print_general(sink, it.regs[which], wide, wide ? "xzr" : "wzr");
}

void print_address(base::Sink sink, const MemoryInstruction& it)
{
    if (it.addressing == Addressing::literal) {
        print(sink, "[pc, ");
        print_immediate(sink, it.offset);
        return print(sink, ']');
    }
    print(sink, '[');
    print_base(sink, it.base);
    if (it.addressing == Addressing::reg_offset) {
        const bool wide = it.extend == Extend::lsl || it.extend == Extend::sxtx;
        print(sink, ", ");
        print_general(sink, it.index, wide, wide ? "xzr" : "wzr");
        if (it.extend != Extend::lsl || it.shift != 0) {
            print(sink, ", ", extend_name(it.extend), " #", unsigned{it.shift});
        }
        return print(sink, ']');
    }
    if (it.addressing == Addressing::post_index) {
        print(sink, "], ");
        return print_immediate(sink, it.offset);
    }
    if (it.offset != 0) {
        print(sink, ", ");
        print_immediate(sink, it.offset);
    }
    print(sink, it.addressing == Addressing::pre_index ? "]!" : "]");
}

std::string_view suffix(const MemoryInstruction& it)
{
    if (it.bank == RegisterBank::vector) {
        return "";
    }
    switch (it.size) {
    case AccessSize::byte:
        return it.sign_extend ? "sb" : "b";
    case AccessSize::half:
        return it.sign_extend ? "sh" : "h";
    case AccessSize::word:
        return it.sign_extend ? "sw" : "";
    case AccessSize::double_word:
        break;
    }
    return "";
}

void print_memory(base::Sink sink, const MemoryInstruction& it, std::uint32_t word)
{
    if (it.operation == MemoryOperation::zero_block) {
        print(sink, "dc zva, ");
        return print_general(sink, it.regs[0], true, "xzr");
    }
    if (it.operation == MemoryOperation::exclusive) {
        print(sink, "an exclusive or atomic access (", Hex{word, 8}, ") at [");
        print_base(sink, it.base);
        return print(sink, ']');
    }
    if (it.operation == MemoryOperation::prefetch) {
        print(sink, "prfm #", unsigned{it.regs[0]}, ", ");
        return print_address(sink, it);
    }
    const bool store = it.operation == MemoryOperation::store;
    print(sink, store ? "st" : "ld",
          it.count == 2     ? "p"
          : it.unprivileged ? "tr"
                            : "r",
          suffix(it), ' ');
    for (unsigned i = 0; i < it.count; ++i) {
        print_transferred(sink, it, i);
        print(sink, ", ");
    }
    print_address(sink, it);
}

void print_system_register(base::Sink sink, Bits bits)
{
    print(sink, 'S', bits.get<Bits::o0>() ? 3 : 2, '_', bits.get<Bits::op1>(), "_C",
          bits.get<Bits::crn>(), "_C", bits.get<Bits::crm>(), '_', bits.get<Bits::op2>());
}

bool print_form(base::Sink sink, Bits bits)
{
    for (const Form& form : k_forms) {
        if ((bits.raw() & form.mask) != form.value) {
            continue;
        }
        print(sink, form.name);
        switch (form.operand) {
        case Form::Operand::none:
            break;
        case Form::Operand::imm16:
            print(sink, " #", Hex{bits.get<Bits::imm16>()});
            break;
        case Form::Operand::reg:
            print(sink, ' ');
            print_general(sink, bits.get<Bits::rn>(), true, "xzr");
            break;
        case Form::Operand::sysreg_read:
            print(sink, ' ');
            print_general(sink, bits.get<Bits::rt>(), true, "xzr");
            print(sink, ", ");
            print_system_register(sink, bits);
            break;
        case Form::Operand::sysreg_write:
            print(sink, ' ');
            print_system_register(sink, bits);
            print(sink, ", ");
            print_general(sink, bits.get<Bits::rt>(), true, "xzr");
            break;
        }
        return true;
    }
    return false;
}

} // namespace

void print_instruction(base::Sink sink, std::uint32_t word)
{
    constexpr std::uint8_t k_branch      = 5;
    constexpr unsigned     k_unused_bits = 64 - 26;

    const Bits bits{word};
    if (const auto memory = decode_memory_instruction(word)) {
        print_memory(sink, *memory, word);
    } else if (bits.get<Bits::branch>() == k_branch) {
        const auto distance = // in bytes
            static_cast<std::int64_t>(std::uint64_t{bits.get<Bits::imm26>()} << k_unused_bits) >>
            (k_unused_bits - 2);
        print(sink, bits.get<Bits::is_link>() ? "bl pc, " : "b pc, ");
        print_immediate(sink, distance);
    } else if (!print_form(sink, bits)) {
        print(sink, ".inst ", Hex{word, 8});
    }
}

} // namespace vmm
