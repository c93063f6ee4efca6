// SPDX-License-Identifier: BSD-2-Clause
// Reading what guests print, and writing tables and JSON.
#include "figures.hpp"
#include "same_size.hpp"
#include "sizes.hpp"
#include "table.hpp"

#include <elf.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>

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
