// SPDX-License-Identifier: BSD-2-Clause
#include "partitions.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>

namespace disk {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_sector = 512;

std::uint64_t rounded(std::uint64_t size)
{
    return (size + k_alignment - 1) / k_alignment * k_alignment;
}

void put32(std::string& bytes, std::size_t at, std::uint64_t value)
{
    for (std::size_t i = 0; i < 4; i++) {
        bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
    }
}

/// Copies a file into the image, leaving holes where it has zeroes.
Result<> copy_into(std::ofstream& image, std::uint64_t at, const fs::path& file)
{
    std::ifstream         source(file, std::ios::binary);
    constexpr std::size_t k_piece = 65536;
    std::string           piece(k_piece, '\0');
    while (source) {
        source.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(source.gcount());
        const auto bytes = std::string_view(piece).substr(0, count);
        if (bytes.find_first_not_of('\0') != bytes.npos) {
            image.seekp(static_cast<std::streamoff>(at));
            image.write(piece.data(), static_cast<std::streamsize>(count));
        }
        at += count;
    }
    if (!source.eof()) {
        return std::unexpected(fmt::format("cannot read {}", file.string()));
    }
    return {};
}

} // namespace

Result<Partition> parse_partition(const std::string& text)
{
    std::uint64_t     number = 0;
    const auto* const last   = text.data() + text.size();
    const auto [end, error]  = std::from_chars(text.data(), last, number);
    if (error == std::errc{} && number != 0 && end + 1 == last && *end == 'M') {
        return Partition{.file = {}, .size = number * k_alignment};
    }
    std::error_code failed;
    const auto      size = fs::file_size(text, failed);
    if (failed || size == 0) {
        return std::unexpected(
            fmt::format("{}: neither a size such as 16M nor a file that is not empty", text));
    }
    return Partition{.file = text, .size = size};
}

Result<std::string> master_boot_record(const std::vector<Partition>& partitions)
{
    // Offsets: the classical table of four entries of 16 bytes, and the signature behind it.
    constexpr std::size_t   k_table = 446;
    constexpr std::size_t   k_entry = 16;
    constexpr char          k_linux = '\x83';
    constexpr std::uint64_t k_limit = std::uint64_t{1} << 32; // sectors have 32 bits
    if (partitions.empty() || partitions.size() > k_most_partitions) {
        return std::unexpected(
            fmt::format("{} partitions: give 1 to {}", partitions.size(), k_most_partitions));
    }
    std::string   sector(k_sector, '\0');
    std::uint64_t start = k_alignment;
    for (std::size_t i = 0; i < partitions.size(); i++) {
        const auto size  = rounded(partitions[i].size);
        const auto entry = k_table + k_entry * i;
        if ((start + size) / k_sector >= k_limit) {
            return std::unexpected("the partitions are larger than 2 TiB in all");
        }
        sector[entry + 4] = k_linux;
        put32(sector, entry + 8, start / k_sector);
        put32(sector, entry + 12, size / k_sector);
        start += size;
    }
    sector[510] = '\x55';
    sector[511] = '\xaa';
    return sector;
}

Result<> write_image(const fs::path& image, const std::vector<Partition>& partitions)
{
    const auto table = TRY(master_boot_record(partitions));
    const auto fail  = [&](const std::string& why) {
        std::error_code ignored;
        fs::remove(image, ignored);
        return std::unexpected(why);
    };
    std::ofstream stream(image, std::ios::binary | std::ios::trunc);
    stream << table;
    std::uint64_t at = k_alignment;
    for (const auto& partition : partitions) {
        if (!partition.file.empty()) {
            if (const auto copied = copy_into(stream, at, partition.file); !copied) {
                return fail(copied.error());
            }
        }
        at += rounded(partition.size);
    }
    stream.close();
    std::error_code failed;
    if (stream) {
        fs::resize_file(image, at, failed);
    }
    if (!stream || failed) {
        return fail(fmt::format("cannot write {}", image.string()));
    }
    return {};
}

} // namespace disk
