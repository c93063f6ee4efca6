// SPDX-License-Identifier: BSD-2-Clause
// Each rule has a sample that breaks it, and is silent about the same system put right; our own
// examples break none; the manual's catalogue is that of the rules.
#include "check_command.hpp"
#include "input.hpp"
#include "output.hpp"
#include "sample.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace check;

const fs::path k_source{LIBVMM_SOURCE_DIR};
const fs::path k_tests = k_source / "tools/check/test";

std::string read_text(const fs::path& file)
{
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

std::string trimmed(const std::string& line)
{
    const auto first = line.find_first_not_of(" \t");
    return first == line.npos ? "" : line.substr(first);
}

std::vector<std::string> lines_of_file(const fs::path& file)
{
    std::istringstream       stream{read_text(file)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// Puts lines in the place of others, whichever indentation these have.
void replace(const fs::path& file, const std::vector<std::string>& from,
             const std::vector<std::string>& to)
{
    auto       lines = lines_of_file(file);
    const auto found = std::search(
        lines.begin(), lines.end(), from.begin(), from.end(),
        [](const std::string& a, const std::string& b) { return trimmed(a) == trimmed(b); });
    ASSERT_NE(found, lines.end()) << file << " has no " << from.front();
    const auto indent = found->substr(0, found->find_first_not_of(" \t"));
    const auto after  = lines.erase(found, found + static_cast<std::ptrdiff_t>(from.size()));
    std::vector<std::string> indented;
    std::ranges::transform(to, std::back_inserter(indented),
                           [&](const std::string& line) { return indent + line; });
    lines.insert(after, indented.begin(), indented.end());
    std::ofstream stream{file};
    for (const auto& line : lines) {
        stream << line << '\n';
    }
}

/// The base of samples in a folder of its own, which is gone afterwards.
class World {
public:
    explicit World(const std::string& base)
        : folder_{fs::path{testing::TempDir()} / fmt::format("check-{}", ::getpid())}
    {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        for (const auto& entry : fs::directory_iterator{k_tests / "base" / base}) {
            fs::copy(entry.path(), folder_);
        }
        if (!fs::exists(folder_ / "board.dts")) {
            fs::copy(k_tests / "base/system/board.dts", folder_);
        }
    }
    ~World() { fs::remove_all(folder_); }
    World(const World&)            = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }

    [[nodiscard]] Files files() const
    {
        Files files;
        files.system     = path("sample.system");
        files.board_tree = path("board.dts");
        if (fs::exists(path("sample.layout.xml"))) {
            files.system     = path("sample.layout.xml");
            files.board_tree = k_source / "boards/qemu_virt_aarch64/board.dts";
            files.board_json = k_source / "boards/qemu_virt_aarch64/board.json";
            files.drivers    = k_source / "components/drivers";
        }
        if (fs::exists(path("guest.dts"))) {
            files.trees.emplace_back("", path("guest.dts"));
        }
        if (fs::exists(path("settings.json"))) {
            files.settings = path("settings.json");
        }
        return files;
    }

private:
    fs::path folder_;
};

std::vector<std::string> findings_of(const Files& files)
{
    const auto subject = read_subject(files);
    if (!subject) {
        return {subject.error()};
    }
    std::vector<std::string> says;
    for (const auto& one : check_all(*subject)) {
        EXPECT_FALSE(one.fix.empty()) << one.what;
        says.push_back(fmt::format("{}: {}: {} [{}]", to_text(one.place),
                                   name_of(one.rule->severity), one.what, one.rule->name));
    }
    return says;
}

TEST(Rules, HaveSamplesThatTheyFindAndThatTheyDoNot)
{
    std::size_t count = 0;
    for (const auto& chapter : chapters()) {
        for (const auto& rule : chapter.rules) {
            SCOPED_TRACE(rule.name);
            const auto sample =
                read_sample(k_tests / "samples" / (std::string{rule.name} + ".txt"));
            ASSERT_TRUE(sample);
            ++count;
            {
                const World bad{sample->base};
                for (const auto& edit : sample->edits) {
                    replace(bad.path(edit.file), edit.base, edit.bad);
                }
                EXPECT_EQ(findings_of(bad.files()), sample->says);
            }
            const World good{sample->base};
            for (const auto& edit : sample->edits) {
                replace(good.path(edit.file), edit.base, edit.good);
            }
            EXPECT_THAT(findings_of(good.files()), testing::IsEmpty());
            EXPECT_THAT(sample->says,
                        testing::Contains(testing::EndsWith(fmt::format("[{}]", rule.name))));
        }
    }
    EXPECT_GE(count, 30U);
    for (const auto& entry : fs::directory_iterator{k_tests / "samples"}) {
        EXPECT_NE(find_rule(entry.path().stem().string()), nullptr) << entry.path();
    }
}

TEST(Rules, TakeNoWindowForRam)
{
    const World world{"system"};
    replace(world.path("sample.system"),
            {R"(<protection_domain name="timer" priority="200" passive="true">)"},
            {R"(<memory_region name="shared" size="0x1000" />)",
             R"(<protection_domain name="timer" priority="200" passive="true">)"});
    replace(world.path("sample.system"),
            {R"(<map mr="guest_ram" vaddr="0x40000000" perms="rwx" />)"},
            {R"(<map mr="guest_ram" vaddr="0x40000000" perms="rwx" />)",
             R"(<map mr="shared" vaddr="0x60000000" perms="r" />)"});
    EXPECT_THAT(findings_of(world.files()), testing::IsEmpty());
}

TEST(Rules, AdviseNoIdThatIsTooLarge)
{
    const World world{"gicv3"};
    replace(world.path("sample.system"), {R"(<vcpu id="0" />)", R"(<vcpu id="1" />)"},
            {R"(<vcpu id="61" />)", R"(<vcpu id="0" />)"});
    const auto subject = read_subject(world.files());
    ASSERT_TRUE(subject) << subject.error();
    std::vector<std::string> fixes;
    for (const auto& one : check_all(*subject)) {
        fixes.push_back(one.fix);
    }
    EXPECT_THAT(fixes, testing::ElementsAre("begin with a smaller one: 61 is the last there is"));
}

/// Whether a description or layout of examples/ is for this board: those in a folder of a board's
/// name, and BOARD.NAME.layout.xml, are for that board; others for QEMU's.
bool is_for(const fs::path& file, const std::string& board)
{
    const auto folder = file.parent_path().filename().string();
    const auto name   = file.filename().string();
    for (const auto& entry : fs::directory_iterator{k_source / "boards"}) {
        const auto other = entry.path().filename().string();
        if (folder == other || name.starts_with(other + ".")) {
            return board == other;
        }
    }
    return board.starts_with("qemu_virt");
}

TEST(Rules, FindNothingInOurExamples)
{
    std::size_t count = 0;
    for (const auto& board : fs::directory_iterator{k_source / "boards"}) {
        for (const auto& entry : fs::recursive_directory_iterator{k_source / "examples"}) {
            const auto& file = entry.path();
            if ((file.extension() != ".system" &&
                 !file.filename().string().ends_with(".layout.xml")) ||
                !is_for(file, board.path().filename())) {
                continue;
            }
            SCOPED_TRACE(file.string() + " on " + board.path().filename().string());
            Files files;
            files.system     = file;
            files.board_tree = board.path() / "board.dts";
            files.board_json = board.path() / "board.json";
            files.drivers    = k_source / "components/drivers";
            EXPECT_THAT(findings_of(files), testing::IsEmpty());
            ++count;
        }
    }
    EXPECT_GT(count, 20U);
}

TEST(Rules, StandInTheManual)
{
    const auto text = catalogue(k_tests / "samples");
    EXPECT_EQ(text, read_text(k_source / "docs/manual/check-rules.md"))
        << "run `vmm check --catalogue tools/check/test/samples > docs/manual/check-rules.md`";
}

/// Runs a command; its exit code, and what it printed.
/// The commands look in the source tree.
using Command = int (*)(std::vector<std::string>, const description::Places&, std::ostream&,
                        std::ostream&);
std::pair<int, std::string> run(Command command, std::vector<std::string> words,
                                const fs::path& own = {})
{
    std::ostringstream out, err;
    const int          code = command(std::move(words), {.source = k_source, .own = own}, out, err);
    return {code, out.str() + err.str()};
}

TEST(Check, HasExitCodesAndJson)
{
    const World       world{"system"};
    const std::string board  = world.path("board.dts");
    const std::string system = world.path("sample.system");
    EXPECT_EQ(run(check_command, {system, "--board-dtb", board}),
              (std::pair{k_exit_nothing, std::string{"nothing found\n"}}));
    replace(world.path("sample.system"), {"<irq irq=\"33\" id=\"1\" />"},
            {"<irq irq=\"1\" id=\"1\" />"});
    const auto [code, text] = run(check_command, {system, "--board-dtb", board, "--json"});
    EXPECT_EQ(code, k_exit_findings);
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json["errors"], 1);
    EXPECT_EQ(json["findings"][0]["rule"], "description-refused");
    EXPECT_EQ(json["findings"][0]["line"], 16);
    EXPECT_EQ(run(check_command, {"nowhere.system"}).first, k_exit_call);
    EXPECT_EQ(run(check_command, {system, "--no-such-option"}).first, k_exit_call);
    EXPECT_THAT(run(check_command, {"--explain", "irq-not-offset"}).second,
                testing::HasSubstr("add 32"));
}

TEST(Check, TakesWarningsForErrorsIfAsked)
{
    const World                    world{"gicv3"};
    const std::vector<std::string> words{world.path("sample.system"), "--board-dtb",
                                         world.path("board.dts")};
    auto                           strict = words;
    strict.emplace_back("--strict");
    EXPECT_EQ(run(check_command, strict).first, k_exit_nothing);
    replace(world.path("sample.system"), {"<end pd=\"vmm\" id=\"2\" pp=\"true\" />"},
            {"<end pd=\"vmm\" id=\"2\" />"});
    EXPECT_EQ(run(check_command, words).first, k_exit_nothing);
    EXPECT_EQ(run(check_command, strict).first, k_exit_findings);
    replace(world.path("sample.system"), {"<system>"},
            {"<!-- vmm-check: allow no-timer-driver: it never waits -->", "<system>"});
    replace(world.path("sample.system"), {"<program_image path=\"timer.elf\" />"},
            {"<!-- vmm-check: allow passive-never-called: so is it here -->",
             "<program_image path=\"timer.elf\" />"});
    EXPECT_EQ(run(check_command, strict).first, k_exit_nothing);
}

TEST(Check, KnowsWhatABuildPutsIntoItsGuest)
{
    const World    world{"images"};
    const auto     example = k_source / "examples/simple/qemu_virt_aarch64/simple.system";
    nlohmann::json build{
        {"system", example.string()},
        {"board_json", (k_source / "boards/qemu_virt_aarch64/board.json").string()},
        {"guests", {{{"program", "simple.elf"}, {"directory", world.path("").string()}}}}};
    std::ofstream{world.path("simple.json")} << build;
    std::ofstream{world.path("cmdline")} << "console=ttyAMA0";
    EXPECT_EQ(run(check_command, {}, world.path("simple.json")),
              (std::pair{k_exit_nothing, std::string{"nothing found\n"}}));
    EXPECT_THAT(run(dtb_command, {world.path("simple.json")}).second,
                testing::AllOf(testing::HasSubstr("bootargs = \"console=ttyAMA0\""),
                               testing::HasSubstr("linux,initrd-start")));
    std::ofstream{world.path("cmdline")} << "console=ttyS0";
    EXPECT_THAT(run(check_command, {world.path("simple.json")}).second,
                testing::HasSubstr("[console-missing]"));
    fs::copy(world.path("initrd"), world.path("kernel"), fs::copy_options::overwrite_existing);
    EXPECT_THAT(run(check_command, {world.path("simple.json")}).second,
                testing::HasSubstr("[images-refused]"));
}

TEST(Check, TheLoaderGoesAroundWhatTheGuestsTreeReserves)
{
    const World world{"system"};
    for (const char* file : {"kernel", "initrd", "settings.json"}) {
        fs::copy(k_tests / "base/images" / file, world.path(file),
                 fs::copy_options::overwrite_existing);
    }
    const auto reserve = [&](const std::string& reg) {
        std::ofstream{world.path("guest.dts"), std::ios::app}
            << "/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; pool@" +
                   reg.substr(2, 8) + " { reg = <0 " + reg + ">; no-map; }; }; };\n";
        return findings_of(world.files());
    };
    // Without it the initrd would be at the end of RAM.
    EXPECT_THAT(reserve("0x4f000000 0 0x1000000"), testing::IsEmpty());
    EXPECT_THAT(reserve("0x40000000 0 0x100000"),
                testing::ElementsAre(testing::HasSubstr(
                    "the kernel overlaps a reserved range of RAM (0x40000000) [images-refused]")));
}

TEST(Check, CountsWhatARuleFindsOftenAndShowsAllIfAsked)
{
    const World world{"system"};
    std::string nodes;
    for (int i = 0; i < 7; ++i) {
        nodes += fmt::format("timer@c0{0}0000 {{ compatible = \"acme,timer\"; "
                             "reg = <0 0xc0{0}0000 0 0x1000>; }};",
                             i);
    }
    replace(world.path("guest.dts"), {"timer {"}, {nodes, "timer {"});
    std::vector<std::string> words{world.path("sample.system"), "--board-dtb",
                                   world.path("board.dts"), "--guest-dtb", world.path("guest.dts")};
    const auto               some = run(check_command, words).second;
    EXPECT_THAT(some, testing::HasSubstr("and 2 more [node-unmapped], which --all shows"));
    EXPECT_THAT(some, testing::HasSubstr("7 errors"));
    EXPECT_THAT(some, testing::Not(testing::HasSubstr("timer@c060000")));
    words.emplace_back("--all");
    EXPECT_THAT(run(check_command, words).second, testing::HasSubstr("timer@c060000"));
}

TEST(Check, LooksAtATreeAlone)
{
    const World world{"system"};
    EXPECT_EQ(run(check_command, {world.path("guest.dts")}),
              (std::pair{k_exit_nothing, std::string{"nothing found\n"}}));
    replace(world.path("guest.dts"), {"clocks = <&osc>;"}, {"clocks = <&ccu 1>;"});
    EXPECT_THAT(run(check_command, {world.path("guest.dts")}).second,
                testing::HasSubstr("[clock-unreachable]"));
}

TEST(Dtb, ShowsWhatAGuestOfALayoutGets)
{
    const auto [code, text] =
        run(dtb_command, {k_source / "examples/two-guests/two-guests.layout.xml", "--board",
                          "qemu_virt_aarch64", "--guest", "two"});
    EXPECT_EQ(code, k_exit_nothing);
    EXPECT_THAT(text, testing::HasSubstr("compatible = \"virtio,mmio\";"));
    EXPECT_THAT(text, testing::HasSubstr("memory@40000000"));
    EXPECT_THAT(text, testing::HasSubstr("arm,cortex-a15-gic"));
}

TEST(Dtb, CompilesAndDecompiles)
{
    const World       world{"system"};
    const std::string blob = world.path("guest.dtb");
    EXPECT_EQ(run(dtb_command, {world.path("guest.dts"), "-o", blob}).first, k_exit_nothing);
    EXPECT_TRUE(read_text(blob).starts_with("\xd0\x0d\xfe\xed"));
    const auto [code, text] = run(dtb_command, {blob});
    EXPECT_EQ(code, k_exit_nothing);
    EXPECT_THAT(text, testing::HasSubstr("uart@9000000 {"));
    replace(world.path("guest.dts"), {"clocks = <&osc>;"}, {"clocks = <&oscillator>;"});
    EXPECT_EQ(run(dtb_command, {world.path("guest.dts")}).first, k_exit_findings);
}

} // namespace
