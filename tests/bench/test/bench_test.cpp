// SPDX-License-Identifier: BSD-2-Clause
// Reading what guests print, and writing tables and JSON.
#include "figures.hpp"
#include "free_disk.hpp"
#include "profile.hpp"
#include "same_size.hpp"
#include "sizes.hpp"
#include "sound.hpp"
#include "table.hpp"

#include <elf.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace bench;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view k_output = "MON|INFO: started\n"
                                      "boot first_instruction 2500000 virtual 16\n"
                                      "bench: GICv2, entered at EL1\n"
                                      "bench hypercall mean 850 min 849 max 860 count 100\n"
                                      "bench timer mean 1300 min 1300 max 1300 count 100\n"
                                      "bench: done\n";

TEST(Guest, FiguresAreFoundAmongOtherOutput)
{
    const auto figures = parse_guest(k_output);
    EXPECT_TRUE(figures.is_complete);
    EXPECT_TRUE(figures.is_exact);
    EXPECT_EQ(figures.exits.size(), 2U);
    EXPECT_EQ(figures.exits.at("hypercall"), (Spread{850, 849, 860, 100}));
    EXPECT_EQ(figures.first, (FirstInstruction{2'500'000, 16}));
}

TEST(Guest, DamagedLinesAreIgnored)
{
    const auto figures = parse_guest("bench hypercall mean 8x0 min 1 max 2 count 3\n"
                                     "bench hypercall mean 850 min 849\n"
                                     "boot first_instruction -1 virtual 2\n");
    EXPECT_TRUE(figures.exits.empty());
    EXPECT_FALSE(figures.first);
    EXPECT_FALSE(figures.is_complete);
}

TEST(Guest, SaysWhenTheMachineDoesNotCount)
{
    EXPECT_FALSE(parse_guest("bench: not exact: start QEMU with -icount\nbench: done\n").is_exact);
}

