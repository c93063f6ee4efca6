// SPDX-License-Identifier: BSD-2-Clause
// What the SDK contributes: the board's facts and the kernel.
#include "sdk/board.hpp"

#include "kit/elf_builder.hpp"
#include "kit/workspace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace tool::test;
using testing::HasSubstr;
using Json = nlohmann::json;

constexpr auto          k_kernel = "sdk/board/qemu_virt_aarch64/debug/elf/picokit.elf";
constexpr auto          k_board  = "sdk/board/qemu_virt_aarch64/debug/board.json";
constexpr std::uint64_t k_load   = 0x7000'0000;

class Sdk : public testing::Test {
protected:
    std::string build() const { return workspace.build_text(in_system(pd("a"))).err; }

    /// board.json with one member changed; a null value removes it.
    void change_board(const std::string& key, const Json& value) const
    {
        const auto bytes = workspace.read(k_board);
        auto       json =
            Json::parse(std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        json[key] = value;
        if (value.is_null()) {
            json.erase(key);
        }
        workspace.write(k_board, json.dump());
    }

    const Workspace workspace;
};

TEST_F(Sdk, board_facts)
{
    const auto board = tool::read_board(workspace.path() / k_board);
    ASSERT_TRUE(board);
    EXPECT_EQ(board->name, "qemu_virt_aarch64");
    EXPECT_EQ(board->load_address.raw(), k_load);
    EXPECT_EQ(board->ram.at(0).range.end().raw(), 0xc000'0000U);
    EXPECT_EQ(board->kernel_devices.at(2).name, "gich");
    EXPECT_EQ(board->console.start().raw(), 0x900'0000U);
    EXPECT_EQ(board->max_irq, 159U);
    EXPECT_EQ(board->reserved_irqs, (std::vector<std::uint64_t>{25, 26, 27}));
    EXPECT_EQ(board->physical_limit(), 1ULL << 40);
}

TEST_F(Sdk, every_board_fact_is_needed)
{
    for (const auto* key : {"name", "arch", "pa_bits", "cores", "load_address", "ram",
                            "kernel_devices", "console", "max_irq", "timer_hz", "reserved_irqs"}) {
        const Workspace fresh;
        const auto      bytes = workspace.read(k_board);
        auto            json =
            Json::parse(std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        json.erase(key);
        fresh.write(k_board, json.dump());
        const auto error = fresh.build_text(in_system(pd("a"))).err;
        EXPECT_THAT(error, HasSubstr(std::string{"board.json: error: '"} + key + "' is missing\n"));
        EXPECT_THAT(error, HasSubstr("    hint: the SDK is damaged"));
    }
}

TEST_F(Sdk, board_facts_of_wrong_types)
{
    change_board("ram", Json::parse(R"([{"start": 4096, "size": "1G"}])"));
    EXPECT_THAT(build(), HasSubstr("error: 'ram[0].size' is not an unsigned number\n"));
    change_board("ram", Json::parse(R"([{"start": 4096, "size": 18446744073709551615}])"));
    EXPECT_THAT(build(),
                HasSubstr("error: 'ram[0].size' is not a size that fits the address space\n"));
    change_board("ram", 5);
    EXPECT_THAT(build(), HasSubstr("error: 'ram' is not a list\n"));
    change_board("name", 5);
    EXPECT_THAT(build(), HasSubstr("error: 'name' is not a text\n"));
}

TEST_F(Sdk, board_file_that_is_no_json)
{
    workspace.write(k_board, "{");
    EXPECT_THAT(build(), HasSubstr("error: 'name' is missing\n"));
}

TEST_F(Sdk, boards_of_other_kinds)
{
    change_board("pa_bits", 44);
    EXPECT_THAT(build(),
                HasSubstr("error: board 'qemu_virt_aarch64' is aarch64 with 44 bits of "
                          "physical address\n    hint: picokit runs on aarch64 with 40 bits"));
}

TEST_F(Sdk, of_another_kernel)
{
    std::filesystem::remove(workspace.path() / k_board);
    EXPECT_EQ(build(), "error: the SDK in '" + (workspace.path() / "sdk").string() +
                           "' is not picokit's\n    hint: run its own tool, '" +
                           (workspace.path() / "sdk/bin/microkit").string() +
                           "', or unset MICROKIT_SDK\n");
}

TEST_F(Sdk, that_is_none)
{
    std::filesystem::remove_all(workspace.path() / "sdk/board");
    EXPECT_EQ(build(), "error: no board in '" + (workspace.path() / "sdk").string() +
                           "': it is no SDK\n    hint: set MICROKIT_SDK to the directory of an "
                           "SDK, or unset it\n");
}

TEST_F(Sdk, kernel_is_missing)
{
    std::filesystem::remove(workspace.path() / k_kernel);
    EXPECT_THAT(build(), HasSubstr("picokit.elf' does not exist\n"));
}

TEST_F(Sdk, kernel_without_a_place_for_the_table)
{
    for (auto kernel : {kernel_program(k_load).drop_symbol("picokit_system_table"),
                        // In .bss, which the kernel clears when it starts.
                        kernel_program(k_load)
                            .drop_symbol("picokit_system_table")
                            .symbol("picokit_system_table", k_load + 0x3000, 8)}) {
        workspace.write(k_kernel, kernel.build());
        EXPECT_THAT(build(),
                    HasSubstr("does not define picokit_system_table as initialised data\n"));
    }
}

TEST_F(Sdk, kernel_for_another_address)
{
    workspace.write(k_kernel, kernel_program(0x6000'0000).build());
    EXPECT_THAT(build(),
                HasSubstr("error: kernel starts at 0x60000000 with entry 0x60000000; board "
                          "'qemu_virt_aarch64' loads at 0x70000000\n"));
    workspace.write(k_kernel, kernel_program(k_load).entry(k_load + 4).build());
    EXPECT_THAT(build(), HasSubstr("with entry 0x70000004"));
}

TEST_F(Sdk, kernel_outside_ram)
{
    change_board("ram", Json::parse(R"([{"start": 1610612736, "size": 16777216}])"));
    EXPECT_THAT(build(),
                HasSubstr("error: kernel at 0x70000000..0x70005000 is not inside the RAM of "
                          "board 'qemu_virt_aarch64'\n"));
}

TEST_F(Sdk, another_kernel_on_request)
{
    workspace.write("mine.elf", kernel_program(k_load).build());
    workspace.write(k_kernel, "not an ELF file");
    workspace.write("a.system", in_system(pd("a")));
    EXPECT_EQ(workspace
                  .run({"a.system", "--board", "qemu_virt_aarch64", "--config", "debug",
                        "--override-kernel", "mine.elf"})
                  .exit_code,
              0);
}

} // namespace
