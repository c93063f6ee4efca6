// SPDX-License-Identifier: BSD-2-Clause
// The checks find what they are for.
#include "repository.hpp"

#include "kit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const auto k_rules = check::parse_rules("# comment\n"
                                        "lib/base base\n"
                                        "lib/arch arch base # and no more\n"
                                        "tests *\n");

TEST(Includes, PointOneWay)
{
    EXPECT_THAT(check::check_includes(k_rules, "lib/arch/include/arch/a.hpp",
                                      "#include \"base/reg.hpp\"\n#include <cstdint>\n"),
                IsEmpty());
    EXPECT_THAT(
        check::check_includes(k_rules, "lib/base/src/a.cpp", "\n#include \"arch/esr.hpp\"\n"),
        ElementsAre("lib/base/src/a.cpp:2: may not include arch/; see tests/check/rules.txt"));
    EXPECT_THAT(check::check_includes(k_rules, "tests/kit/a.cpp", "#include <arch/esr.hpp>"),
                IsEmpty());
}

TEST(Includes, TheKitIsForTests)
{
    EXPECT_THAT(check::check_includes(k_rules, "lib/arch/src/a.cpp", "#include \"kit/fake.hpp\""),
                ElementsAre("lib/arch/src/a.cpp:1: tests/kit is for tests only"));
    EXPECT_THAT(check::check_includes(k_rules, "lib/arch/test/a.cpp", "#include \"kit/fake.hpp\""),
                IsEmpty());
}

TEST(Conditions, AreFilesAndTemplates)
{
    EXPECT_THAT(check::check_conditions("lib/base/src/a.cpp",
                                        "int a;\n  # if defined(X)\n#elif Y\n#ifdef Z\n#endif\n"),
                SizeIs(3));
    EXPECT_THAT(check::check_conditions("components/a.hpp", "#ifndef X\nint x;\n#endif\n"),
                ElementsAre("components/a.hpp:1: a choice of the preprocessor; make it a file or a "
                            "template parameter (see CONTRIBUTING.md)"));
    EXPECT_THAT(check::check_conditions("picokit/abi/include/a.h",
                                        "#ifndef A_H\n#define A_H\n#ifdef __cplusplus\n#endif\n"
                                        "#if !defined(__ASSEMBLER__)\n#endif\n#endif\n"),
                IsEmpty());
    for (const auto* path : {"lib/arch/include/arch/a.hpp", "tools/a.cpp", "lib/base/test/a.cpp"}) {
        EXPECT_THAT(check::check_conditions(path, "#if X\n#endif\n"), IsEmpty()) << path;
    }
}

TEST(Documents, NameWhatExists)
{
    const kit::TemporaryFolder folder{"check_documents"};
    const auto&                root = folder.path();
    std::filesystem::create_directories(root / "docs");
    std::filesystem::create_directories(root / "lib/base");
    std::ofstream(root / "docs/a.md") << "x";
    EXPECT_THAT(check::check_document(root, "docs/b.md",
                                      "[a](a.md#part) `lib/base` `lib/*/test` [x](https://x)\n"
                                      "```\n`lib/none`\n```\n"),
                IsEmpty());
    EXPECT_THAT(
        check::check_document(root, "docs/b.md", "[a](none.md)\nsee `lib/none/x.hpp`\n"),
        ElementsAre("docs/b.md:1: there is no none.md", "docs/b.md:2: there is no lib/none/x.hpp"));
}

TEST(Documents, QuoteFilesWordForWord)
{
    const kit::TemporaryFolder folder{"check_quotes"};
    const auto&                root = folder.path();
    (void)folder.write("a.cpp", "int a;\nint b;\n");
    EXPECT_THAT(check::check_document(root, "b.md", "<!-- from a.cpp -->\n```cpp\nint b;\n```\n"),
                IsEmpty());
    EXPECT_THAT(check::check_document(root, "b.md", "<!-- from a.cpp -->\n```cpp\nint c;\n```\n"),
                ElementsAre("b.md:4: this block does not stand in a.cpp"));
}

TEST(Words, NothingIsLeftToDoAndNoMachineIsNamed)
{
    const std::string licence = "// SPDX-License-Identifier: BSD-2-Clause\n";
    EXPECT_THAT(check::check_words("a.cpp", licence + "int main();\n"), IsEmpty());
    EXPECT_THAT(check::check_words("a.cpp", "int main();\n"),
                ElementsAre("a.cpp:1: does not begin with the SPDX line"));
    EXPECT_THAT(check::check_words("a.md", std::string("TO") + "DO: all\nsee /wor" + "k/main\n"),
                ElementsAre("a.md:1: something is left to do",
                            "a.md:2: names a folder or host of somebody's machine"));
}

} // namespace
