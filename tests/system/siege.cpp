// SPDX-License-Identifier: BSD-2-Clause
#include "siege.hpp"

#include "build.hpp"
#include "devices.hpp"
#include "front_door.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"
#include "station.hpp"
#include "system.hpp"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace system_test {

namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = qemu::Outcome::Kind;

constexpr std::size_t k_sector     = 512;
constexpr std::size_t k_partition  = std::size_t{1} << 20; ///< size of each, and of what precedes
constexpr unsigned    k_partitions = 4;

/// A disk with a partition for the hostile guest, each neighbour, and nobody, full of a pattern.
/// The first holds the orders.
std::string make_disk(const std::string& orders)
{
    std::string disk((1 + k_partitions) * k_partition, '\0');
    for (std::size_t i = 0; i < disk.size(); ++i) {
        disk[i] = static_cast<char>((i * 2'654'435'761U) >> 24 ^ i);
    }
    // A master boot record: four entries of 16 bytes at 446.
    std::fill_n(disk.begin(), k_sector, '\0');
    for (unsigned i = 0; i < k_partitions; ++i) {
        const auto at  = 446 + 16 * i;
        const auto put = [&](std::size_t where, std::size_t value) {
            for (unsigned byte = 0; byte < 4; ++byte) {
                disk[where + byte] = static_cast<char>(value >> (8 * byte));
            }
        };
        disk[at + 4] = '\x83';
        put(at + 8, (1 + i) * k_partition / k_sector);
        put(at + 12, k_partition / k_sector);
    }
    disk[510] = '\x55';
    disk[511] = '\xaa';
    disk.replace(k_partition, orders.size(), orders);
    return disk;
}

/// Whether the bytes are as they were.
void expect_same(const std::string& before, const std::string& now, std::size_t at,
                 std::size_t size, const char* what)
{
    ASSERT_EQ(now.size(), before.size());
    EXPECT_EQ(before.compare(at, size, now, at, size), 0) << what << " has changed";
}

void check_disk(const std::string& before, const std::string& now)
{
    const auto start = [](unsigned partition) { return (1 + partition) * k_partition; };
    expect_same(before, now, 0, k_partition, "what precedes the first partition");
    expect_same(before, now, start(1), k_partition / 2, "the neighbour's half of its partition");
    expect_same(before, now, start(2), k_partition / 2, "the witness's half of its partition");
    expect_same(before, now, start(3), k_partition, "a partition that belongs to nobody");
    EXPECT_NE(before, now) << "nobody wrote anything";
}

/// Until the hostile guest is done, and then until each neighbour has said something once more, and
/// has gone some way at all: on a quick machine the siege is over before.
void watch(qemu::Console& console)
{
    const qemu::Limits limits{.silence = std::chrono::seconds{120}};
    const auto         ended = console.wait_for(
                {qemu::line_with("hostile: end"), qemu::line_with("hostile: FAILED")}, limits);
    EXPECT_EQ(ended.kind, Kind::matched);
    EXPECT_EQ(ended.index, 0U);
    for (const auto& [name, way] : {std::pair{"neighbour: ", "neighbour: 5 rounds, all is well\n"},
                                    std::pair{"witness: ", "witness: 20 rounds, all is well\n"}}) {
        auto goes_on = ended.kind == Kind::matched;
        for (bool is_first = true; goes_on && (is_first || !console.transcript().contains(way));
             is_first      = false) {
            goes_on = console.wait_for({qemu::line_with(name)}, limits).kind == Kind::matched &&
                      !console.transcript().contains("WRONG");
        }
        EXPECT_TRUE(goes_on) << name << "says nothing any more, or that something is wrong";
    }
    console.process().stop();
    EXPECT_THAT(console.transcript(), HasSubstr("neighbour: 5 rounds, all is well\n"));
    EXPECT_THAT(console.transcript(), HasSubstr("witness: 20 rounds, all is well\n"));
    EXPECT_THAT(console.transcript(), Not(HasSubstr("WRONG")));
    EXPECT_THAT(console.transcript(), Not(HasSubstr(" stopped: ")));
}

} // namespace

std::string besiege(const SiegeOrders& orders)
{
    const auto product =
        vmm::build_product(vmm::this_tree(), orders.board, orders.config, "siege_system").value();
    const auto system = vmm::read_system(product / "tests/guests/siege/siege.json").value();
    const auto before =
        make_disk(fmt::format("orders: seed={} requests={}\n", orders.seed, orders.requests));
    const auto   file    = write_file("disk.img", before);
    const auto   machine = qemu::read_board(system.board_json).value();
    vmm::Options wishes;
    wishes.disks = {file};
    qemu::Options options;
    options.devices = vmm::devices_for(system, wishes).value();
    Station station{std::filesystem::path(file).replace_filename("wire")};
    for (auto& device : options.devices) {
        if (auto* const network = std::get_if<qemu::Network>(&device.kind)) {
            network->wire = station.path();
        }
    }
    qemu::Console console(qemu::Process::start(qemu::command_line(machine, system.image, options),
                                               qemu::Streams::piped)
                              .value());
    watch(console);
    const auto& seen = station.stop();
    EXPECT_EQ(seen.wrong, "") << "a frame that no card may send";
    EXPECT_GT(seen.questions, 0U);
    EXPECT_GT(seen.tcp4, 0U) << "no TCP packet was cut";
    EXPECT_GT(seen.ipv6, 0U) << "no TCP packet over IPv6 was cut";
    if (testing::Test::HasFailure()) {
        ADD_FAILURE() << console.complaints() << console.transcript();
    }
    std::stringstream now;
    now << std::ifstream(file, std::ios::binary).rdbuf();
    check_disk(before, now.str());
    return console.transcript();
}

} // namespace system_test
