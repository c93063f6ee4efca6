// SPDX-License-Identifier: BSD-2-Clause
#include "vsock_guests.hpp"

namespace system_test {
namespace {

LinuxOptions filled_in(LinuxOptions options)
{
    options.system  = "tests/guests/sockets/sockets";
    options.cmdline = "console=hvc0 quiet panic=0";
    if (options.initrd.empty()) {
        options.initrd = "initramfs-sockets.cpio";
    }
    return options;
}

} // namespace

VsockGuests::VsockGuests(LinuxOptions options)
    : LinuxGuest{filled_in(std::move(options))}
{
}

bool VsockGuests::boot()
{
    // Their console has no labels: both may stand on one line.
    return until("sockets: serving") && until("sockets: serving");
}

void VsockGuests::start(unsigned guest, const std::string& command)
{
    (void)send("\x1c" + std::to_string(guest) + "\r");
    type(command);
}

std::string VsockGuests::ask(unsigned guest, const std::string& command)
{
    // The terminal echoes the command: what ends the answer must not stand in it.
    const auto number = std::to_string(++asked_);
    start(guest, command + "; echo answer''ed " + number + " exit $?");
    auto answer = until("answered " + number + " exit ");
    return answer ? *answer + "exit " + until("\n").value_or("?") : "<no answer>";
}

} // namespace system_test
