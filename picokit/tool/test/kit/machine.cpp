// SPDX-License-Identifier: BSD-2-Clause
// A machine that does with an image what the kernel does at boot.
#include "kit/machine.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tool::test {
namespace {

constexpr std::uint64_t k_page = 4096;
constexpr std::byte     k_garbage{0xcc};

} // namespace

Machine::Machine(const Bytes& image, std::uint64_t load)
{
    write(load, image);
    // The kernel of these tests has its pointer to the table 8 bytes into its third page.
    read(word(load + 0x2008), &table_, sizeof table_);
    if (table_.magic != picokit::k_table_magic) {
        throw std::runtime_error("no system table");
    }
    for (const auto& clear : array<picokit::ClearEntry>(table_.clears)) {
        if (clear.address % k_page != 0 || clear.size % k_page != 0) {
            throw std::runtime_error("unaligned clear");
        }
        for (std::uint64_t at = 0; at < clear.size; at += k_page) {
            pages_[clear.address + at] = Page(k_page);
        }
    }
    for (const auto& copy : array<picokit::CopyEntry>(table_.copies)) {
        if ((copy.source | copy.destination | copy.size) % 16 != 0) {
            throw std::runtime_error("unaligned copy");
        }
        Bytes data(copy.size);
        read(copy.source, data.data(), data.size());
        write(copy.destination, data);
    }
}

void Machine::read(std::uint64_t physical, void* out, std::size_t size) const
{
    auto* bytes = static_cast<std::byte*>(out);
    for (std::size_t i = 0; i < size;) {
        const auto offset = (physical + i) % k_page;
        const auto count  = std::min<std::size_t>(size - i, k_page - offset);
        const auto page   = pages_.find(physical + i - offset);
        if (page == pages_.end()) {
            std::memset(bytes + i, std::to_integer<int>(k_garbage), count);
        } else {
            std::memcpy(bytes + i, page->second.data() + offset, count);
        }
        i += count;
    }
}

void Machine::write(std::uint64_t physical, const Bytes& data)
{
    for (std::size_t i = 0; i < data.size();) {
        const auto offset = (physical + i) % k_page;
        const auto count  = std::min<std::size_t>(data.size() - i, k_page - offset);
        auto& page = pages_.try_emplace(physical + i - offset, k_page, k_garbage).first->second;
        std::memcpy(page.data() + offset, data.data() + i, count);
        i += count;
    }
}

std::uint64_t Machine::word(std::uint64_t physical) const
{
    std::uint64_t value = 0;
    read(physical, &value, sizeof value);
    return value;
}

std::optional<Translation> walk(const std::function<std::uint64_t(std::uint64_t)>& word,
                                std::uint64_t table, unsigned level, std::uint64_t input)
{
    for (;; ++level) {
        const auto shift      = 39 - 9 * level;
        const auto descriptor = word(table + 8 * ((input >> shift) & 511));
        const auto kind       = descriptor & 3;
        const auto output     = descriptor & 0x0000'ffff'ffff'f000;
        if ((kind & 1) == 0) {
            return std::nullopt;
        }
        if (level == 3 || kind == 1) {
            if ((level == 3) != (kind == 3) || level < 2) {
                throw std::runtime_error("reserved descriptor");
            }
            const auto span = std::uint64_t{1} << shift;
            if (output % span != 0) {
                throw std::runtime_error("unaligned output of a block");
            }
            return Translation{output + input % span, level, descriptor};
        }
        table = output;
    }
}

std::function<std::uint64_t(std::uint64_t)> Machine::reader() const
{
    return [this](std::uint64_t physical) { return word(physical); };
}

std::optional<Translation> Machine::stage2(std::uint64_t root, std::uint64_t input) const
{
    if (root % 8192 != 0) {
        throw std::runtime_error("the root of stage 2 is not aligned to its two tables");
    }
    // Bit 39 picks one of the two concatenated tables.
    return walk(reader(), root + ((input >> 39) & 1) * k_page, 1, input);
}

std::optional<Translation> Machine::stage1(std::uint64_t input) const
{
    if (table_.kernel_root % k_page != 0) {
        throw std::runtime_error("the root of stage 1 is not aligned");
    }
    return walk(reader(), table_.kernel_root, 0, input);
}

Bytes Machine::view(std::uint64_t root, std::uint64_t input, std::size_t size) const
{
    Bytes out(size);
    for (std::size_t i = 0; i < size;) {
        const auto translation = stage2(root, input + i);
        if (!translation) {
            throw std::runtime_error("not mapped");
        }
        const auto count = std::min<std::size_t>(size - i, k_page - (input + i) % k_page);
        read(translation->physical, out.data() + i, count);
        i += count;
    }
    return out;
}

std::uint64_t Machine::view_word(std::uint64_t root, std::uint64_t input) const
{
    const auto    bytes = view(root, input, 8);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

} // namespace tool::test
