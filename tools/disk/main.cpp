// SPDX-License-Identifier: BSD-2-Clause
// disk -o IMAGE PARTITION…   a disk image with a partition table; a partition is a file or a size.
#include "base/result.hpp"
#include "partitions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

disk::Result<> make(const std::string& image, const std::vector<std::string>& words)
{
    std::vector<disk::Partition> partitions;
    for (const auto& word : words) {
        partitions.push_back(TRY(disk::parse_partition(word)));
    }
    return disk::write_image(image, partitions);
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App                 app{"Makes a disk image with a partition table (MBR)."};
    std::string              image;
    std::vector<std::string> partitions;
    app.add_option("-o,--output", image, "the image")->required();
    app.add_option("partition", partitions, "a file, or empty space such as 16M")->required();
    CLI11_PARSE(app, argc, argv);

    const auto made = make(image, partitions);
    if (!made) {
        fmt::print(stderr, "disk: {}\n", made.error());
        return 1;
    }
    return 0;
}
