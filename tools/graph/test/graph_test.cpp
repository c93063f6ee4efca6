// SPDX-License-Identifier: BSD-2-Clause
// vmm graph: what is in the pictures, and what is refused.
#include "graph_command.hpp"
#include "picture.hpp"
#include "reader.hpp"
#include "relations.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* k_small = R"(<system>
  <memory_region name="ram" size="0x10000000" phys_addr="0x40000000" />
  <memory_region name="uart" size="0x1000" phys_addr="0x9000000" />
  <memory_region name="queue" size="0x1000" />
  <memory_region name="log" size="0x2000" />
  <protection_domain name="driver" priority="200">
    <program_image path="driver.elf" />
    <map mr="uart" vaddr="0x2000000" perms="rw" cached="false" />
    <map mr="queue" vaddr="0x3000000" perms="rw" />
    <map mr="log" vaddr="0x4000000" perms="rw" />
    <irq irq="33" id="5" trigger="level" />
  </protection_domain>
  <protection_domain name="vmm" priority="100">
    <program_image path="vmm.elf" />
    <map mr="ram" vaddr="0x40000000" perms="rw" />
    <map mr="queue" vaddr="0x3000000" perms="rw" />
    <map mr="log" vaddr="0x4000000" perms="r" />
    <virtual_machine name="guest" priority="50">
      <vcpu id="0" />
      <map mr="ram" vaddr="0x40000000" perms="rwx" />
    </virtual_machine>
  </protection_domain>
  <protection_domain name="logger" priority="10">
    <program_image path="logger.elf" />
    <map mr="log" vaddr="0x4000000" perms="r" />
    <protection_domain name="child" id="3" priority="5">
      <program_image path="child.elf" />
    </protection_domain>
  </protection_domain>
  <channel>
    <end pd="driver" id="7" />
    <end pd="vmm" id="9" pp="true" notify="false" />
  </channel>
</system>)";

tool::System read(const std::string& text)
{
    return description::parse(text, "some.system", description::board_for_reader(nullptr)).value();
}

tool::System small() { return read(k_small); }

TEST(Graph, TheDomainOfLowerPriorityComesFirst)
{
    const auto all = graph::relate(small());
    ASSERT_EQ(all.links.size(), 1u);
    const auto& [ends, link] = *all.links.begin();
    EXPECT_EQ(ends, std::pair(std::size_t{1}, std::size_t{0}));
    EXPECT_THAT(link.first_ids, ElementsAre(9));
    EXPECT_THAT(link.second_ids, ElementsAre(7));
    EXPECT_TRUE(link.first_calls);
    EXPECT_FALSE(link.first_notifies);
    EXPECT_TRUE(link.second_notifies);
    EXPECT_THAT(link.regions, ElementsAre(2)); // queue
}

TEST(Graph, ARegionStandsWithThoseWhoMapIt)
{
    const auto all = graph::relate(small());
    EXPECT_THAT(all.own.at(0), ElementsAre(1));            // uart
    EXPECT_THAT(all.own.at(1), ElementsAre(0));            // ram, of the VMM and its guest
    EXPECT_THAT(all.common.at({0, 1, 2}), ElementsAre(3)); // log
    EXPECT_TRUE(all.unused.empty());
}

