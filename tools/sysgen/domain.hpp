// SPDX-License-Identifier: BSD-2-Clause
// One protection domain while it is being laid out: its element, and which channel numbers and
// addresses are still free in it.
#pragma once

#include "document.hpp"

#include <bitset>
#include <map>
#include <string>

namespace sysgen {

/// A memory region of the system.
struct Region {
    std::string   name;
    std::uint64_t size = 0;
    /// Set if a device reaches it by DMA, or if it is a device's registers.
    std::optional<std::uint64_t> physical;

    /// Microkit maps regions whose size and addresses allow it with 2 MiB pages.
    [[nodiscard]] std::uint64_t alignment() const;
};

inline constexpr std::uint64_t k_page       = 0x1000;
inline constexpr std::uint64_t k_large_page = 0x20'0000;

enum class Access : std::uint8_t { read, read_write, execute };
enum class Cache : std::uint8_t { on, off };

class Domain {
public:
    static constexpr unsigned k_channels = 62;

    /// Takes note of what the element already uses. Refuses what Microkit would refuse, as far as
    /// it matters here.
    [[nodiscard]] static Result<Domain> create(const Document& document, pugi::xml_node node);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] unsigned           line() const { return line_; }
    void                             set_line(unsigned line) { line_ = line; }
    [[nodiscard]] unsigned           priority() const;
    [[nodiscard]] bool           passive() const { return node_.attribute("passive").as_bool(); }
    [[nodiscard]] pugi::xml_node node() const { return node_; }

    /// The lowest free channel number. Refuses when all 62 are taken.
    [[nodiscard]] Result<unsigned> take_channel();
    /// Marks one that a <channel> of the layout names.
    void use_channel(std::uint64_t id);

    /// Maps the region at the next free address, unless it is mapped already; gives the address.
    std::uint64_t map(const Region& region, Access access, Cache cache = Cache::on);
    /// Maps it there.
    void map_at(std::uint64_t address, const Region& region, Access access,
                Cache cache = Cache::on);

    /// Lets the domain have an interrupt; gives its channel.
    [[nodiscard]] Result<unsigned> add_interrupt(std::uint32_t intid, bool edge);

    /// How often it has used a class of sDDF; counts up.
    unsigned next_use(const std::string& device_class) { return uses_[device_class]++; }

private:
    std::string                            name_;
    unsigned                               line_ = 0;
    pugi::xml_node                         node_;
    std::bitset<k_channels>                channels_;
    std::map<std::uint64_t, std::uint64_t> maps_; ///< start to end
    std::map<std::string, unsigned>        uses_;
};

/// Adds <map> to a protection domain or virtual machine.
void add_map(pugi::xml_node node, const std::string& region, std::uint64_t address, Access access,
             Cache cache);

} // namespace sysgen
