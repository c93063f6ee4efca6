// SPDX-License-Identifier: BSD-2-Clause
// Both machines, in QEMU: every case, and random sequences. ./test builds what they boot.
#include "compare.hpp"
#include "generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace {

using namespace oracle;
namespace fs = std::filesystem;

Comparison run_both(const Sequence& sequence)
{
    const auto reference = run(sequence, Side::reference, {});
    const auto ours      = run(sequence, Side::ours, {});
    EXPECT_TRUE(reference) << reference.error();
    EXPECT_TRUE(ours) << ours.error();
    return compare(sequence, reference.value_or(Log{}), ours.value_or(Log{}));
}

std::vector<fs::path> cases()
{
    std::vector<fs::path> files;
    for (const auto& entry :
         fs::directory_iterator(fs::path{LIBVMM_SOURCE_DIR} / "tests/oracle/cases")) {
        if (entry.path().extension() == ".txt") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

std::string test_name(const fs::path& file)
{
    auto name = file.stem().string();
    std::ranges::replace(name, '-', '_');
    return name;
}

class OracleCase : public testing::TestWithParam<fs::path> {};

TEST_P(OracleCase, Agrees)
{
    const auto sequence = read_sequence(GetParam());
    ASSERT_TRUE(sequence) << sequence.error();
    const auto result = run_both(*sequence);
    if (sequence->fails.empty()) {
        EXPECT_FALSE(result.disagreement) << *result.disagreement;
    } else {
        EXPECT_TRUE(result.disagreement)
            << "agrees now: take the line \"fails …\" out of " << GetParam();
    }
}

INSTANTIATE_TEST_SUITE_P(All, OracleCase, testing::ValuesIn(cases()),
                         [](const auto& parameter) { return test_name(parameter.param); });

class OracleRandom : public testing::TestWithParam<Machine> {};

TEST_P(OracleRandom, Agrees)
{
    constexpr std::size_t k_operations = 2500;
    for (const std::uint64_t seed : {101U, 102U}) {
        const auto sequence = generate(GetParam(), seed, k_operations, {});
        const auto result   = run_both(sequence);
        EXPECT_FALSE(result.disagreement)
            << "seed " << seed << ", " << k_operations << " operations: " << *result.disagreement;
        EXPECT_GT(result.records, k_operations);
    }
}

INSTANTIATE_TEST_SUITE_P(All, OracleRandom,
                         testing::Values(Machine{2, 1}, Machine{2, 2}, Machine{2, 4}, Machine{3, 1},
                                         Machine{3, 2}, Machine{3, 4}),
                         [](const auto& parameter) {
                             return "gicv" + std::to_string(parameter.param.gic) + "_" +
                                    std::to_string(parameter.param.cpus);
                         });

} // namespace
