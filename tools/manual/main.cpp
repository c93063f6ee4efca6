// SPDX-License-Identifier: BSD-2-Clause
// manual_pages ROOT XML OUT: writes the pages of the manual for Sphinx, with a reference of the
// headers that Doxygen has read into XML. Files that stay as they are keep their dates, so that
// little is made anew.
#include "reference.hpp"
#include "site.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::string   text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
        throw std::runtime_error(fmt::format("{}: cannot be read", file.string()));
    }
    return text;
}

/// The folder that Sphinx reads.
class Output {
public:
    explicit Output(fs::path folder)
        : folder_{std::move(folder)}
    {
    }

    void write(const fs::path& name, const std::string& text)
    {
        const auto file = folder_ / name;
        written_.insert(file);
        if (fs::exists(file) && read(file) == text) {
            return;
        }
        fs::create_directories(file.parent_path());
        std::ofstream stream(file, std::ios::binary);
        stream << text;
        stream.close();
        if (!stream) {
            throw std::runtime_error(fmt::format("{}: cannot be written", file.string()));
        }
    }

    /// Removes what an earlier run has written and this one has not.
    void remove_others()
    {
        std::vector<fs::path> others;
        for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
            if (entry.is_regular_file() && !written_.contains(entry.path())) {
                others.push_back(entry.path());
            }
        }
        for (const auto& file : others) {
            fs::remove(file);
        }
    }

private:
    fs::path           folder_;
    std::set<fs::path> written_;
};

void write_manual(const fs::path& root, const fs::path& xml, const fs::path& folder)
{
    Output                   output(folder);
    const std::string        first = "docs/manual/index.md";
    const auto               parts = manual::parts_of(read(root / first));
    std::vector<std::string> documents{first};
    for (const auto& part : parts) {
        for (const auto& entry : part.entries) {
            documents.push_back(entry.document);
        }
    }
    for (const auto& document : documents) {
        auto page = manual::render(document, read(root / document), documents);
        if (document == first) {
            page.text += manual::contents(parts, {{"The programming interface", "api/index"}});
        }
        output.write(manual::page_name(document) + ".md", page.text);
        for (const auto& [name, image] : page.images) {
            output.write(fs::path("images") / name, read(root / image));
        }
    }
    for (const auto& [name, text] : manual::reference(xml, root)) {
        output.write(fs::path("api") / name, text);
    }
    for (const auto& entry : fs::recursive_directory_iterator(root / "tools/manual/sphinx")) {
        if (entry.is_regular_file()) {
            output.write(fs::relative(entry.path(), root / "tools/manual/sphinx"),
                         read(entry.path()));
        }
    }
    output.remove_others();
}

} // namespace

int main(int argument_count, char** arguments)
{
    if (argument_count != 4) {
        fmt::print(stderr, "usage: manual_pages ROOT DOXYGEN-XML OUT\n");
        return 2;
    }
    try {
        write_manual(arguments[1], arguments[2], arguments[3]);
    } catch (const std::exception& error) {
        fmt::print(stderr, "manual_pages: {}\n", error.what());
        return 1;
    }
    return 0;
}
