// SPDX-License-Identifier: BSD-2-Clause
#include "own_guest.hpp"

#include "base/result.hpp"
#include "build.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace vmm {

namespace fs = std::filesystem;

namespace {

// The magic number of Linux' arm64 Image header (Documentation/arm64/booting.rst).
constexpr std::string_view k_image_magic  = "ARM\x64";
constexpr std::size_t      k_image_header = 64;
constexpr std::size_t      k_magic_offset = 56;
constexpr std::string_view k_gzip_magic   = "\x1f\x8b";

std::string first_bytes(const fs::path& file)
{
    std::string   bytes(k_image_header, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

bool has_image_magic(std::string_view bytes)
{
    return bytes.size() >= k_image_header &&
           bytes.substr(k_magic_offset).starts_with(k_image_magic);
}

void replace_all(std::string& text, std::string_view old_text, std::string_view new_text)
{
    for (auto at = text.find(old_text); at != text.npos;
         at      = text.find(old_text, at + new_text.size())) {
        text.replace(at, old_text.size(), new_text);
    }
}

Result<> write_file(const fs::path& file, std::string_view content)
{
    std::ofstream stream(file, std::ios::binary);
    stream << content;
    if (!stream.flush()) {
        return std::unexpected(fmt::format("cannot write {}", file.string()));
    }
    return {};
}

/// Fills `folder` with links to the images: the user's where given, else the example's.
Result<> collect_images(const GuestProgram& guest, const OwnGuest& own, const fs::path& folder)
{
    const bool bare_metal = own.kernel && TRY(kernel_kind(*own.kernel)) == KernelKind::bare_metal;
    const auto put        = [&](const char* name, const std::optional<fs::path>& given,
                         bool keep) -> Result<> {
        if (given || keep) {
            fs::create_symlink(given ? *given : fs::canonical(guest.directory / name),
                               folder / name);
            return {};
        }
        return write_file(folder / name, "");
    };
    fs::create_directories(folder);
    TRY(put("kernel", own.kernel, true));
    TRY(put("initrd", own.initrd, !bare_metal));
    TRY(put("dtb", own.dtb, !own.kernel));
    if (own.cmdline) {
        TRY(write_file(folder / "cmdline", *own.cmdline));
    } else {
        TRY(put("cmdline", {}, !bare_metal));
    }
    return write_file(folder / "guest.inc",
                      fmt::format(".equ guest_vcpus, {}\n", own.vcpus.value_or(guest.vcpus)));
}

/// The command by which Ninja makes `file`, with paths exchanged as `changes` say.
Result<std::string> command_for(const fs::path& build, const fs::path& file,
                                const std::vector<std::pair<std::string, std::string>>& changes)
{
    auto command = TRY(
        capture({"ninja", "-C", build, "-t", "commands", "-s", fs::relative(file, build)}, build));
    // Ninja 1.11 says first which folder it enters.
    if (command.starts_with("ninja: ")) {
        command.erase(0, command.find('\n') + 1);
    }
    for (const auto& [old_text, new_text] : changes) {
        replace_all(command, old_text, new_text);
    }
    return command;
}

std::string quoted(const fs::path& path)
{
    auto text = path.string();
    replace_all(text, "'", "'\\''");
    return "'" + text + "'";
}

} // namespace

Result<KernelKind> kernel_kind(const fs::path& file)
{
    const auto bytes = first_bytes(file);
    if (bytes.empty()) {
        return std::unexpected(fmt::format("{} is empty or cannot be read", file.string()));
    }
    if (bytes.starts_with(k_gzip_magic)) {
        // head ends the pipe early; that gzip minds is of no interest.
        const auto unpacked =
            TRY(capture({"sh", "-c", "gzip -dc \"$1\" 2>/dev/null | head -c 64 | od -An -v -tx1",
                         "sh", file.string()},
                        {}));
        std::istringstream words(unpacked);
        std::string        header;
        for (std::string word; words >> word;) {
            header += static_cast<char>(std::stoi(word, nullptr, 16));
        }
        return has_image_magic(header) ? KernelKind::linux_image : KernelKind::bare_metal;
    }
    return has_image_magic(bytes) ? KernelKind::linux_image : KernelKind::bare_metal;
}

Result<std::string> derive_description(std::string_view xml, const GuestProgram& guest,
                                       std::uint64_t memory, unsigned vcpus)
{
    pugi::xml_document document;
    const auto         parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_full);
    if (!parsed) {
        return std::unexpected(
            fmt::format("the system description is no XML: {}", parsed.description()));
    }
    auto region  = document.child("system").find_child_by_attribute("memory_region", "name",
                                                                    guest.ram.c_str());
    auto machine = document.find_node([&](const pugi::xml_node& node) {
        return std::string_view(node.name()) == "virtual_machine" &&
               guest.machine == node.attribute("name").value();
    });
    if (!region || !machine) {
        return std::unexpected(fmt::format("the system description has no {} called {}",
                                           region ? "<virtual_machine>" : "<memory_region>",
                                           region ? guest.machine : guest.ram));
    }

    if (memory != 0) {
        const auto old_size = parse_size(region.attribute("size").value()).value_or(0);
        region.attribute("size").set_value(fmt::format("{:#x}", memory).c_str());
        if (memory > old_size) {
            region.remove_attribute("phys_addr");
        }
        static constexpr std::uint64_t k_large_page = 0x20'0000;
        if (memory % k_large_page != 0) {
            region.remove_attribute("page_size");
        }
    }

    while (auto vcpu = machine.child("vcpu")) {
        machine.remove_child(vcpu);
    }
    for (unsigned id = vcpus; id-- > 0;) {
        machine.prepend_child("vcpu").append_attribute("id").set_value(id);
    }
    std::ostringstream derived;
    document.save(derived, "    ");
    return derived.str();
}

Result<std::string> derive_layout(std::string_view xml, std::string_view image,
                                  std::uint64_t memory, unsigned vcpus)
{
    pugi::xml_document document;
    const auto         parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_full);
    if (!parsed) {
        return std::unexpected(fmt::format("the layout is no XML: {}", parsed.description()));
    }
    const auto set = [](pugi::xml_node node, const char* name, const std::string& value) {
        auto attribute = node.attribute(name);
        (attribute ? attribute : node.append_attribute(name)).set_value(value.c_str());
    };
    bool found = false;
    for (auto guest : document.child("system").children("guest")) {
        if (image != guest.attribute("image").value()) {
            continue;
        }
        found = true;
        set(guest, "vcpus", std::to_string(vcpus));
        if (memory != 0) {
            set(guest, "ram", fmt::format("{:#x}", memory));
        }
    }
    if (!found) {
        return std::unexpected(fmt::format("the layout has no <guest> with the program {}", image));
    }
    std::ostringstream derived;
    document.save(derived, "    ");
    return derived.str();
}

