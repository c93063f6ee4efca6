// SPDX-License-Identifier: BSD-2-Clause
// Runs dtc as a program and libfdt as a library.
#include "support.hpp"

#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"

#include <gtest/gtest.h>
#include <libfdt.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace fdt_test {

namespace {

/// A file that exists as long as this object.
class TemporaryFile {
public:
    explicit TemporaryFile(std::span<const std::byte> content)
    {
        const int file = mkstemp(name_.data());
        if (file < 0 ||
            write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
            ADD_FAILURE() << "cannot write " << name_;
        }
        close(file);
    }
    TemporaryFile(const TemporaryFile&)            = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::remove(name_.c_str()); }

    const std::string& name() const { return name_; }

private:
    std::string name_ = testing::TempDir() + "fdt-test-XXXXXX";
};

std::string output_of(const std::string& command)
{
    std::string text;
    auto* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << "cannot run " << command;
        return text;
    }
    std::array<char, 4096> piece{};
    while (const auto size = std::fread(piece.data(), 1, piece.size(), pipe)) {
        text.append(piece.data(), size);
    }
    if (pclose(pipe) != 0) {
        text.clear();
    }
    return text;
}

Bytes to_bytes(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

void compare_node(const void* blob, int offset, const fdt::Node& node)
{
    EXPECT_STREQ(fdt_get_name(blob, offset, nullptr), std::string{node.name()}.c_str());

    int theirs = fdt_first_property_offset(blob, offset);
    for (const auto& property : node.properties()) {
        ASSERT_GE(theirs, 0) << property.name;
        const char* name  = nullptr;
        int         size  = 0;
        const auto* value = fdt_getprop_by_offset(blob, theirs, &name, &size);
        EXPECT_EQ(property.name, name);
        ASSERT_EQ(property.value.size(), static_cast<std::size_t>(size)) << name;
        EXPECT_EQ(std::memcmp(value, property.value.data(), property.value.size()), 0) << name;
        theirs = fdt_next_property_offset(blob, theirs);
    }
    EXPECT_LT(theirs, 0) << "libfdt sees more properties in " << node.name();

    theirs = fdt_first_subnode(blob, offset);
    for (const auto& child : node.children()) {
        ASSERT_GE(theirs, 0) << child.name();
        compare_node(blob, theirs, child);
        theirs = fdt_next_subnode(blob, theirs);
    }
    EXPECT_LT(theirs, 0) << "libfdt sees more children in " << node.name();
}

} // namespace

Bytes compile(const std::string& source)
{
    const TemporaryFile file{std::as_bytes(std::span{source})};
    return compile_file(file.name());
}

Bytes compile_file(const std::string& path)
{
    auto blob = to_bytes(output_of("dtc -q -I dts -O dtb " + path));
    EXPECT_FALSE(blob.empty()) << "dtc cannot compile " << path;
    return blob;
}

std::string decompile(std::span<const std::byte> blob)
{
    const TemporaryFile file{blob};
    return output_of("dtc -q -I dtb -O dts " + file.name());
}

void expect_same_as_libfdt(std::span<const std::byte> blob)
{
    const auto tree = fdt::Tree::create(blob);
    ASSERT_TRUE(tree) << tree.error().what;
    ASSERT_EQ(fdt_check_full(blob.data(), blob.size()), 0);
    EXPECT_EQ(tree->size(), fdt_totalsize(blob.data()));

    const int count = fdt_num_mem_rsv(blob.data());
    for (int i = 0; i < count; ++i) {
        std::uint64_t address = 0;
        std::uint64_t size    = 0;
        ASSERT_EQ(fdt_get_mem_rsv(blob.data(), i, &address, &size), 0);
        EXPECT_EQ(tree->reservation(static_cast<std::size_t>(i)),
                  (fdt::Reservation{address, size}));
    }
    EXPECT_FALSE(tree->reservation(static_cast<std::size_t>(count)));

    compare_node(blob.data(), 0, tree->root());

    for (fdt::Walk walk{*tree}; walk.next();) {
        std::array<char, 512> ours{};
        std::array<char, 512> theirs{};
        const auto            path = walk.position().path(ours);
        const int             offset =
            fdt_path_offset_namelen(blob.data(), path.data(), static_cast<int>(path.size()));
        ASSERT_GE(offset, 0) << path;
        ASSERT_EQ(fdt_get_path(blob.data(), offset, theirs.data(), theirs.size()), 0);
        EXPECT_EQ(path, theirs.data());
        const auto found = tree->find(path);
        ASSERT_TRUE(found) << path;
        EXPECT_EQ(*found, walk.node());
        EXPECT_EQ(tree->locate(walk.node()).depth(), walk.position().depth());
        const auto phandle = walk.node().phandle();
        EXPECT_EQ(phandle.value_or(0), fdt_get_phandle(blob.data(), offset)) << path;
        if (phandle) {
            const auto by_phandle = tree->find_phandle(*phandle);
            ASSERT_TRUE(by_phandle);
            EXPECT_EQ(*by_phandle, walk.node());
        }
    }
}

void exercise(std::span<const std::byte> blob)
{
    const auto tree = fdt::Tree::create(blob);
    if (!tree) {
        return;
    }
    std::array<char, 64> text{};
    (void)tree->find("/soc/serial@9000000");
    (void)tree->find("serial0");
    (void)tree->find_compatible("arm,pl011");
    (void)fdt::covering(*tree, 0x900'0000);
    for (std::size_t i = 0; tree->reservation(i); ++i) {
    }
    unsigned nodes = 0;
    for (fdt::Walk walk{*tree}; walk.next() && nodes < 64; ++nodes) {
        (void)walk.position().path(text);
        for (const auto& property : walk.node().properties()) {
            (void)property.has_string("arm,armv8");
            (void)property.number();
        }
        for (const auto& child : walk.node().children()) {
            (void)child.is_enabled();
        }
        for (std::size_t i = 0; i < 8; ++i) {
            (void)fdt::registers(walk.position(), i);
            const auto interrupt = fdt::interrupt(*tree, walk.position(), i);
            if (!interrupt || !*interrupt) {
                break;
            }
        }
    }
}

} // namespace fdt_test
