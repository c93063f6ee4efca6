// SPDX-License-Identifier: BSD-2-Clause
#include "same_size.hpp"

#include "base/result.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace bench {
namespace {

namespace fs = std::filesystem;

// Linux, Documentation/arch/arm64/booting.rst.
constexpr std::size_t      k_image_size = 16, k_magic = 56, k_header_size = 64;
constexpr std::string_view k_magic_text = "ARM\x64";

Result<std::string> read_image(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::string   bytes{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream && bytes.empty()) {
        return std::unexpected(fmt::format("cannot read {}", file.string()));
    }
    if (bytes.size() < k_header_size ||
        std::string_view{bytes}.substr(k_magic, k_magic_text.size()) != k_magic_text) {
        return std::unexpected(fmt::format("{} is no arm64 Image", file.string()));
    }
    return bytes;
}

} // namespace

Result<> make_same_size(const fs::path& program, const fs::path& kernel, const fs::path& output)
{
    auto       image  = TRY(read_image(program));
    const auto larger = TRY(read_image(kernel));
    if (larger.size() < image.size()) {
        return std::unexpected(
            fmt::format("{} is smaller than {}", kernel.string(), program.string()));
    }
    image += larger.substr(image.size());
    image.replace(k_image_size, 8, larger, k_image_size, 8);
    std::ofstream stream(output, std::ios::binary);
    stream << image;
    if (!stream.flush()) {
        return std::unexpected(fmt::format("cannot write {}", output.string()));
    }
    return {};
}

} // namespace bench