namespace {

Result<std::string> read_file(const fs::path& file)
{
    std::ifstream stream(file);
    if (!stream) {
        return std::unexpected(fmt::format("cannot read {}", file.string()));
    }
    return std::string{std::istreambuf_iterator<char>(stream), {}};
}

/// The VMM's program around other images: the same commands as the build's own, with another folder
/// of images and another output.
Result<> remake_program(const System& system, GuestProgram& guest, const fs::path& images,
                        const fs::path& folder)
{
    const auto object          = folder / "images.o";
    const auto program         = folder / guest.program.filename();
    const auto object_in_make  = fs::relative(guest.object, system.build).string();
    const auto program_in_make = fs::relative(guest.program, system.build).string();
    const auto assemble        = TRY(command_for(
               system.build, guest.object,
               {{guest.directory.string(), quoted(images)}, {object_in_make, quoted(object)}}));
    const auto link            = TRY(command_for(
                   system.build, guest.program,
                   {{object_in_make, quoted(object)}, {"-o " + program_in_make, "-o " + quoted(program)}}));
    TRY(run_step("embedding the guest's images", {"sh", "-ec", assemble}, system.build));
    TRY(run_step("linking the VMM", {"sh", "-ec", link}, system.build));
    guest.program   = program;
    guest.object    = object;
    guest.directory = images;
    return {};
}

/// The system description with the guest as it is now, in `folder`.
Result<> remake_description(System& system, std::uint64_t memory, const fs::path& folder)
{
    const auto& guest = *system.guest;
    if (!system.layout) {
        const auto text    = TRY(read_file(system.description));
        const auto derived = folder / system.description.filename();
        const auto changed = TRY(derive_description(text, guest, memory, guest.vcpus));
        TRY(write_file(derived, changed));
        system.description = derived;
        return {};
    }
    auto&      layout  = *system.layout;
    const auto text    = TRY(read_file(layout.source));
    const auto derived = folder / layout.source.filename();
    const auto image   = guest.program.filename().string();
    const auto changed = TRY(derive_layout(text, image, memory, guest.vcpus));
    TRY(write_file(derived, changed));
    const auto               filled = folder / "filled";
    std::vector<std::string> words{layout.generator, derived,           "--name", system.name,
                                   "--board",        system.board_json, "--dtb",  layout.tree,
                                   "--drivers",      layout.drivers,    "-o",     filled,
                                   "--search-path"};
    words.insert(words.end(), system.search.begin(), system.search.end());
    TRY(run_step("filling in the layout", words, system.build));
    layout.source  = derived;
    layout.folder  = filled;
    system.devices = TRY(read_devices(filled, system.name)); // another layout may have others
    system.search.insert(system.search.begin(), filled);
    system.description = filled / (system.name + ".system");
    system.devices     = TRY(read_devices(filled, system.name));
    return {};
}

} // namespace

Result<System> with_own_guest(System system, const OwnGuest& own, const fs::path& folder)
{
    if (!system.guest) {
        return std::unexpected(
            fmt::format("the system {} has no guest: --kernel, --memory and the like need one that "
                        "has, such as linux",
                        system.name));
    }
    const auto images = folder / "guest";
    TRY(collect_images(*system.guest, own, images));
    TRY(remake_program(system, *system.guest, images, folder));
    system.search.insert(system.search.begin(), folder);
    system.guest->vcpus = own.vcpus.value_or(system.guest->vcpus);
    TRY(remake_description(system, own.memory.value_or(0), folder));

    system.image = folder / (system.name + ".img");
    std::vector<std::string> words{system.tool, system.description, "--search-path"};
    words.insert(words.end(), system.search.begin(), system.search.end());
    for (const auto& word : {std::string("--board"), system.board, std::string("--config"),
                             system.config, std::string("-o"), system.image.string(),
                             std::string("-r"), (folder / "report.txt").string()}) {
        words.push_back(word);
    }
    TRY(run_step("making the image", words, system.build));
    return system;
}

} // namespace vmm
