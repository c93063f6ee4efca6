// SPDX-License-Identifier: BSD-2-Clause
// Decompression against gzip and zlib: the same bytes, and the same opinion of damaged streams.
#include "vmm/inflate.hpp"

#include "vmm/crc32.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

constexpr int k_gzip_window = 15 + 16;
constexpr int k_raw_window  = -15;

Bytes pack(const Bytes& plain, int level, int window = k_gzip_window,
           int strategy = Z_DEFAULT_STRATEGY)
{
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, window, 8, strategy), Z_OK);
    Bytes packed(plain.size() + plain.size() / 1000 + 4096);
    stream.next_in   = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
    stream.avail_in  = static_cast<uInt>(plain.size());
    stream.next_out  = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// What zlib makes of a stream, if it is sound and not larger than `limit`.
std::optional<Bytes> unpack_by_zlib(const Bytes& packed, std::size_t limit, int window)
{
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, window), Z_OK);
    Bytes plain(limit + 1); // zlib wants room for its answer even if there is nothing to write
    stream.next_in    = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    stream.avail_in   = static_cast<uInt>(packed.size());
    stream.next_out   = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out  = static_cast<uInt>(plain.size());
    const auto result = inflate(&stream, Z_FINISH);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return result == Z_STREAM_END && plain.size() <= limit ? std::optional{plain} : std::nullopt;
}

/// Bytes as programs have them: some text, some runs, some noise.
Bytes mixed(std::size_t size, unsigned seed)
{
    std::mt19937 random{seed};
    Bytes        plain;
    plain.reserve(size + 600);
    while (plain.size() < size) {
        switch (random() % 4) {
        case 0:
            for (auto n = random() % 300; n != 0; --n) {
                plain.push_back(static_cast<std::byte>(random()));
            }
            break;
        case 1:
            plain.insert(plain.end(), random() % 500, static_cast<std::byte>(random()));
            break;
        default:
            if (!plain.empty()) {
                auto from =
                    plain.size() - 1 - random() % std::min<std::size_t>(plain.size(), 32768);
                for (auto n = random() % 300; n != 0; --n) {
                    plain.push_back(plain[from++]);
                }
            }
        }
    }
    plain.resize(size);
    return plain;
}

Bytes noise(std::size_t size)
{
    std::mt19937 random{7};
    Bytes        plain(size);
    for (auto& byte : plain) {
        byte = static_cast<std::byte>(random());
    }
    return plain;
}

Bytes text(std::size_t lines)
{
    std::string all;
    for (std::size_t i = 0; i < lines; ++i) {
        all += "[" + std::to_string(i * 7919) + "] a line of some log, number " +
               std::to_string(i) + "\n";
    }
    return bytes_of(all);
}

void expect_unpacks(const Bytes& packed, const Bytes& plain, const char* what)
{
    Bytes      output(plain.size()); // exactly: the sanitizer watches its end
    const auto result = vmm::gunzip(packed, output);
    ASSERT_TRUE(result) << what << ": " << result.error().what;
    EXPECT_EQ(result->produced, plain.size()) << what;
    EXPECT_EQ(result->consumed, packed.size()) << what;
    EXPECT_TRUE(output == plain) << what;
    EXPECT_EQ(vmm::gunzip_size(packed).value(), plain.size());

    std::array<std::byte, 64> head{};
    const auto                size = vmm::gunzip_head(packed, head);
    ASSERT_TRUE(size) << size.error().what;
    EXPECT_EQ(*size, std::min(head.size(), plain.size()));
    EXPECT_TRUE(
        std::equal(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(*size), plain.begin()));
}

std::string_view error_of(const Bytes& packed, std::size_t room = 1 << 16)
{
    Bytes      output(room);
    const auto result = vmm::gunzip(packed, output);
    return result ? std::string_view{} : result.error().what;
}

