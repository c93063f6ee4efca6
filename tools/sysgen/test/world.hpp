// SPDX-License-Identifier: BSD-2-Clause
// A generated system description as picokit's image tool reads it, and the way from an address or a
// channel number in one domain to what is behind it.
#pragma once

#include "layout.hpp"

#include "sddf/resources.hpp"
#include "sdf/model.hpp"

#include <map>
#include <string>
#include <utility>

namespace sysgen::test {

class World {
public:
    /// Fails the test if the image tool would refuse the description.
    explicit World(const Layout& layout);

    /// The region whose mapping in this domain begins with the page of that address and has that
    /// size; fails the test if there is none.
    [[nodiscard]] std::string region(const std::string& domain, const sddf::Region& mapped) const;
    [[nodiscard]] bool        writable(const std::string& domain, const std::string& region) const;
    [[nodiscard]] std::uint64_t physical(const std::string& region) const;

    /// Both are the same memory.
    void same(const std::string& domain, const sddf::Region& mapped, const std::string& other,
              const sddf::Region& mapped_there) const;
    /// A channel leads from one to the other.
    void joined(const std::string& domain, unsigned id, const std::string& other,
                unsigned id_there) const;

    [[nodiscard]] const tool::ProtectionDomain& domain(const std::string& name) const;
    [[nodiscard]] const tool::System&           system() const { return system_; }

private:
    tool::System                                                                 system_;
    std::map<std::pair<std::string, unsigned>, std::pair<std::string, unsigned>> channels_;
};

/// A section as lib/sddf sees it; fails the test if it has another size.
template <class T>
[[nodiscard]] T section(const ConfigFile& file)
{
    T value;
    if (file.bytes.size() != sizeof value) {
        throw std::runtime_error{file.file + " has another size than lib/sddf says"};
    }
    __builtin_memcpy(&value, file.bytes.data(), sizeof value);
    return value;
}

} // namespace sysgen::test
