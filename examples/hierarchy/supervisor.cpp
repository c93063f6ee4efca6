// SPDX-License-Identifier: BSD-2-Clause
// Gets the faults of its children, says what they are, and repairs, restarts, stops or resumes.
#include <microkit/microkit.hpp>

#include <array>
#include <cstdint>

namespace {

constexpr microkit::ChildPd k_crasher{1};
constexpr microkit::ChildPd k_worker{7};
constexpr microkit::Channel k_to_worker{0};

/// A program's first addresses, where the crasher's code is.
bool is_in_program(std::uint64_t address)
{
    return address >= microkit::k_program_entry && address < microkit::k_program_entry + 0x1000;
}

void report_vm_fault()
{
    using microkit::VmFault;
    // Before the first system call (here, printing): it may overwrite the words.
    const auto address = VmFault::address();
    const auto ip      = VmFault::ip();
    const auto fetch   = VmFault::is_instruction_fetch();
    const auto ec      = VmFault::syndrome().get<arch::Esr::ec>();
    microkit::debug_print("supervisor: VM fault at ", base::Hex{address},
                          fetch ? ", fetch" : ", data", ", class ",
                          base::Hex{static_cast<std::uint64_t>(ec)},
                          is_in_program(ip) ? ", in its program\n" : ", elsewhere\n");
}

void report_user_exception()
{
    using microkit::UserException;
    const auto ip     = UserException::ip();
    const auto number = UserException::syndrome().raw();
    microkit::debug_print("supervisor: user exception, number ", base::Hex{number},
                          is_in_program(ip) ? ", in its program\n" : ", elsewhere\n");
}

/// A system call that the kernel does not know: this PD answers it instead.
microkit::MessageInfo serve_system_call()
{
    using microkit::UnknownSyscall;
    // x0..x7 and pc: the words that the reply writes back.
    std::array<std::uint64_t, UnknownSyscall::k_word_ip + 1> words{};
    for (unsigned i = 0; i < words.size(); ++i) {
        words[i] = microkit::message_word(i);
    }
    microkit::debug_print("supervisor: system call ", UnknownSyscall::number(), " with ", words[0],
                          '\n');

    words[0] *= 2;
    words[UnknownSyscall::k_word_ip] += 4;
    for (unsigned i = 0; i < words.size(); ++i) {
        microkit::set_message_word(i, words[i]);
    }
    return microkit::MessageInfo::create(0, words.size());
}

} // namespace

void init() { microkit::debug_print("supervisor: ready\n"); }

void notified(microkit::Channel)
{
    // From the bystander, which is lowest of all: whatever could run has run.
    microkit::debug_print("supervisor: resumes the worker\n");
    k_worker.resume();
}

bool fault(unsigned child, microkit::MessageInfo message, microkit::MessageInfo* reply)
{
    if (child != k_crasher.id()) {
        microkit::debug_print("supervisor: a fault of child ", child, "?\n");
        return false;
    }
    switch (microkit::fault_label(message)) {
    case microkit::FaultLabel::memory:
        report_vm_fault();
        k_crasher.restart();
        return false; // Restarted already: nothing to reply to.
    case microkit::FaultLabel::user_exception:
        report_user_exception();
        k_crasher.restart();
        return false;
    case microkit::FaultLabel::unknown_syscall:
        *reply = serve_system_call();
        return true;
    default:
        microkit::debug_print(
            "supervisor: the crasher stays down; stops the worker, notifies it\n");
        k_worker.stop();
        k_to_worker.notify();
        return false;
    }
}