TEST(Crc32, IsTheOneOfZlib)
{
    const auto plain = noise(1000);
    EXPECT_EQ(vmm::crc32(bytes_of("123456789")), 0xcbf4'3926u) << "the check value of the CRC";
    EXPECT_EQ(vmm::crc32({}), 0u);
    for (std::size_t start = 0; start < 9; ++start) {
        for (std::size_t size = 0; size < 40; ++size) {
            const auto part = std::span{plain}.subspan(start, size);
            EXPECT_EQ(vmm::crc32(part), ::crc32(0, reinterpret_cast<const Bytef*>(part.data()),
                                                static_cast<uInt>(size)));
            EXPECT_EQ(vmm::crc32(part.subspan(size / 2), vmm::crc32(part.first(size / 2))),
                      vmm::crc32(part));
        }
    }
}

TEST(Inflate, EveryLevelStrategyAndSize)
{
    for (const auto& plain : {Bytes{}, Bytes{std::byte{1}}, Bytes(100'000), noise(70'000),
                              text(20'000), mixed(1'000'000, 1), mixed(777, 2)}) {
        for (int level = 0; level <= 9; ++level) {
            expect_unpacks(pack(plain, level), plain, "level");
        }
        for (const int strategy : {Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
            expect_unpacks(pack(plain, 6, k_gzip_window, strategy), plain, "strategy");
        }
    }
    for (std::size_t size = 0; size < 700; ++size) {
        const auto plain = mixed(size, static_cast<unsigned>(size));
        expect_unpacks(pack(plain, 9), plain, "size");
        expect_unpacks(pack(plain, 9, k_gzip_window, Z_FIXED), plain, "size, fixed");
    }
}

TEST(Inflate, FilesOfTheGzipProgram)
{
    auto       plain = mixed(3'000'000, 3);
    const auto lines = text(30'000);
    plain.insert(plain.end(), lines.begin(), lines.end());
    std::string name = testing::TempDir() + "inflate-test-XXXXXX";
    const int   file = mkstemp(name.data());
    ASSERT_GE(file, 0);
    ASSERT_EQ(write(file, plain.data(), plain.size()), static_cast<ssize_t>(plain.size()));
    close(file);
    for (const auto* options : {"-1", "-6", "-9", "-n -9"}) {
        const auto packed = name + ".gz";
        ASSERT_EQ(std::system(("gzip -kf " + std::string{options} + " " + name).c_str()), 0);
        std::ifstream     stream{packed, std::ios::binary};
        const std::string content{std::istreambuf_iterator<char>{stream}, {}};
        expect_unpacks(bytes_of(content), plain, options);
        std::remove(packed.c_str());
    }
    std::remove(name.c_str());
}

TEST(Inflate, OptionalFieldsOfTheHeaderAreSkipped)
{
    const auto plain  = text(3);
    const auto packed = pack(plain, 6);
    struct Case {
        std::uint8_t flags;
        std::string  fields;
    };
    for (const auto& [flags, fields] :
         {Case{1, ""}, Case{2, "CC"}, Case{4, std::string{"\3\0abc", 5}},
          Case{8, std::string{"n\0", 2}}, Case{16, std::string{"comment\0", 8}},
          Case{31, std::string{"\1\0xname\0c\0CC", 12}}}) {
        auto file        = packed;
        file[3]          = std::byte{flags};
        const auto extra = bytes_of(fields);
        file.insert(file.begin() + 10, extra.begin(), extra.end());
        expect_unpacks(file, plain, "header");
        // Cut off anywhere, also inside of the header, it is an error.
        for (std::size_t size = 0; size < file.size(); ++size) {
            EXPECT_NE(error_of({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}),
                      "")
                << size;
        }
    }
}

TEST(Inflate, WhatFollowsTheStreamIsIgnored)
{
    const auto plain  = text(100);
    auto       packed = pack(plain, 6);
    const auto size   = packed.size();
    packed.resize(size + 100);
    Bytes      output(plain.size());
    const auto result = vmm::gunzip(packed, output);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->consumed, size);
    EXPECT_TRUE(output == plain);
}

TEST(Inflate, EachKindOfDamageHasItsError)
{
    const auto plain  = text(100);
    const auto packed = pack(plain, 6);
    const auto edit   = [&](std::size_t at, int change) {
        auto file = packed;
        file[at]  = static_cast<std::byte>(static_cast<int>(file[at]) ^ change);
        return file;
    };
    EXPECT_EQ(error_of({}), "the gzip file is cut off");
    EXPECT_EQ(error_of(edit(0, 1)), "this is not a gzip file");
    EXPECT_EQ(error_of(edit(2, 1)), "this is not a gzip file") << "another method";
    EXPECT_EQ(error_of(edit(3, 0x80)), "this is not a gzip file") << "unknown flags";
    EXPECT_EQ(error_of(edit(packed.size() - 1, 1)),
              "the gzip file does not have the size that it states");
    EXPECT_EQ(error_of(edit(packed.size() - 5, 1)), "the gzip file's checksum is wrong");
    EXPECT_EQ(error_of({packed.begin(), packed.end() - 1}), "the gzip file is cut off");
    EXPECT_EQ(error_of({packed.begin(), packed.end() - 20}), "the compressed data is cut off");
    EXPECT_EQ(error_of(packed, plain.size() - 1),
              "the compressed data unpacks to more than there is room for");
    EXPECT_EQ(error_of(packed, 0), "the compressed data unpacks to more than there is room for");
    EXPECT_EQ(error_of(edit(10, 6)), "the compressed data is damaged") << "block type 3";
}

std::string_view raw_error_of(std::initializer_list<unsigned> bytes)
{
    Bytes input;
    for (const auto byte : bytes) {
        input.push_back(static_cast<std::byte>(byte));
    }
    Bytes      output(1000);
    const auto result = vmm::inflate(input, output);
    return result ? std::string_view{} : result.error().what;
}

TEST(Inflate, BlocksThatCannotBe)
{
    constexpr std::string_view k_damaged = "the compressed data is damaged";
    EXPECT_EQ(raw_error_of({0x01, 0x01, 0x00, 0xfe, 0xff, 0x61}), "") << "one stored byte";
    EXPECT_EQ(raw_error_of({0x01, 0x01, 0x00, 0xff, 0xff, 0x61}), k_damaged) << "length check";
    EXPECT_EQ(raw_error_of({0x07}), k_damaged) << "block type 3";
    EXPECT_EQ(raw_error_of({0x03, 0x00}), "") << "fixed code, empty";
    EXPECT_EQ(raw_error_of({0x63, 0x00}), "the compressed data is cut off");
    // Fixed code: a match before anything was produced ("length 3, distance 1").
    EXPECT_EQ(raw_error_of({0x03, 0x02, 0x00}), k_damaged);
    EXPECT_EQ(raw_error_of({0x1b, 0x03, 0x00, 0x00}), k_damaged) << "symbol 286";
    // Dynamic: 287 literals; 31 distances; code lengths that over-subscribe; repeat of nothing.
    EXPECT_EQ(raw_error_of({0xf5, 0x00, 0x00, 0x00}), k_damaged);
    EXPECT_EQ(raw_error_of({0x05, 0x1e, 0x00, 0x00}), k_damaged);
    EXPECT_EQ(raw_error_of({0x05, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
              k_damaged);
    EXPECT_EQ(raw_error_of({}), "the compressed data is cut off");
}

/// Damaged streams: zlib is the judge of what is sound. Sizes are exact for the sanitizer.
TEST(Inflate, DamagedStreamsAreJudgedAsZlibDoes)
{
    std::mt19937 random{11};
    unsigned     sound = 0;
    for (unsigned round = 0; round < 6000; ++round) {
        const auto plain    = mixed(1 + random() % 3000, round);
        const int  strategy = std::array{Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY}[random() % 3];
        auto       packed   = pack(plain, static_cast<int>(random() % 10), k_raw_window, strategy);
        if (random() % 4 == 0) {
            packed.resize(random() % (packed.size() + 1));
        }
        for (auto n = random() % 4; n != 0 && !packed.empty(); --n) {
            // Mostly in the beginning, where the tables are.
            const auto at = random() % std::min<std::size_t>(
                                           packed.size(), random() % 2 == 0 ? 80 : packed.size());
            packed[at] ^= static_cast<std::byte>(1U << random() % 8);
        }
        const auto room     = plain.size() + random() % 300;
        const auto expected = unpack_by_zlib(packed, room, k_raw_window);
        Bytes      output(room);
        const auto result = vmm::inflate(packed, output);
        ASSERT_EQ(result.has_value(), expected.has_value())
            << "round " << round << ": " << (result ? "sound" : result.error().what);
        if (result) {
            ++sound;
            output.resize(result->produced);
            ASSERT_TRUE(output == *expected) << "round " << round;
        }
    }
    EXPECT_GT(sound, 500U);
}

} // namespace
