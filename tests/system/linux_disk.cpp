// SPDX-License-Identifier: BSD-2-Clause
#include "linux_disk.hpp"

#include "front_door.hpp"

#include "partitions.hpp"
#include "qemu/console.hpp"

#include <gtest/gtest.h>

namespace system_test {

namespace fs = std::filesystem;

namespace {

std::string in_first_partition(const fs::path& image)
{
    return "'" + image.string() + "?offset=" + std::to_string(k_partition) + "'";
}

} // namespace

fs::path new_image(const std::string& name) { return write_file(name, ""); }

std::string host(const std::string& command)
{
    auto process = qemu::Process::start(
        {"sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; exec 2>&1; " + command}, qemu::Streams::piped);
    if (!process) {
        return process.error();
    }
    qemu::Console console(std::move(*process));
    const auto    outcome = console.wait_for({}, {.silence = std::chrono::minutes{10}});
    const auto    exit    = console.process().wait();
    return outcome.before + (exit.is_success() ? "" : exit.text() + "\n");
}

fs::path copy_of_disk(const std::string& name)
{
    const auto copy = new_image(name);
    EXPECT_EQ(host("cp --sparse=always '" + guest(name.c_str()) + "' '" + copy.string() + "'"), "");
    return copy;
}

fs::path empty_disk(const std::string& name, std::uint64_t bytes)
{
    const auto image = new_image(name);
    EXPECT_TRUE(disk::write_image(image, {{.file = {}, .size = bytes}}));
    return image;
}

std::string fsck(const fs::path& image)
{
    const auto text = host("e2fsck -fn " + in_first_partition(image));
    return text.contains("exit code") ? text : "";
}

std::string sha256_in(const fs::path& image, const std::string& file)
{
    return host("debugfs -R 'cat " + file + "' " + in_first_partition(image) +
                " 2> /dev/null | sha256sum | cut -d' ' -f1");
}

} // namespace system_test
