// SPDX-License-Identifier: BSD-2-Clause
// Files of VMM settings: what a VMM's program is told, where no tool can read it in the program.
#include "document.hpp"
#include "input.hpp"
#include "vmm/linux_image.hpp"

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace check {
namespace {

namespace fs = std::filesystem;
using Json   = nlohmann::json;

/// Reads one file; the first thing that is wrong with it is kept.
class Reader {
public:
    Reader(const fs::path& file, std::string text)
        : folder_{file.parent_path()}
        , name_{file.filename().string()}
        , text_{std::move(text)}
    {
    }

    std::optional<Settings> read(std::string& vm)
    {
        const auto json = Json::parse(text_, nullptr, /*allow_exceptions=*/false);
        if (!json.is_object()) {
            note(0, "is no JSON object");
            return std::nullopt;
        }
        Settings settings;
        settings.file = name_;
        for (const auto& [key, value] : json.items()) {
            if (key == "vm" && value.is_string()) {
                vm = value;
            } else if (key == "ram") {
                read_ram(value, settings);
            } else if (key == "kernel") {
                read_image(key, value, settings.kernel);
                read_header(settings);
                if (const auto offset_of_text = setting(value, key, "text_offset")) {
                    settings.text_offset = offset_of_text->value;
                }
            } else if (key == "initrd") {
                read_image(key, value, settings.initrd);
            } else if (key == "dtb") {
                read_image(key, value, settings.dtb);
            } else if (key == "bootargs" && value.is_string()) {
                settings.bootargs    = value;
                settings.bootargs_at = place(key);
            } else if (key == "interrupts" && value.is_array()) {
                read_interrupts(value, settings);
            } else {
                note(place(key).line,
                     fmt::format("\"{}\" is no known key, or of a wrong type", key));
            }
        }
        return trouble_ ? std::nullopt : std::optional{std::move(settings)};
    }

    [[nodiscard]] const std::optional<tool::Diagnostic>& trouble() const { return trouble_; }

private:
    void note(unsigned line, std::string what)
    {
        if (!trouble_) {
            trouble_ = {{name_, line, 0},
                        std::move(what),
                        "the keys are vm, ram {address, size}, kernel, initrd and dtb {file, "
                        "address, size}, text_offset of the kernel, bootargs, interrupts "
                        "[{channel, intid}]"};
        }
    }

    /// Where a key stands: its first occurrence behind `after`, another key, or behind an offset.
    [[nodiscard]] Location place(const std::string& key, std::size_t from = 0) const
    {
        const auto at = text_.find('"' + key + '"', from);
        return {name_,
                at == text_.npos ? 0
                                 : 1 + static_cast<unsigned>(std::count(
                                           text_.begin(),
                                           text_.begin() + static_cast<std::ptrdiff_t>(at), '\n')),
                0};
    }
    [[nodiscard]] std::size_t offset(const std::string& key) const
    {
        const auto at = text_.find('"' + key + '"');
        return at == text_.npos ? 0 : at;
    }

    std::optional<std::uint64_t> number(const Json& value)
    {
        if (value.is_number_unsigned()) {
            return value.get<std::uint64_t>();
        }
        return value.is_string() ? sysgen::parse_number(value.get<std::string>()) : std::nullopt;
    }

    std::optional<Setting> setting(const Json& object, const std::string& owner, const char* key)
    {
        if (!object.contains(key)) {
            return std::nullopt;
        }
        const auto where = place(key, offset(owner));
        const auto value = number(object[key]);
        if (!value) {
            note(where.line, fmt::format("\"{}\" of \"{}\" is no number", key, owner));
            return std::nullopt;
        }
        return Setting{*value, where};
    }

    void read_ram(const Json& value, Settings& settings)
    {
        if (!value.is_object()) {
            return note(place("ram").line, "\"ram\" is no object");
        }
        settings.ram      = setting(value, "ram", "address");
        settings.ram_size = setting(value, "ram", "size");
    }

    void read_image(const std::string& key, const Json& value, ImageSettings& image)
    {
        if (!value.is_object()) {
            return note(place(key).line, fmt::format("\"{}\" is no object", key));
        }
        image.address = setting(value, key, "address");
        if (const auto size = setting(value, key, "size")) {
            image.size = size->value;
        }
        if (value.contains("file") && value["file"].is_string()) {
            image.file = value["file"];
            image.path = folder_ / image.file;
            std::error_code error;
            const auto      size = fs::file_size(folder_ / image.file, error);
            if (error) {
                return note(place("file", offset(key)).line,
                            fmt::format("{} cannot be read", image.file));
            }
            image.size = image.size.value_or(size);
        }
    }

    /// What an arm64 Image needs is more than its file has.
    void read_header(Settings& settings)
    {
        if (settings.kernel.file.empty()) {
            return;
        }
        std::ifstream          stream{folder_ / settings.kernel.file, std::ios::binary};
        std::vector<std::byte> head(4096);
        stream.read(reinterpret_cast<char*>(head.data()),
                    static_cast<std::streamsize>(head.size()));
        head.resize(static_cast<std::size_t>(stream.gcount()));
        if (!vmm::is_linux_image(head)) {
            return;
        }
        if (const auto header = vmm::read_linux_image(head)) {
            settings.text_offset = header->text_offset;
            settings.kernel.size = std::max(settings.kernel.size.value_or(0), header->image_size);
        }
    }

    void read_interrupts(const Json& list, Settings& settings)
    {
        std::size_t at = offset("interrupts");
        for (const auto& one : list) {
            const auto channel = one.is_object() ? number(one.value("channel", Json{}))
                                                 : std::optional<std::uint64_t>{};
            const auto intid   = one.is_object() ? number(one.value("intid", Json{}))
                                                 : std::optional<std::uint64_t>{};
            const auto where   = place("channel", at);
            if (!channel || !intid) {
                return note(where.line, "an interrupt has a \"channel\" and an \"intid\"");
            }
            settings.interrupts.push_back({*channel, *intid, where});
            at = text_.find("\"channel\"", at) + 1;
        }
    }

    fs::path                        folder_;
    std::string                     name_;
    std::string                     text_;
    std::optional<tool::Diagnostic> trouble_;
};

} // namespace

void read_settings(const fs::path& file, Subject& subject)
{
    std::ifstream stream{file};
    std::string   text{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) {
        subject.refusals.emplace_back(
            "settings-refused",
            tool::Diagnostic{{file.filename().string()}, "cannot be read", "look at the path"});
        return;
    }
    Reader      reader{file, text};
    std::string vm;
    auto        settings = reader.read(vm);
    if (!settings) {
        subject.refusals.emplace_back("settings-refused", *reader.trouble());
        return;
    }
    for (const auto& guest : subject.guests) {
        if (vm.empty() || guest->vm->name == vm) {
            guest->settings = *settings;
            return;
        }
    }
    if (subject.system) {
        subject.refusals.emplace_back(
            "settings-refused",
            tool::Diagnostic{{file.filename().string()},
                             fmt::format("there is no virtual machine '{}'", vm),
                             "name one of the system description in \"vm\""});
    }
}

} // namespace check