TEST(Clock, CountsNanoseconds)
{
    EXPECT_EQ(parse_clock("[    0.0] x\nclock: count=62500001 frequency=62500000\n"),
              1'000'000'016U);
    EXPECT_EQ(parse_clock("clock: count=12 frequency=0\n"), std::nullopt);
    EXPECT_EQ(parse_clock("clock: count= frequency=62500000\n"), std::nullopt);
    EXPECT_EQ(parse_clock(""), std::nullopt);
    // A counter that has run for years does not overflow on the way.
    EXPECT_EQ(parse_clock("clock: count=62500000000000000 frequency=62500000\n"),
              1'000'000'000'000'000'000U);
}

Figures some_figures()
{
    Figures figures;
    figures.board  = "qemu_virt_aarch64";
    figures.config = "release";
    figures.sdk    = "picokit";
    figures.exits  = {{"hypercall", {850, 849, 860, 100}}, {"timer", {1'300, 1'300, 1'300, 100}}};
    figures.smp_exits = {{"hypercall", {870, 870, 870, 100}}, {"ipi", {2'700, 2'690, 2'750, 100}}};
    figures.boot      = {{"first_instruction", 2'500'000},
                         {"user_space", 1'020'000'000},
                         {"native_user_space", 1'000'000'000},
                         {"user_space_4", 1'050'000'000},
                         {"native_user_space_4", 1'000'000'000}};
    figures.size      = {{"kernel_text", 40'000}, {"vmm_text", 90'000}, {"vmm_data", 5'000}};
    return figures;
}

/// Runs of blanks as one: the tests are about words.
std::string squeezed(const std::string& text)
{
    std::string result;
    for (const char c : text) {
        if (c != ' ' || !result.ends_with(' ')) {
            result += c;
        }
    }
    return result;
}

TEST(Table, SaysWhatIsReached)
{
    const auto text = squeezed(table(some_figures()));
    EXPECT_THAT(text, HasSubstr(" 850 870 ≤ 900 reached 849–860\n"));
    EXPECT_THAT(text, HasSubstr(" 1,300 ≤ 1,200 NOT REACHED\n"));
    EXPECT_THAT(text, HasSubstr("handler 2,700 ≤ 4,500 reached 2,690–2,750\n"));
    EXPECT_THAT(text, HasSubstr(" 1.050 ≤ 1.030 NOT REACHED\n"));
    EXPECT_THAT(text, HasSubstr(" 2,500,000 ≤ 3,000,000 reached\n"));
    EXPECT_THAT(text, HasSubstr(" 1.020 ≤ 1.030 reached\n"));
    EXPECT_THAT(text, HasSubstr("kernel: text 40,000 ≤ 65,536 reached\n"));
}

TEST(Table, OtherKernelsHaveOtherAims)
{
    auto figures    = some_figures();
    figures.sdk     = "/opt/microkit-sdk-2.3.0";
    const auto text = table(figures);
    EXPECT_THAT(text, HasSubstr("≤ 2,400"));
    EXPECT_THAT(text, Not(HasSubstr("≤ 900")));
    EXPECT_THAT(text, Not(HasSubstr("≤ 65,536")));
}

TEST(Table, RequestsHaveTheirOwnPart)
{
    auto figures = some_figures();
    EXPECT_THAT(table(figures), Not(HasSubstr("requests")));
    figures.requests        = {{"disk_read_4k", {7'900, 7'500, 15'000, 100}}};
    figures.native_requests = {{"disk_read_4k", {282, 282, 509, 100}}};
    figures.switches        = {{"disk_read_4k", 6.25}};
    figures.linux_requests  = {{"linux_read_4k", {34'000, 33'000, 40'000, 400}},
                               {"linux_write_4k", {39'000, 39'000, 39'000, 400}},
                               {"linux_read_1m", {400'000, 400'000, 400'000, 48}},
                               {"linux_tcp_in", {900'000'000, 5'000'000, 2'000'000'000, 5}}};
    figures.native_linux    = {{"linux_read_4k", {16'000, 16'000, 16'000, 400}},
                               {"linux_tcp_in", {4'000'000, 2'500'000, 5'000'000, 5}}};
    const auto text         = squeezed(table(figures));
    EXPECT_THAT(text, HasSubstr("4 KiB read 7,900 282 6.2 7,500–15,000\n"));
    EXPECT_THAT(text,
                HasSubstr("random read, µs 34.0 16.0 ≤ 35 reached × 2.12 of 2.0 NOT REACHED\n"));
    EXPECT_THAT(text, HasSubstr("random write, µs 39.0 ≤ 38 NOT REACHED\n"));
    EXPECT_THAT(text, HasSubstr("sequential read, MB/s 2,621 ≥ 2,000 reached\n"));
    // The best of all connections, on both sides.
    EXPECT_THAT(text, HasSubstr("TCP in, MB/s 200 400 ≥ 500 NOT REACHED × 2.00\n"));
    EXPECT_EQ(nlohmann::json::parse(json(figures))["linux"]["linux_read_4k"], 34'000);
}

TEST(Sound, APeriodIsWhatTheLongerRunTakesMore)
{
    std::istringstream file{"1 2\n1000 2000 3000 4000 \nqemu: hello\n"
                            "2000 2100 3050 4010 \n5000 2400 3050 4011 \n"};
    const auto         marks = read_owners(file);
    ASSERT_EQ(marks.size(), 3U);
    const auto cost = a_period("capture", marks, 200);
    ASSERT_TRUE(cost) << cost.error();
    EXPECT_EQ(cost->at("capture_guest_kernel"), 10U);
    EXPECT_EQ(cost->at("capture_guest_programs"), 1U);
    EXPECT_EQ(cost->at("capture_hypervisor"), 0U) << "less than in the shorter run";
    EXPECT_EQ(cost->at("capture_domains"), 0U);
    EXPECT_THAT(a_period("playback", {marks[0]}, 200).error(), HasSubstr("saw 1 marks"));
}

TEST(Table, SoundHasItsOwnPart)
{
    auto figures = some_figures();
    EXPECT_THAT(table(figures), Not(HasSubstr("a period of")));
    figures.sound        = {{"capture_guest_kernel", 18'000}, {"capture_domains", 9'000}};
    figures.native_sound = {{"capture_guest_kernel", 12'000}};
    const auto text      = squeezed(table(figures));
    EXPECT_THAT(text, HasSubstr("Linux' kernel 18,000 12,000\n"));
    EXPECT_THAT(text, HasSubstr("together 27,000 12,000\n"));
    EXPECT_EQ(nlohmann::json::parse(json(figures))["sound"]["capture_domains"], 9'000);
}

TEST(Profile, CountsAnInstructionInEachWindow)
{
    std::istringstream profile{"window\n70002830 7f00 d503245f 5\n200000 7f04 0 9\n"
                               "window\n70002830 7f00 d503245f 3\n70002830 8f00 d503245f 4\n"
                               "window\n"};
    EXPECT_THAT(runs_of(0x7000'2830, profile), testing::ElementsAre(5, 7, 0));
}

TEST(Profile, NamesAreThoseOfTheGuestsLines)
{
    EXPECT_THAT(names_in_order("bench: GICv2\nbench b mean 1\n----\nbench a mean 2\n"),
                testing::ElementsAre("b", "a"));
}

TEST(Json, HasTheKeysThatScriptsReadAsNumbers)
{
    const auto parsed = nlohmann::json::parse(json(some_figures()));
    EXPECT_EQ(parsed["exits"]["hypercall"], 850);
    EXPECT_EQ(parsed["exits_4_vcpus"]["ipi"], 2'700);
    EXPECT_EQ(parsed["spread_4_vcpus"]["ipi"]["least"], 2'690);
    EXPECT_EQ(parsed["boot"]["native_user_space"], 1'000'000'000);
    EXPECT_EQ(parsed["size"]["vmm_data"], 5'000);
    EXPECT_EQ(parsed["spread"]["hypercall"]["most"], 860);
}

/// A folder that goes away with the test.
class Files : public testing::Test {
protected:
    Files() { fs::create_directories(folder); }
    ~Files() override { fs::remove_all(folder); }

    fs::path write(const char* name, const std::string& content) const
    {
        std::ofstream(folder / name, std::ios::binary) << content;
        return folder / name;
    }
    static std::string read(const fs::path& file)
    {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>{stream}, {}};
    }
    static std::string head(const fs::path& file, std::size_t size)
    {
        std::string bytes(size, '\0');
        std::ifstream(file, std::ios::binary)
            .read(bytes.data(), static_cast<std::streamsize>(size));
        return bytes;
    }
    static std::string image(std::size_t size, char fill, char memory)
    {
        std::string bytes(size, fill);
        bytes.replace(16, 8, std::string(8, memory));
        bytes.replace(56, 4, "ARM\x64");
        return bytes;
    }

    fs::path folder = fs::path{testing::TempDir()} /
                      testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Files, ProgramTakesTheSizesOfTheKernel)
{
    const auto program = write("program", image(100, 'p', '1'));
    const auto kernel  = write("kernel", image(300, 'k', '2'));
    ASSERT_TRUE(make_same_size(program, kernel, folder / "both"));
    const auto both = read(folder / "both");
    EXPECT_EQ(both.size(), 300U);
    EXPECT_EQ(both.substr(16, 8), "22222222");
    EXPECT_EQ(both.substr(0, 16), std::string(16, 'p'));
    EXPECT_EQ(both.substr(60, 40), std::string(40, 'p'));
    EXPECT_EQ(both.substr(100), std::string(200, 'k'));
}

TEST_F(Files, OnlyImagesCanBeMadeTheSameSize)
{
    const auto program = write("program", image(100, 'p', '1'));
    const auto other   = write("other", std::string(300, 'x'));
    const auto small   = write("small", image(80, 's', '2'));
    EXPECT_THAT(make_same_size(program, other, folder / "o").error(), HasSubstr("no arm64 Image"));
    EXPECT_THAT(make_same_size(program, small, folder / "o").error(), HasSubstr("is smaller than"));
    EXPECT_THAT(make_same_size(program, folder / "none", folder / "o").error(),
                HasSubstr("cannot read"));
}

TEST_F(Files, AFreeDiskHasAPartitionTable)
{
    const auto arguments = make_free_disk(folder, "disk");
    ASSERT_TRUE(arguments) << arguments.error();
    EXPECT_THAT(*arguments, testing::Contains(HasSubstr("driver=null-co,node-name=disk-data")));
    EXPECT_EQ(head(folder / "free.qcow2", 8), std::string("QFI\xfb\0\0\0\3", 8));
    EXPECT_EQ(head(folder / "partitioned.img", 512).substr(510), "\x55\xaa");
}

TEST_F(Files, AddressOfASymbol)
{
    EXPECT_TRUE(symbol_address("/proc/self/exe", "main"));
    EXPECT_THAT(symbol_address("/proc/self/exe", "no such").error(), HasSubstr("has no symbol"));
}

TEST_F(Files, SizesOfThisVeryTest)
{
    const auto sizes = program_sizes("/proc/self/exe");
    ASSERT_TRUE(sizes) << sizes.error();
    EXPECT_GT(sizes->text, 10'000U);
    EXPECT_GT(sizes->read_only, 1'000U);
    EXPECT_GT(sizes->data, 8U);
    EXPECT_EQ(sizes->images, 0U);
    EXPECT_THAT(program_sizes(write("text", "no ELF")).error(), HasSubstr("is no ELF file"));
    EXPECT_THAT(program_sizes(folder / "none").error(), HasSubstr("cannot open"));
}

} // namespace
