// SPDX-License-Identifier: BSD-2-Clause
// What a guest must have, so that it can use a device of the board: the closure of the device's
// needs over the board's device tree, or the reasons why a guest cannot have it.
#pragma once

#include "depends.hpp"
#include "tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace passthrough {

/// What is to be done about a node where the closure alone would refuse.
struct Choice {
    enum class Kind : std::uint8_t {
        give,  ///< the guest gets it, though others on the board need it as well
        leave, ///< the guest does without it: it stays as the firmware left it
        share, ///< the guest reaches it, since it is on a page or an interrupt of the device's
    };

    Kind kind{};
    std::string
        node; ///< a path, an alias, or a name that only one node has (or, to share, several)
    /// Of clocks that are left, in Hz, in the order of the device's `clocks`; the last counts for
    /// all that follow. Empty: as the device's node tells (assigned-clock-rates).
    std::vector<std::uint64_t> frequencies{};
};

/// What is wanted.
struct Request {
    std::vector<std::string> devices; ///< each a path, an alias, or a name that only one node has
    std::vector<Choice>      choices;
    /// Devices that drivers or other guests of the system have.
    std::vector<std::string> taken;
};

/// A device that the guest gets: a node with all below it.
struct Given {
    const check::Node* node = nullptr;
    const check::Node* user = nullptr; ///< which other one needs it; null: it was asked for
    check::Need        need{};         ///< what for, if a user is set
};

/// Something that a device needs and that the guest does not get.
struct Left {
    const check::Node*         provider = nullptr;
    const check::Node*         user     = nullptr;
    check::Need                need{};
    std::vector<std::uint32_t> arguments{};   ///< which of the provider's
    std::uint64_t              frequency = 0; ///< of a clock, in Hz; 0: not known
};

/// Function identifiers first..last of the firmware (SMC) that the guest may call, if the first
/// argument's low 32 bits are within first_argument..last_argument.
struct Call {
    std::uint32_t first          = 0;
    std::uint32_t last           = 0;
    std::uint32_t first_argument = 0;
    std::uint32_t last_argument  = 0xffff'ffff;
    std::string   why; ///< "clock 54"

    bool operator==(const Call& other) const
    {
        return first == other.first && last == other.last &&
               first_argument == other.first_argument && last_argument == other.last_argument;
    }
};

/// Why a guest cannot have something, and the ways out.
struct Refusal {
    enum class Kind : std::uint8_t {
        no_node,          ///< the tree has no such node
        kernel,           ///< it is the kernel's
        taken,            ///< a driver or another guest has it
        shared_provider,  ///< others need what the device needs
        shared_page,      ///< another device is on the page of its registers
        shared_interrupt, ///< another device has its interrupt
        interrupt,        ///< its interrupt cannot be passed through
    };

    Kind        kind{};
    std::string node; ///< the path of what cannot be given
    std::string what; ///< a clause
    std::string hint; ///< what to do about it
};

struct Closure {
    std::vector<Given>        given; ///< what was asked for, then what that needs
    std::vector<Left>         left;
    std::vector<check::Range> pages; ///< to be mapped at their own addresses, merged, ascending
    std::vector<check::Line>  interrupts;     ///< ascending
    std::vector<Call>         calls;          ///< of the firmware
    std::vector<const check::Node*> dma;      ///< those that move data by themselves
    std::vector<Refusal>            refusals; ///< empty: it can be done
    /// Of a firmware's node only what is used is given: the node itself and these below it.
    std::vector<const check::Node*> parts;
    std::vector<std::string>        notes; ///< what the user should know

    /// The guest's RAM must have its physical addresses.
    [[nodiscard]] bool needs_identity() const { return !dma.empty(); }
    /// Whether the guest gets this node.
    [[nodiscard]] bool has(const check::Node& node) const;
};

/// Finds everything. Nodes in the result are the tree's, which must outlive it.
[[nodiscard]] Closure close(const check::Tree& board, const Request& request);

/// The node that a text means: a path, an alias, a name that only one node has. Null: none, or
/// several.
[[nodiscard]] const check::Node* find(const check::Tree& board, std::string_view text);

/// The nodes for the guest's device tree, as a blob whose root's children are these: registers at
/// the CPU's addresses, interrupts as the GIC numbers them, clocks that are left as fixed ones,
/// everything else that is left not mentioned. Handles begin at k_first_phandle. The error is a
/// clause.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string>
guest_nodes(const check::Tree& board, const Closure& closure);

/// A copied number that is a handle of the board which nobody recognised as one names nothing in
/// the guest's tree, since those of the guest are far away.
inline constexpr std::uint32_t k_first_phandle = 0x5000'0000;

/// "clock", "reset", …
[[nodiscard]] std::string_view name_of(check::Need need);

} // namespace passthrough