TEST(Graph, TheSystemHasAllThatTheDescriptionHas)
{
    const auto text = graph::draw_system(small(), "small");
    for (const auto* part :
         {"4 domains, 1 virtual machine,", "<B>driver</B>", "virtual machine <B>guest</B>",
          "ram 256 MiB at 0x40000000", "queue 4 KiB", "log 8 KiB", "interrupt 33", "SPI 1, level",
          "logger and its children", "child 3", "pd1:to0:s -> pd0:to1:n", "PORT=\"irq33\""}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(Graph, TheMemoryMapHasTheHolesAndTheGuestsView)
{
    const auto text = graph::draw_memory(small(), "small");
    for (const auto* part : {"0x9000000<BR/>0x9000fff", "hole, ", "guest sees it", "rwx",
                             "anywhere in RAM", "driver rw<BR/>vmm r<BR/>logger r"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(Graph, ManyRegionsOfOneLinkAreCounted)
{
    std::string regions;
    std::string maps;
    for (int i = 0; i < 12; ++i) {
        regions += fmt::format("<memory_region name=\"part{}\" size=\"0x1000\" />", i);
        maps += fmt::format("<map mr=\"part{}\" vaddr=\"{}\" perms=\"rw\" />", i,
                            0x2000000 + i * 0x1000);
    }
    const auto domain = [&](const char* name) {
        return fmt::format("<protection_domain name=\"{}\"><program_image path=\"p.elf\" />{}"
                           "</protection_domain>",
                           name, maps);
    };
    const auto system = read("<system>" + regions + domain("a") + domain("b") + "</system>");
    const auto text   = graph::draw_system(system, "many");
    EXPECT_THAT(text, HasSubstr("part3 4 KiB"));
    EXPECT_THAT(text, HasSubstr("and 8 more, 32 KiB"));
    EXPECT_THAT(text, Not(HasSubstr("part4 4 KiB")));
    EXPECT_THAT(text, HasSubstr("style=dashed")); // memory without a channel
}

TEST(Graph, NamesCannotBreakALabel)
{
    EXPECT_EQ(graph::escape("a<b>&\"c"), "a&lt;b&gt;&amp;&quot;c");
    EXPECT_EQ(graph::size_text(0x1000), "4 KiB");
    EXPECT_EQ(graph::size_text(0x1001), "4097 bytes");
    EXPECT_EQ(graph::rough_size_text(0x1000), "4 KiB");
    EXPECT_EQ(graph::rough_size_text(2976752ULL << 10), "about 2.8 GiB");
    EXPECT_EQ(graph::count_text(1, "region"), "1 region");
    EXPECT_EQ(graph::interrupt_text(30), "PPI 14");
}

TEST(Graph, TheJsonIsTheSystem)
{
    const auto all = nlohmann::json::parse(graph::to_json(small()));
    EXPECT_EQ(all["domains"][1]["virtual_machine"]["vcpus"], 1);
    EXPECT_EQ(all["domains"][3]["parent"], "logger");
    EXPECT_EQ(all["regions"][1]["physical"], 0x9000000);
    EXPECT_TRUE(all["regions"][2]["physical"].is_null());
    EXPECT_EQ(all["channels"][0][1]["call"], true);
}

/// Runs the command on the source tree; its exit code, and what it printed.
std::pair<int, std::string> draw(std::vector<std::string> words)
{
    std::ostringstream out;
    const int          code =
        graph::graph_command(std::move(words), {.source = LIBVMM_SOURCE_DIR}, out, out);
    return {code, out.str()};
}

TEST(Graph, AMistakeIsSaidWithItsPlace)
{
    const auto file = fs::path{testing::TempDir()} / fmt::format("graph-{}.system", ::getpid());
    std::ofstream{file} << "<system>\n<protection_domain name=\"a\" priority=\"x\" />\n</system>";
    const auto [code, text] = draw({file});
    EXPECT_EQ(code, graph::k_exit_wrong);
    EXPECT_THAT(text, HasSubstr(".system:2:"));
    EXPECT_THAT(text, HasSubstr("hint: "));
    fs::remove(file);
}

TEST(Graph, AWrongCallSaysWhatToDo)
{
    EXPECT_THAT(draw({}).second, HasSubstr("name a system description"));
    EXPECT_THAT(draw({"no-such-example"}).second, HasSubstr("no example of that name"));
    EXPECT_THAT(draw({"linux", "--board", "acme"}).second, HasSubstr("no board acme; there are: "));
    EXPECT_THAT(draw({"linux", "--format", "gif"}).second, HasSubstr("svg, png"));
}

/// Every example that is a layout is drawn; Graphviz accepts what is made of the largest.
TEST(Graph, TheExamplesAreDrawn)
{
    const auto output = fs::path{testing::TempDir()} / fmt::format("graph-{}", ::getpid());
    for (const auto* example :
         {"linux", "native-client", "vsock", "sound", "simple", "hierarchy"}) {
        EXPECT_EQ(draw({example, "--format", "dot", "-o", output}).first, 0) << example;
    }
    EXPECT_TRUE(fs::exists(output / "native-client-memory.dot"));
    EXPECT_EQ(draw({"linux", "--board", "zcu102", "--format", "dot", "-o", output}).first, 0);
    EXPECT_TRUE(fs::exists(output / "zcu102.linux.dot"));
    ASSERT_EQ(draw({"two-guests", "--format", "svg", "-o", output}).first, 0);
    for (const auto* file : {"two-guests.svg", "two-guests-memory.svg"}) {
        std::ifstream     stream{output / file};
        const std::string svg{std::istreambuf_iterator<char>{stream}, {}};
        EXPECT_THAT(svg, HasSubstr("</svg>")) << file;
    }
    fs::remove_all(output);
}

/// A large system: words in place of lines, and the manual's pictures are of it.
TEST(Graph, TwentyDomainsAreDrawnWithFewLines)
{
    const fs::path source{LIBVMM_SOURCE_DIR};
    const auto     output = fs::path{testing::TempDir()} / fmt::format("graph-{}", ::getpid());
    const auto     layout = source / "tools/graph/test/twenty.layout.xml";
    const auto [code, said] =
        draw({layout, "--board", "qemu_virt_aarch64", "--format", "dot", "-o", output});
    ASSERT_EQ(code, 0) << said;
    const auto content = [](const fs::path& file) {
        std::ifstream stream{file};
        return std::string{std::istreambuf_iterator<char>{stream}, {}};
    };
    const auto text = content(output / "twenty.dot");
    for (const auto* part : {"called by router", "calls timer_driver", "talks to camera",
                             "interrupt 33 (SPI 1, level), channel 0", "net_router_tx_data"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
    EXPECT_THAT(text, Not(HasSubstr("common0")));
    EXPECT_THAT(content(output / "twenty-memory.dot"), HasSubstr(", continued"));
    const auto [ignored, json] = draw({layout, "--json"});
    const auto all             = nlohmann::json::parse(json);
    EXPECT_GE(all["domains"].size(), 20U);
    const auto picture = content(source / "docs/manual/pictures/twenty.svg");
    const auto memory  = content(source / "docs/manual/pictures/twenty-memory.svg");
    for (const auto& domain : all["domains"]) {
        EXPECT_THAT(picture, HasSubstr(">" + domain["name"].get<std::string>() + "<"))
            << "docs/manual/pictures/twenty.svg is an old one: make it anew with vmm graph";
    }
    for (const auto& region : all["regions"]) {
        EXPECT_THAT(memory, HasSubstr(">" + region["name"].get<std::string>() + "<"));
    }
    fs::remove_all(output);
}

} // namespace
