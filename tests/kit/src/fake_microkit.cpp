// SPDX-License-Identifier: BSD-2-Clause
// The other side of lib/microkit's seam for host tests.
#include "kit/fake_microkit.hpp"

#include <algorithm>

namespace {

std::array<std::uint64_t, 128> ipc_buffer_page{};

kit::FakeMicrokit& fake() { return kit::FakeMicrokit::instance(); }

/// Any call of the kernel may overwrite the message words: who relies on them is found out.
void clobber()
{
    for (unsigned word = 0; word < 40; ++word) {
        microkit::set_message_word(word, 0xbad'bad'bad);
    }
}

void count(const char* call)
{
    ++fake().system_calls[call];
    clobber();
}

constexpr unsigned k_invalid_capability = 2;
constexpr unsigned k_invalid_argument   = 1;
constexpr unsigned k_range_error        = 4;
constexpr unsigned k_delete_first       = 8;

unsigned refuse(std::uint64_t least, std::uint64_t most)
{
    ++fake().range_errors;
    microkit::set_message_word(0, least);
    microkit::set_message_word(1, most);
    return k_range_error;
}

void notify(unsigned channel)
{
    count("notify");
    fake().notifications.push_back(channel);
}

void acknowledge(unsigned channel)
{
    count("irq_ack");
    fake().acknowledgements.push_back(channel);
}

} // namespace

namespace kit {

std::uint64_t FakeVcpu::x(unsigned n) const
{
    microkit::Registers named;
    std::ranges::copy(registers, named.words().begin());
    return named.x(n);
}

void FakeVcpu::set_x(unsigned n, std::uint64_t value)
{
    microkit::Registers named;
    std::ranges::copy(registers, named.words().begin());
    named.set_x(n, value);
    std::ranges::copy(named.words(), registers.begin());
}

FakeMicrokit& FakeMicrokit::instance()
{
    static FakeMicrokit the_one;
    return the_one;
}

void FakeMicrokit::reset()
{
    *this           = FakeMicrokit{};
    ipc_buffer_page = {};
}

FakeVcpu& FakeMicrokit::add_vcpu(unsigned id) { return vcpus_[id]; }

FakeVcpu& FakeMicrokit::vcpu(unsigned id)
{
    const auto found = vcpus_.find(id);
    if (found == vcpus_.end()) {
        throw Crash{k_invalid_capability};
    }
    return found->second;
}

microkit::MessageInfo FakeMicrokit::fault(microkit::FaultLabel                 label,
                                          std::initializer_list<std::uint64_t> words)
{
    unsigned index = 0;
    for (const auto word : words) {
        microkit::set_message_word(index++, word);
    }
    return microkit::MessageInfo::create(static_cast<std::uint64_t>(label), index);
}

void FakeMicrokit::end_of_entry_point()
{
    if (deferred.what == Deferred::What::notify) {
        notifications.push_back(deferred.channel);
    } else if (deferred.what == Deferred::What::acknowledge) {
        acknowledgements.push_back(deferred.channel);
    }
    deferred = {};
}

unsigned FakeMicrokit::total_system_calls() const
{
    unsigned sum = 0;
    for (const auto& [name_of_call, calls] : system_calls) {
        sum += calls;
    }
    return sum;
}

} // namespace kit

