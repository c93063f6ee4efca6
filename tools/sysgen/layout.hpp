// SPDX-License-Identifier: BSD-2-Clause
// A system being generated: domains, regions, channels and configuration sections.
#pragma once

#include "board.hpp"
#include "config_bytes.hpp"
#include "document.hpp"
#include "domain.hpp"
#include "driver_library.hpp"

#include <deque>
#include <expected>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace check {
class Tree;
}

namespace sysgen {

/// The contents of one section of one domain's program.
struct ConfigFile {
    std::string            domain;
    std::string            section; ///< ".blk_client_config"
    std::string            file;    ///< "blk_client_linux.data"
    std::vector<std::byte> bytes;
};

/// A program that has sections to fill: one copy a domain.
struct Program {
    std::string domain;
    std::string image; ///< as the layout names it
    std::string copy;  ///< as the system description names it: "linux.elf"
};

/// A device of the board that a driver of the layout stands on.
struct UsedDevice {
    std::string device_class; ///< "blk"
    std::string name;         ///< of the element: "disk"
    std::string device;       ///< as the layout names it: "virtio_mmio.31"
    unsigned    playback = 0; ///< of a sound card: streams that its clients are to have
    unsigned    capture  = 0;
};

/// What a class has to know of one client.
struct Use {
    Domain*        client = nullptr;
    pugi::xml_node node; ///< <use>
    unsigned       line = 0;
    /// The client's section and file names: the first of a class has the plain ones, others a
    /// number.
    std::string suffix;
};

/// The two channel numbers of a link.
struct Ends {
    unsigned first  = 0;
    unsigned second = 0;
};

/// What the first end of a channel may do besides being notified: the second is a server if it
/// calls.
enum class Call : std::uint8_t { no, instead_of_notifying, also };

/// The board's device tree, for the closure of passed-through devices: its own for an empty name,
/// or that of a file which the layout names (the whole tree of the machine). The error is a clause.
using BoardTrees =
    std::function<std::expected<const check::Tree*, std::string>(const std::string& file)>;

class Layout {
public:
    /// `board` and `drivers` must outlive it, as must what `trees` gives. Without `trees` nobody
    /// looks at what passed-through devices need.
    [[nodiscard]] static Result<Layout> create(Document document, const boardgen::Board& board,
                                               const std::vector<DriverInfo>& drivers,
                                               BoardTrees                     trees = {});

    /// Replaces everything that is not Microkit's own. Once.
    [[nodiscard]] Result<> expand();

    [[nodiscard]] std::string                    description() const { return document_.text(); }
    [[nodiscard]] const std::vector<ConfigFile>& config_files() const { return files_; }
    [[nodiscard]] const std::vector<Program>&    programs() const { return programs_; }
    /// The files of all domains' programs, as the layout names them; each once.
    [[nodiscard]] const std::set<std::string>&   images() const { return images_; }
    [[nodiscard]] const std::vector<UsedDevice>& devices() const { return devices_; }

    // For the classes.

    [[nodiscard]] const Document&                document() const { return document_; }
    [[nodiscard]] const boardgen::Board&         board() const { return board_; }
    [[nodiscard]] const std::vector<DriverInfo>& drivers() const { return drivers_; }
    [[nodiscard]] const BoardTrees&              trees() const { return trees_; }

    /// A new domain of the generator's own. `settings`, if any, is the child element of the class
    /// that may override image, priority, budget, period and stack_size, and name a parent.
    [[nodiscard]] Result<Domain*> add_domain(pugi::xml_node owner, const char* role,
                                             const std::string& name, const std::string& image,
                                             unsigned priority);
    /// A domain whose element a class made itself.
    [[nodiscard]] Result<Domain*> adopt(pugi::xml_node domain, unsigned line);
    /// Where a component's element goes: the system, or the domain that may restart it.
    [[nodiscard]] Result<pugi::xml_node> parent_of(pugi::xml_node settings) const;
    /// Takes note that a driver has a device.
    void use_device(UsedDevice device) { devices_.push_back(std::move(device)); }
    /// And that the last one, a sound card, should have so many streams.
    void need_streams(unsigned playback, unsigned capture)
    {
        devices_.back().playback = playback;
        devices_.back().capture  = capture;
    }

    /// The device that an element names: "uart0", or "virtio_mmio.31" for one of several alike.
    [[nodiscard]] Result<boardgen::Device> find_device(pugi::xml_node owner) const;

    /// Takes note that a guest has these nodes of the board.
    void note_given(const std::vector<std::string>& nodes)
    {
        given_.insert(given_.end(), nodes.begin(), nodes.end());
    }
    /// Those that guests before have.
    [[nodiscard]] const std::vector<std::string>& given() const { return given_; }

    /// All uses of a system of this class, in the order of the document.
    [[nodiscard]] Result<std::vector<Use>> uses(const char*        device_class,
                                                const std::string& system);

    Region add_region(const std::string& name, std::uint64_t size);
    /// The same at a physical address, which others do not get.
    Region add_region_at(const std::string& name, std::uint64_t size, std::uint64_t start);
    /// One that a device reaches: at a fixed physical address, from the top of the board's RAM
    /// down.
    [[nodiscard]] Result<Region> add_device_region(pugi::xml_node owner, const std::string& name,
                                                   std::uint64_t size);
    /// The pages with these registers; the same for all who ask.
    Region registers(const std::string& name, const boardgen::AddressRange& range);
    /// An existing <memory_region>.
    [[nodiscard]] Result<Region> find_region(pugi::xml_node owner, const std::string& name) const;

    [[nodiscard]] Result<Ends> connect(Domain& first, Domain& second, Call call = Call::no);

    /// `file` without ".data"; its folder keeps two systems of one class apart.
    void configure(const Domain& domain, std::string section, std::string file,
                   const ConfigBytes& bytes);

private:
    Layout(Document document, const boardgen::Board& board, const std::vector<DriverInfo>& drivers,
           BoardTrees trees)
        : document_{std::move(document)}
        , board_{board}
        , drivers_{drivers}
        , trees_{std::move(trees)}
    {
    }

    [[nodiscard]] Result<> note_domains(pugi::xml_node parent);
    [[nodiscard]] Result<> note_channels();
    void                   note_memory();
    /// The highest free place in the board's RAM, but for the end of it, which seL4 uses itself.
    [[nodiscard]] std::optional<std::uint64_t> free_range(std::uint64_t size,
                                                          std::uint64_t alignment) const;
    void                                       rename_programs();

    Document                       document_;
    const boardgen::Board&         board_;
    const std::vector<DriverInfo>& drivers_;
    BoardTrees                     trees_;
    std::deque<Domain>             domains_;
    std::vector<ConfigFile>        files_;
    std::vector<Program>           programs_;
    std::set<std::string>          images_;
    std::vector<UsedDevice>        devices_;
    std::vector<std::string>       given_;
    /// Physical ranges that are taken.
    std::vector<boardgen::AddressRange> taken_;
};

// The classes: each replaces its elements, all of one kind, by plain ones.
[[nodiscard]] Result<> expand_timer(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_serial(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_blk(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_entropy(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_sound(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_net(Layout& layout, pugi::xml_node node);
[[nodiscard]] Result<> expand_vsock(Layout& layout, pugi::xml_node node);
/// A <guest>: a VMM's domain with a virtual machine, and <use> elements for its devices.
[[nodiscard]] Result<> expand_guest(Layout& layout, pugi::xml_node node);

} // namespace sysgen
