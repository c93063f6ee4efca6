// SPDX-License-Identifier: BSD-2-Clause
// The archive's bytes, and what a manifest may not say.
#include "cpio.hpp"
#include "manifest.hpp"

#include "kit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

TEST(Cpio, HasTheLayoutThatTheKernelReads)
{
    guest::CpioArchive archive;
    archive.add_file("/a", 0644, "hello");
    const auto bytes = std::move(archive).finish();
    EXPECT_EQ(bytes.substr(0, 110), "070701"   // magic
                                    "00000001" // inode
                                    "000081A4" // mode
                                    "00000000"
                                    "00000000" // owner
                                    "00000001" // links
                                    "00000000" // time
                                    "00000005" // size
                                    "00000000"
                                    "00000000"
                                    "00000000"
                                    "00000000" // devices
                                    "00000002" // size of the name, with its zero
                                    "00000000");
    EXPECT_EQ(bytes.substr(110, 2), std::string("a\0", 2));
    EXPECT_EQ(bytes.substr(112, 8), std::string("hello\0\0\0", 8));
    EXPECT_NE(bytes.find("TRAILER!!!"), std::string::npos);
    EXPECT_EQ(bytes.size() % 4, 0u);
}

TEST(Cpio, AManifestBecomesEntriesWithTheirModes)
{
    const auto archive = guest::make_initramfs("# comment\n"
                                               "dir /dev 755\n"
                                               "node /dev/console 600 c 5 1 # the console\n"
                                               "link {where} busybox\n",
                                               {{"where", "/sh"}});
    ASSERT_TRUE(archive) << archive.error();
    EXPECT_NE(archive->find("000041ED"), std::string::npos);
    EXPECT_NE(archive->find("00002180"), std::string::npos);
    EXPECT_NE(archive->find("0000A1FF"), std::string::npos);
    EXPECT_NE(archive->find("dev/console"), std::string::npos);
}

TEST(Cpio, ATreeIsAllThatIsInAFolder)
{
    namespace fs = std::filesystem;
    const kit::TemporaryFolder own{"cpio_tree"};
    const auto&                folder = own.path();
    fs::create_directories(folder / "bin");
    std::ofstream(folder / "bin/tool") << "run me";
    std::ofstream(folder / "note") << "read me";
    fs::permissions(folder / "bin/tool", fs::perms::owner_all);
    fs::create_symlink("tool", folder / "bin/alias");

    guest::CpioArchive expected;
    expected.add_folder("/usr/bin", 0755);
    expected.add_link("/usr/bin/alias", "tool");
    expected.add_file("/usr/bin/tool", 0755, "run me");
    expected.add_file("/usr/note", 0644, "read me");
    const auto archive = guest::make_initramfs("tree /usr {folder}", {{"folder", folder}});
    ASSERT_TRUE(archive) << archive.error();
    EXPECT_EQ(*archive, std::move(expected).finish());
}

TEST(Cpio, AManifestsMistakesAreNamedWithTheirLine)
{
    const auto error_of = [](const char* text) { return guest::make_initramfs(text, {}).error(); };
    EXPECT_EQ(error_of("pipe /x 644"), "line 1: 'pipe' is none of dir, file, link, node, tree");
    EXPECT_EQ(error_of("\ndir /x"), "line 2: dir takes 2 words, not 1");
    EXPECT_EQ(error_of("dir /x 9"), "line 1: '9' is not a number");
    EXPECT_EQ(error_of("file /x 644 /no/such"), "line 1: cannot read /no/such");
    EXPECT_EQ(error_of("tree /x /no/such"),
              "line 1: cannot read /no/such: No such file or directory");
    EXPECT_EQ(error_of("file /x 644 {a}"), "line 1: nothing is given for {a}");
}

} // namespace