extern "C" {

uint64_t* seam_ipc_buffer = ipc_buffer_page.data();

const char* seam_name(void) { return fake().name.c_str(); }
void        seam_debug_put_char(char c) { fake().debug_output.push_back(c); }
void        seam_crash(SeamError error) { throw kit::Crash{error}; }

void seam_notify(unsigned channel) { notify(channel); }
void seam_irq_ack(unsigned channel) { acknowledge(channel); }

void seam_deferred_notify(unsigned channel)
{
    using What = kit::FakeMicrokit::Deferred::What;
    if (fake().deferred.what != What::none) {
        notify(channel);
    } else {
        fake().deferred = {What::notify, channel};
    }
}

void seam_deferred_irq_ack(unsigned channel)
{
    using What = kit::FakeMicrokit::Deferred::What;
    if (fake().deferred.what != What::none) {
        acknowledge(channel);
    } else {
        fake().deferred = {What::acknowledge, channel};
    }
}

uint64_t seam_call(unsigned channel, uint64_t message_info)
{
    ++fake().system_calls["call"]; // its words go both ways
    return fake().on_call ? fake().on_call(channel, microkit::MessageInfo{message_info}).raw() : 0;
}

void seam_pd_stop(unsigned child)
{
    count("pd_stop");
    fake().child_calls.push_back({kit::ChildCall::What::stop, child, 0});
}

void seam_pd_restart(unsigned child, uint64_t entry)
{
    count("pd_restart");
    fake().child_calls.push_back({kit::ChildCall::What::restart, child, entry});
}

void seam_pd_resume(unsigned child)
{
    count("pd_resume");
    fake().child_calls.push_back({kit::ChildCall::What::resume, child, 0});
}

void seam_vcpu_restart(unsigned vcpu, uint64_t entry)
{
    count("vcpu_restart");
    auto& the_vcpu = fake().vcpu(vcpu);
    the_vcpu.pc()  = entry;
    the_vcpu.run   = kit::FakeVcpu::Run::running;
    ++the_vcpu.starts;
    if (the_vcpu.priority > fake().priority) {
        // All that such a one may do before this call returns is a stub that sets x0 and stops.
        the_vcpu.set_x(0, 1);
        the_vcpu.run = kit::FakeVcpu::Run::faulted;
    }
}

void seam_vcpu_stop(unsigned vcpu)
{
    count("vcpu_stop");
    fake().vcpu(vcpu).run = kit::FakeVcpu::Run::stopped;
}

void seam_vcpu_park(unsigned) {} // as a kernel that does not print

void seam_vcpu_resume(unsigned vcpu)
{
    count("vcpu_resume");
    fake().vcpu(vcpu).run = kit::FakeVcpu::Run::running;
}

void seam_vcpu_ack_vppi(unsigned vcpu, uint64_t intid)
{
    count("vcpu_ack_vppi");
    (void)fake().vcpu(vcpu);
    if (intid != fake().virtual_timer) {
        throw kit::Crash{k_invalid_argument};
    }
    fake().ppi_acknowledgements.push_back(static_cast<std::uint32_t>(intid));
}

uint64_t seam_vcpu_read_system(unsigned vcpu, unsigned reg)
{
    count("vcpu_read_system");
    if (reg >= microkit::k_system_registers) {
        throw kit::Crash{k_invalid_argument};
    }
    return fake().vcpu(vcpu).system[reg];
}

void seam_vcpu_write_system(unsigned vcpu, unsigned reg, uint64_t value)
{
    count("vcpu_write_system");
    if (reg >= microkit::k_system_registers) {
        throw kit::Crash{k_invalid_argument};
    }
    fake().vcpu(vcpu).system[reg] = value;
}

SeamError seam_vcpu_inject(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index)
{
    count("vcpu_inject");
    if (!fake().has_vcpu(vcpu)) {
        return k_invalid_capability; // the one call that reports it
    }
    auto& the_vcpu = fake().vcpu(vcpu);
    if (intid > 1023) {
        return refuse(0, 1023);
    }
    if (priority > 31) {
        return refuse(0, 31);
    }
    if (group > 1) {
        return refuse(0, 1);
    }
    if (index >= fake().list_registers) {
        return refuse(0, fake().list_registers - 1);
    }
    if (the_vcpu.list_registers[index].active) {
        return k_delete_first;
    }
    const microkit::VirtualInterrupt interrupt{intid, priority, group};
    the_vcpu.list_registers[index] = {.pending = true, .interrupt = interrupt};
    fake().injections.push_back({vcpu, index, interrupt});
    return 0;
}

SeamError seam_vcpu_set_priority(unsigned vcpu, unsigned priority)
{
    count("vcpu_set_priority");
    auto& the_vcpu = fake().vcpu(vcpu);
    if (priority > the_vcpu.maximum_priority) {
        return refuse(0, the_vcpu.maximum_priority);
    }
    the_vcpu.priority = priority;
    return 0;
}

int seam_vcpu_list_register(unsigned vcpu, unsigned index, unsigned states)
{
    if (!fake().has_picokit) {
        return -1;
    }
    count("vcpu_list_register");
    auto&      entry = fake().vcpu(vcpu).list_registers.at(index);
    const auto state = unsigned{entry.pending} | unsigned{entry.active} << 1;
    if (state != 0 && (states >> state & 1) != 0) {
        entry = {};
    }
    return static_cast<int>(state);
}

bool seam_vcpu_inject_from(unsigned vcpu, uint16_t intid, uint8_t priority, uint8_t group,
                           uint8_t index, uint8_t source, SeamError* error)
{
    if (!fake().has_picokit) {
        return false;
    }
    *error = seam_vcpu_inject(vcpu, intid, priority, group, index);
    if (*error == 0) {
        fake().vcpu(vcpu).list_registers[index].sender = source;
    }
    return true;
}

bool seam_vcpu_reset(unsigned vcpu, unsigned parts)
{
    if (!fake().has_picokit) {
        return false;
    }
    count("vcpu_reset");
    auto& the_vcpu = fake().vcpu(vcpu);
    if ((parts & 1) != 0) {
        the_vcpu.system.fill(0);
        ++the_vcpu.resets;
    }
    if ((parts & 2) != 0) {
        the_vcpu.list_registers = {};
        ++the_vcpu.interface_resets;
    }
    return true;
}

void seam_vcpu_read_registers(unsigned vcpu, unsigned words_wanted, uint64_t* words)
{
    count("vcpu_read_registers");
    if (words_wanted == 0 || words_wanted > SEAM_REGISTERS) {
        throw kit::Crash{k_range_error};
    }
    auto& the_vcpu = fake().vcpu(vcpu);
    ++the_vcpu.register_reads;
    // What was not asked for is garbage, so that a test notices who relies on it.
    std::fill_n(words, SEAM_REGISTERS, 0xdead'dead'dead'deadU);
    std::copy_n(the_vcpu.registers.begin(), words_wanted, words);
}

void seam_vcpu_write_registers(unsigned vcpu, unsigned words_given, const uint64_t* words)
{
    count("vcpu_write_registers");
    if (words_given > SEAM_REGISTERS) {
        throw kit::Crash{k_range_error};
    }
    auto& the_vcpu = fake().vcpu(vcpu);
    ++the_vcpu.register_writes;
    std::copy_n(words, words_given, the_vcpu.registers.begin());
    // What a kernel does not let through: every mode but EL0t, EL1t and EL1h.
    constexpr unsigned k_spsr_word = 2;
    if (words_given > k_spsr_word) {
        const auto mode = the_vcpu.spsr() & 0x1f;
        if (mode != 0 && mode != 4 && mode != 5) {
            the_vcpu.spsr() = (the_vcpu.spsr() & 0xf000'0000) | 0x40;
        }
    }
}

bool seam_vcpu_read_vector(unsigned vcpu, unsigned number, uint64_t value[2])
{
    if (fake().gives_vectors) {
        count("vcpu_read_vector");
        std::ranges::copy(fake().vcpu(vcpu).vectors.at(number), value);
    }
    return fake().gives_vectors;
}

bool seam_vcpu_write_vector(unsigned vcpu, unsigned number, const uint64_t value[2])
{
    if (fake().gives_vectors) {
        count("vcpu_write_vector");
        fake().vcpu(vcpu).vectors.at(number) = {value[0], value[1]};
    }
    return fake().gives_vectors;
}

bool seam_smc(const uint64_t arguments[8], uint64_t results[8])
{
    if (!fake().on_smc) {
        return false;
    }
    count("smc");
    microkit::SmcWords in;
    std::copy_n(arguments, in.size(), in.begin());
    std::ranges::copy(fake().on_smc(in), results);
    return true;
}
}
