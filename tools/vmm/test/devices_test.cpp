// SPDX-License-Identifier: BSD-2-Clause
// Which devices QEMU gets for a system, and what is said of disks that cannot be.
#include "devices.hpp"

#include "kit/temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

fs::path image(const char* name, std::size_t size, bool has_table = true)
{
    static const kit::TemporaryFolder folder{"images"}; // for all tests of a run
    std::string                       bytes(size, '\0');
    if (has_table && size >= 512) {
        bytes[510] = '\x55';
        bytes[511] = '\xaa';
    }
    return folder.write(name, bytes);
}

vmm::System system_with(std::vector<vmm::UsedDevice> devices, const fs::path& disk = {})
{
    vmm::System system{};
    system.name    = "example";
    system.disk    = disk;
    system.devices = std::move(devices);
    return system;
}

const std::vector<vmm::UsedDevice> k_all{{"serial", "serial", "uart0"},
                                         {"blk", "my-disk", "virtio_mmio.31"},
                                         {"net", "net", "virtio_mmio.30"},
                                         {"serial", "second", "virtio_mmio.29"},
                                         {"entropy", "rng", "virtio_mmio.28"}};

std::string error_of(const vmm::System& system, const vmm::Options& options)
{
    const auto devices = vmm::devices_for(system, options);
    return devices ? "" : devices.error();
}

TEST(Devices, EachDriverHasItsOwn)
{
    const auto   disk = image("disk.img", 8192);
    vmm::Options options;
    options.forwards   = {{.host = 1, .address = {}, .guest = 2}};
    const auto devices = vmm::devices_for(system_with(k_all, disk), options).value();
    ASSERT_EQ(devices.size(), 4U) << "uart0 is there anyway";
    EXPECT_EQ(devices[0].name, "my_disk");
    EXPECT_EQ(devices[0].bus, 31U);
    EXPECT_EQ(std::get<qemu::Disk>(devices[0].kind).file, disk);
    EXPECT_FALSE(std::get<qemu::Disk>(devices[0].kind).persistent) << "the example's own";
    EXPECT_EQ(std::get<qemu::Network>(devices[1].kind).forwards.size(), 1U);
    EXPECT_FALSE(std::get<qemu::SerialPort>(devices[2].kind).is_terminal);
    EXPECT_TRUE(std::holds_alternative<qemu::Entropy>(devices[3].kind));

    EXPECT_TRUE(vmm::devices_for(system_with({}), {}).value().empty());
    const auto console = vmm::devices_for(system_with({k_all[3]}), {}).value();
    EXPECT_TRUE(std::get<qemu::SerialPort>(console[0].kind).is_terminal) << "there is no other";
}

TEST(Devices, AUsersDiskIsWritten)
{
    vmm::Options options;
    options.disks      = {image("own.img", 4096)};
    const auto devices = vmm::devices_for(system_with({k_all[1]}, "/nowhere"), options).value();
    EXPECT_EQ(std::get<qemu::Disk>(devices[0].kind).file, options.disks[0]);
    EXPECT_TRUE(std::get<qemu::Disk>(devices[0].kind).persistent);
}

TEST(Devices, WhatCannotBeIsSaid)
{
    const auto   system = system_with({k_all[1]});
    vmm::Options options;
    EXPECT_EQ(error_of(system, options), "the system example comes without an image for its disk "
                                         "'my-disk': give one with --disk FILE");
    EXPECT_THAT(error_of(system_with({k_all[1]}, "/nowhere.img"), options),
                HasSubstr("the disk image /nowhere.img cannot be read"));

    options.disks = {image("odd.img", 5000)};
    EXPECT_THAT(error_of(system, options), HasSubstr("has 5000 bytes, and a disk has a multiple of "
                                                     "4096: `truncate -s %4096 "));
    options.disks = {image("empty.img", 0)};
    EXPECT_THAT(error_of(system, options), HasSubstr("has 0 bytes"));
    options.disks = {image("plain.img", 8192, false)};
    EXPECT_THAT(error_of(system, options), HasSubstr("has no partition table"));

    const auto good = image("good.img", 8192);
    options.disks   = {good, good};
    EXPECT_EQ(error_of(system, options),
              "--disk: the system example has 1 disk(s), and 2 are given");
    EXPECT_EQ(error_of(system_with({}), options), "--disk: the system example has no disk");
    options.disks    = {good};
    options.forwards = {{.host = 1, .address = {}, .guest = 2}};
    EXPECT_EQ(error_of(system, options), "--forward: the system example has no network");
    EXPECT_THAT(error_of(system_with({{"camera", "s", "virtio_mmio.1"}}), {}),
                HasSubstr("a driver of class camera on virtio_mmio.1"));
    options     = {};
    options.wav = "played.wav";
    EXPECT_EQ(error_of(system_with({}), options), "--wav: the system example has no sound");
}

/// Holds the lock that QEMU has on a file which it writes.
class Lock {
public:
    explicit Lock(const fs::path& file)
        : descriptor_(::open(file.c_str(), O_RDWR | O_CLOEXEC))
    {
        struct flock lock {};
        lock.l_type   = F_RDLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start  = 101;
        lock.l_len    = 1;
        EXPECT_EQ(::fcntl(descriptor_, F_OFD_SETLK, &lock), 0);
    }
    ~Lock() { ::close(descriptor_); }
    Lock(const Lock&)            = delete;
    Lock& operator=(const Lock&) = delete;

private:
    int descriptor_;
};

TEST(Devices, ABusyImageIsSaidToBe)
{
    vmm::Options options;
    options.disks = {image("busy.img", 4096)};
    const Lock lock{options.disks[0]};
    EXPECT_THAT(error_of(system_with({k_all[1]}), options), HasSubstr("is in use"));
    EXPECT_THAT(error_of(system_with({k_all[1]}, options.disks[0]), {}), HasSubstr("is in use"));
}

} // namespace
