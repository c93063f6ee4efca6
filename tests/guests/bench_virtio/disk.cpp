// SPDX-License-Identifier: BSD-2-Clause
// Reads and writes of a disk, one at a time.
#include "measures.hpp"

#include "guest/console.hpp"

#include <array>

namespace bench {
namespace {

constexpr std::size_t k_sector = 512;
constexpr std::size_t k_block  = 4096;
constexpr std::size_t k_most   = std::size_t{1} << 20;

/// virtio_blk_req.type, and the request before its data (virtIO 1.2, 5.2.6).
enum class Operation : std::uint32_t { read = 0, write = 1 };
struct Header {
    Operation     operation;
    std::uint32_t reserved;
    std::uint64_t sector;
};

alignas(k_block) constinit std::array<std::byte, k_most> data{};
constinit Header                header{};
constinit volatile std::uint8_t status = 0;

void transfer(Device& disk, Operation operation, std::uint64_t block, std::size_t size)
{
    header = {.operation = operation, .reserved = 0, .sector = block * (k_block / k_sector)};
    status = 0xff;
    disk.add(0, {{address_of(&header), sizeof(header), false},
                 {address_of(data.data()), static_cast<std::uint32_t>(size),
                  operation == Operation::read},
                 {address_of(const_cast<const std::uint8_t*>(&status)), 1, true}});
    disk.notify(0);
    (void)disk.wait(0);
    if (status != 0) {
        guest::print("bench: the disk answered a request with status ", std::uint64_t{status},
                     "\n");
    }
}

/// Numbers that look random and are the same each time.
class Places {
public:
    std::uint64_t next(std::uint64_t below)
    {
        state_ = state_ * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
        return (state_ >> 33) % below;
    }

private:
    std::uint64_t state_ = 1;
};

} // namespace

void measure_disk(Device& disk)
{
    constexpr unsigned  k_config_capacity = 0;
    const std::uint64_t blocks =
        disk.transport().config64(k_config_capacity) / (k_block / k_sector);
    struct Row {
        std::string_view name;
        Operation        operation;
        std::size_t      size;
    };
    constexpr std::array k_rows{Row{"disk_read_4k", Operation::read, 4096},
                                Row{"disk_read_64k", Operation::read, 65536},
                                Row{"disk_read_1m", Operation::read, k_most},
                                Row{"disk_write_4k", Operation::write, 4096},
                                Row{"disk_write_64k", Operation::write, 65536},
                                Row{"disk_write_1m", Operation::write, k_most}};
    if (blocks * k_block < 2 * k_most) {
        guest::print("bench: the disk is too small to be measured: ", blocks, " blocks\n");
        return;
    }
    Places places;
    for (const auto& row : k_rows) {
        measure(row.name, [&] {
            const auto block = places.next(blocks - row.size / k_block);
            return count([&] { transfer(disk, row.operation, block, row.size); });
        });
    }
}

} // namespace bench
