// SPDX-License-Identifier: BSD-2-Clause
// lib/microkit's border as the simulated programs see it.
#include "scheduler.hpp"

#include "microkit/seam.h"

#include <array>

namespace {

using simulation::Domain;
using simulation::Scheduler;
using What = Domain::Deferred::What;

std::array<std::uint64_t, 128> ipc_buffer_page{};

Domain& self() { return *Scheduler::current().domain(); }

} // namespace

extern "C" {

uint64_t* seam_ipc_buffer = ipc_buffer_page.data();

const char* seam_name(void) { return self().name.c_str(); }

void seam_debug_put_char(char c)
{
    auto& text = self().printed;
    if (c != '\n') {
        text.push_back(c);
        return;
    }
    Scheduler::current().trace(text);
    text.clear();
}

void seam_crash(SeamError error)
{
    auto& scheduler = Scheduler::current();
    scheduler.fail(self().name + " crashed (" + std::to_string(error) + ") " + self().printed);
    for (;;) {
        scheduler.wait([] { return false; });
    }
}

void seam_notify(unsigned channel) { Scheduler::current().notify(self(), channel); }

void seam_irq_ack(unsigned channel)
{
    Scheduler::current().as_hardware(self().wires.at(channel).acknowledge);
}

void seam_deferred_notify(unsigned channel)
{
    if (self().deferred.what != What::none) {
        seam_notify(channel);
    } else {
        self().deferred = {What::notify, channel};
    }
}

void seam_deferred_irq_ack(unsigned channel)
{
    if (self().deferred.what != What::none) {
        seam_irq_ack(channel);
    } else {
        self().deferred = {What::acknowledge, channel};
    }
}

uint64_t seam_call(unsigned, uint64_t) { return 0; } // nobody here offers calls
}
