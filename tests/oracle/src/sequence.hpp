// SPDX-License-Identifier: BSD-2-Clause
// A list of operations for a machine, as text: what a case file holds and a failure prints.
//
//     # why it is there                       comments
//     gic 3                                   the machine
//     cpus 2
//     held 3                                  interrupts that a CPU holds active at most
//     priorities 17                           which priorities the interrupts begin with
//     grouped                                 GICv3: SGI 15 begins in group 0
//     fails because of …                      only for cases known to disagree
//     0 write gicd 0x104 4 plain 0xffff       CPU, operation, arguments
#pragma once

#include "oracle/program.hpp"

#include "qemu/process.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace oracle {

using qemu::Result;

struct Machine {
    unsigned gic  = 3;
    unsigned cpus = 1;

    bool operator==(const Machine&) const = default;
};

struct Sequence {
    Machine                machine;
    unsigned               most_held  = 3;
    std::uint64_t          priorities = 1; ///< seed of Priorities
    bool                   grouped    = false;
    std::string            fails; ///< why it is known to disagree; mostly empty
    std::vector<Operation> operations;
};

/// One line without its end.
[[nodiscard]] std::string       format(const Operation& operation);
[[nodiscard]] Result<Operation> parse_operation(std::string_view line);
[[nodiscard]] std::string       format(const Sequence& sequence);
[[nodiscard]] Result<Sequence>  parse_sequence(std::string_view text);
[[nodiscard]] Result<Sequence>  read_sequence(const std::filesystem::path& file);
[[nodiscard]] std::string       format(const Record& record);
[[nodiscard]] const char*       register_name(std::uint32_t number);

} // namespace oracle
