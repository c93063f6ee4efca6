// SPDX-License-Identifier: BSD-2-Clause
// Every description in reject/ is refused with exactly the message beside it, and writes nothing;
// every one in accept/ makes an image.
#include "kit/workspace.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using tool::test::Workspace;

const fs::path k_corpus{TOOL_TEST_DIR};

/// "reject/map/unaligned" for each file, sorted.
std::vector<std::string> descriptions(const std::string& kind)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator{k_corpus / kind}) {
        if (entry.path().extension() == ".system") {
            names.push_back(fs::relative(entry.path(), k_corpus).replace_extension().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

std::string text_of(const fs::path& path)
{
    const auto bytes = tool::read_file(path, {}).value();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Messages as they are when the tool runs in the directory of the corpus.
std::string without_directory(std::string text)
{
    const auto prefix = k_corpus.string() + "/";
    for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) {
        text.erase(at, prefix.size());
    }
    return text;
}

std::string test_name(const testing::TestParamInfo<std::string>& info)
{
    auto name = info.param.substr(info.param.find('/') + 1);
    std::ranges::replace(name, '/', '_');
    return name;
}

class Reject : public testing::TestWithParam<std::string> {};

TEST_P(Reject, exact_message)
{
    const Workspace workspace;
    const auto      file    = k_corpus / (GetParam() + ".system");
    const auto      outcome = workspace.build(file.string());
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(without_directory(outcome.err), text_of(k_corpus / (GetParam() + ".txt")));
    EXPECT_FALSE(workspace.has("loader.img"));
    EXPECT_FALSE(workspace.has("report.txt"));
}

INSTANTIATE_TEST_SUITE_P(corpus, Reject, testing::ValuesIn(descriptions("reject")), test_name);

class Accept : public testing::TestWithParam<std::string> {};

TEST_P(Accept, makes_an_image)
{
    const Workspace workspace;
    const auto      file    = k_corpus / (GetParam() + ".system");
    const auto      outcome = workspace.build(file.string());
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(workspace.has("loader.img"));
    EXPECT_TRUE(workspace.has("report.txt"));
}

INSTANTIATE_TEST_SUITE_P(corpus, Accept, testing::ValuesIn(descriptions("accept")), test_name);

} // namespace
