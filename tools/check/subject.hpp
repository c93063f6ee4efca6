// SPDX-License-Identifier: BSD-2-Clause
// Everything that the rules look at: a system, its board, its guests with their trees and settings.
#pragma once

#include "finding.hpp"
#include "sdf/model.hpp"
#include "tree.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace check {

/// A virtIO device that the VMM emulates: from a layout.
struct Emulated {
    enum class Kind : std::uint8_t {
        network = 1,
        block   = 2,
        console = 3,
        entropy = 4,
        socket  = 19,
        sound   = 25
    };

    Kind          kind{};
    Range         window;
    std::uint32_t intid = 0;
};

/// A number in a settings file, with its line.
struct Setting {
    std::uint64_t value = 0;
    Location      where;
};

/// Where an image of the guest goes and how large it is, as far as the settings say or libvmm's
/// loader decides.
struct ImageSettings {
    std::optional<Setting>       address;
    std::optional<std::uint64_t> size;
    std::string                  file;   ///< as the settings name it; may be empty
    std::filesystem::path        path{}; ///< where that is; may be empty
};

/// What the VMM's program is told about its guest, where that is not in the system description.
struct Settings {
    std::string                  file; ///< empty: there are none
    std::optional<Setting>       ram;  ///< guest-physical address
    std::optional<Setting>       ram_size;
    ImageSettings                kernel;
    std::optional<std::uint64_t> text_offset; ///< of an arm64 Image
    ImageSettings                initrd;
    ImageSettings                dtb;
    std::optional<std::string>   bootargs;
    Location                     bootargs_at;
    struct Interrupt {
        std::uint64_t channel = 0;
        std::uint64_t intid   = 0;
        Location      where;
    };
    std::vector<Interrupt> interrupts; ///< which channel is which interrupt of the guest's
};

/// A virtual machine with the protection domain of its VMM.
struct Guest {
    const tool::ProtectionDomain* vmm = nullptr;
    const tool::VirtualMachine*   vm  = nullptr;
    std::optional<Tree>           tree;
    bool                          tree_is_ours = false; ///< libvmm generates it
    std::vector<Emulated>         emulated;
    bool                          emulated_is_known = false; ///< the list is complete
    Settings                      settings;
    std::string                   program; ///< of the VMM, as description or layout name it

    /// The command line: the settings' or the tree's. With where it stands.
    [[nodiscard]] std::string bootargs() const;
    [[nodiscard]] Place       bootargs_place() const;
};

/// One <memory_region> as a map shows it.
struct Mapped {
    const tool::Map*          map    = nullptr;
    const tool::MemoryRegion* region = nullptr;
    Range                     here; ///< in the address space of the map
    /// Where the region is in physical memory, if that is fixed.
    std::optional<Range> physical;
};

struct Subject {
    std::string                         name; ///< of the first file, for places of no file
    std::optional<tool::System>         system;
    std::optional<Tree>                 board; ///< the real machine's tree
    std::string                         board_name;
    std::vector<std::unique_ptr<Guest>> guests;
    /// Findings of readers, which no rule looks for: (rule's name, diagnostic).
    std::vector<std::pair<std::string, tool::Diagnostic>> refusals;
    /// Rules that the input allows to break.
    std::set<std::string, std::less<>> allowed;
    /// A device tree alone: the system is made up, and only rules of trees are asked.
    bool alone = false;
    /// The layout that the system was made from, as XML; empty for a plain description.
    std::string layout;

    /// What an address space maps, of regions whose size is known.
    [[nodiscard]] std::vector<Mapped>       mapped(const std::vector<tool::Map>& maps) const;
    [[nodiscard]] const tool::MemoryRegion* region(std::string_view name) const;
    /// RAM of the board, by its tree.
    [[nodiscard]] bool is_board_ram(const Range& range) const;
    /// Guest RAM: maps of the VM whose region is not a device of the board and not the GIC's, and
    /// no window that the guest shares with a program.
    [[nodiscard]] std::vector<Mapped> guest_ram(const Guest& guest) const;
    /// Maps of the VM with registers: the region's physical address is no RAM.
    [[nodiscard]] std::vector<Mapped> guest_devices(const Guest& guest) const;
};

/// Whether a list has an element, or one whose member is this.
template <class List, class Value, class Member = std::identity>
[[nodiscard]] bool has(const List& list, const Value& value, Member member = {})
{
    return std::ranges::find(list, value, member) != std::ranges::end(list);
}

/// A map as "'uart' at 0x9000000".
[[nodiscard]] std::string to_text(const Mapped& mapped);
[[nodiscard]] std::string hex(std::uint64_t value);

} // namespace check
