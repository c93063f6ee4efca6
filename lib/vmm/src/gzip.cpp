// SPDX-License-Identifier: BSD-2-Clause
// The gzip format (RFC 1952) around a deflate stream.
#include "vmm/inflate.hpp"

#include "base/endian.hpp"
#include "inflate_decoder.hpp"
#include "vmm/crc32.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace vmm {

namespace {

using namespace inflate_detail;

constexpr std::size_t k_trailer_size = 8; // CRC32 and ISIZE (RFC 1952, 2.3.1)

/// Where the deflate stream begins behind the header (RFC 1952, 2.3), or an error.
base::Result<std::size_t> stream_start(std::span<const std::byte> file)
{
    constexpr std::uint8_t k_header_crc = 2, k_extra = 4, k_name = 8, k_comment = 16;
    constexpr std::uint8_t k_unknown = 0xe0;
    constexpr std::size_t  k_fixed   = 10;

    const auto cut_off = base::fail("the gzip file is cut off", k_hint);
    if (file.size() < k_fixed) {
        return cut_off;
    }
    const auto flags = static_cast<std::uint8_t>(file[3]);
    if (!is_gzip(file) || file[2] != std::byte{8} || (flags & k_unknown) != 0) {
        return base::fail("this is not a gzip file", k_hint);
    }
    std::size_t at = k_fixed;
    if ((flags & k_extra) != 0) {
        const auto size = base::load_little<std::uint16_t>(file, at);
        at += 2 + std::size_t{size.value_or(0)};
    }
    for (const auto text : {k_name, k_comment}) {
        if ((flags & text) != 0) {
            const auto rest = file.subspan(std::min(at, file.size()));
            const auto end  = std::ranges::find(rest, std::byte{0});
            at += static_cast<std::size_t>(end - rest.begin()) + 1;
        }
    }
    at += (flags & k_header_crc) != 0 ? 2U : 0U;
    if (at >= file.size()) {
        return cut_off;
    }
    return at;
}

} // namespace

bool is_gzip(std::span<const std::byte> file)
{
    return base::load_big<std::uint16_t>(file) == 0x1f8b;
}

base::Result<Inflated> gunzip(std::span<const std::byte> file, std::span<std::byte> output)
{
    const auto start    = TRY(stream_start(file));
    auto       inflated = TRY(inflate(file.subspan(start), output));
    const auto trailer  = file.subspan(start + inflated.consumed);
    const auto crc      = base::load_little<std::uint32_t>(trailer, 0);
    const auto size     = base::load_little<std::uint32_t>(trailer, 4);
    if (!crc || !size) {
        return base::fail("the gzip file is cut off", k_hint);
    }
    if (*size != static_cast<std::uint32_t>(inflated.produced)) {
        return base::fail("the gzip file does not have the size that it states", k_hint, *size);
    }
    if (*crc != crc32(output.first(inflated.produced))) {
        return base::fail("the gzip file's checksum is wrong", k_hint, *crc);
    }
    inflated.consumed += start + k_trailer_size;
    return inflated;
}

base::Result<std::size_t> gunzip_head(std::span<const std::byte> file, std::span<std::byte> output)
{
    const auto input = file.subspan(TRY(stream_start(file)));
    Decoder    decoder{input, output};
    const auto outcome = decoder.run();
    if (outcome != Outcome::full) {
        (void)TRY(result_of(decoder, outcome, input.size()));
    }
    return decoder.produced();
}

base::Result<std::size_t> gunzip_size(std::span<const std::byte> file)
{
    const auto size = file.size() < k_trailer_size
                          ? std::nullopt
                          : base::load_little<std::uint32_t>(file, file.size() - 4);
    if (!size) {
        return base::fail("the gzip file is cut off", k_hint);
    }
    return *size;
}

} // namespace vmm
