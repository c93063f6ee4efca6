// SPDX-License-Identifier: BSD-2-Clause
// QEMU's null device forgets everything, the partition table too. So it is the data file of a qcow2
// image whose first cluster is not allocated: that one is read from the image below.
#include "free_disk.hpp"

#include "base/result.hpp"
#include "partitions.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_size         = 64ULL << 20;
constexpr unsigned      k_cluster_bits = 16;
constexpr std::uint64_t k_cluster      = 1ULL << k_cluster_bits;

void put(std::string& bytes, std::uint64_t at, std::uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; ++i) {
        bytes[at + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
    }
}

/// The image's metadata (QEMU, docs/interop/qcow2.txt, version 3): header, table and block of
/// reference counts, tables of clusters; a cluster each.
std::string metadata()
{
    constexpr std::uint64_t k_count_table = k_cluster, k_counts = 2 * k_cluster;
    constexpr std::uint64_t k_level_1 = 3 * k_cluster, k_level_2 = 4 * k_cluster;
    constexpr std::uint64_t k_own = 1ULL << 63, k_external_data = 4;
    struct Field {
        std::uint64_t at;
        unsigned      size;
        std::uint64_t value;
    };
    constexpr std::array k_header{
        Field{0, 4, 0x5146'49fb},
        Field{4, 4, 3}, // version
        Field{20, 4, k_cluster_bits},
        Field{24, 8, k_size},
        Field{36, 4, 1}, // entries of the first table
        Field{40, 8, k_level_1},
        Field{48, 8, k_count_table},
        Field{56, 4, 1}, // clusters of it
        Field{72, 8, k_external_data},
        Field{96, 4, 4},    // 16 bits a count
        Field{100, 4, 104}, // the header's length
    };
    std::string bytes(5 * k_cluster, '\0');
    for (const auto& field : k_header) {
        put(bytes, field.at, field.value, field.size);
    }
    put(bytes, k_count_table, k_counts, 8);
    for (unsigned i = 0; i < 5; ++i) {
        put(bytes, k_counts + 2ULL * i, 1, 2);
    }
    put(bytes, k_level_1, k_level_2 | k_own, 8);
    for (std::uint64_t i = 1; i < k_size / k_cluster; ++i) {
        put(bytes, k_level_2 + 8 * i, i * k_cluster | k_own, 8);
    }
    return bytes;
}

} // namespace

Result<std::vector<std::string>> make_free_disk(const fs::path& folder, const std::string& name)
{
    const auto base = folder / "partitioned.img", image = folder / "free.qcow2";
    TRY(disk::write_image(base, {{.file = {}, .size = k_size - disk::k_alignment}}));
    std::ofstream stream(image, std::ios::binary);
    stream << metadata();
    if (!stream.flush()) {
        return std::unexpected(fmt::format("cannot write {}", image.string()));
    }
    return std::vector<std::string>{
        "-blockdev",
        fmt::format("driver=null-co,node-name={}-data,size={},read-zeroes=on", name, k_size),
        "-blockdev",
        fmt::format("driver=file,node-name={}-base,read-only=on,filename={}", name, base.string()),
        "-blockdev",
        fmt::format("driver=file,node-name={}-meta,filename={}", name, image.string()),
        "-blockdev",
        fmt::format("driver=qcow2,node-name={0},file={0}-meta,data-file={0}-data,backing={0}-base",
                    name)};
}

} // namespace bench
