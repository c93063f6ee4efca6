// SPDX-License-Identifier: BSD-2-Clause
// vmm new
#include "ask.hpp"
#include "base/result.hpp"
#include "boards.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "installation.hpp"
#include "passed_devices.hpp"
#include "project.hpp"
#include "terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace vmm {

namespace {

namespace fs = std::filesystem;
using ::project::GuestKind;
using ::project::KnownBoard;
using ::project::Part;
using ::project::Parts;
using ::project::Questions;

struct NewOptions {
    std::string              folder;
    std::string              name;
    std::string              board;
    std::string              guest;
    std::vector<std::string> devices;
    std::vector<std::string> passed;
    std::string              memory;
    unsigned                 vcpus = 0;
    bool                     yes   = false;
    bool                     json  = false;

    void add_to(CLI::App& app);
};

constexpr const char* k_description =
    "Make a project: a folder with a system that has one guest, and builds and runs at once.\n"
    "On a terminal it asks for what no option says; elsewhere, and with --yes, it takes what is "
    "usual.";

void NewOptions::add_to(CLI::App& app)
{
    app.description(k_description);
    app.footer("Exit codes: 0 when the project is made, 1 when it cannot be (the reason is said; "
               "nothing is overwritten).");
    app.add_option("FOLDER", folder, "the new folder; its last part is the project's name")
        ->type_name("FOLDER");
    app.add_option("--name", name, "another name for the project")->type_name("NAME");
    app.add_option("--board", board, "the board (qemu_virt_aarch64; `vmm boards` lists them)")
        ->type_name("BOARD");
    app.add_option("--guest", guest,
                   "linux: Debian's kernel and a small root file system (usual); bare-metal: a "
                   "program in C, which is in the project")
        ->type_name("linux|bare-metal");
    std::vector<std::string_view> parts;
    for (const auto& info : ::project::k_parts) {
        parts.push_back(info.name);
    }
    app.add_option(
           "--device", devices,
           fmt::format("what the guest has, with commas between: {}. Usual are console, disk, "
                       "net and entropy as far as the board can give them; uart is the "
                       "board's serial port itself, in place of console; vsock are sockets to "
                       "a program without a guest; control is for `vmm exec`",
                       fmt::join(parts, ", ")))
        ->type_name("DEVICES")
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option(
           "--passthrough", passed,
           "a device of the board that the guest gets for itself: a name of its board.json, "
           "or a node of its device tree by path, alias or name. What the device needs comes "
           "along; what cannot be is refused with the reason. Again for more")
        ->type_name("NODE")
        ->allow_extra_args(false);
    app.add_option("--memory", memory, "the guest's RAM (256M)")->type_name("SIZE");
    app.add_option("--vcpus", vcpus, "the guest's CPUs (1)")->type_name("N");
    app.add_flag("-y,--yes", yes, "ask nothing");
    app.add_flag("--json", json, "say what was made as JSON; asks nothing");
}

Result<Parts> parse_parts(const std::vector<std::string>& names)
{
    Parts parts;
    for (const auto& name : names) {
        const auto part = ::project::part_of(name);
        if (!part) {
            std::vector<std::string_view> all;
            for (const auto& info : ::project::k_parts) {
                all.push_back(info.name);
            }
            return std::unexpected(fmt::format("there is no device '{}' for a guest; there are: {}",
                                               name, fmt::join(all, ", ")));
        }
        parts.insert(*part);
    }
    return parts;
}

std::vector<std::string> split_at_commas(const std::string& text)
{
    std::vector<std::string> words;
    std::string              word;
    for (const char c : text + ",") {
        if (c == ',' || c == ' ') {
            if (!word.empty()) {
                words.push_back(std::exchange(word, {}));
            }
        } else {
            word += c;
        }
    }
    return words;
}

std::string names_of(const Parts& parts)
{
    std::vector<std::string_view> names;
    for (const auto part : parts) {
        names.push_back(info_of(part).name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string name_of_folder(const std::string& folder)
{
    std::error_code ignored;
    const auto      path = fs::weakly_canonical(folder, ignored);
    return path.filename().string();
}

/// Answers what the options leave open, one question after the other.
class Interview {
public:
    Interview(NewOptions& options, Questions* questions, const std::optional<Project>& project)
        : options_{options}
        , questions_{questions}
        , project_{project}
    {
    }

    Result<::project::Wishes> wishes(KnownBoard& known)
    {
        TRY(ask_folder());
        ::project::Wishes wishes;
        wishes.name      = options_.name.empty() ? name_of_folder(options_.folder) : options_.name;
        wishes.board     = TRY(ask_board());
        const auto place = TRY(find_board(project_, wishes.board));
        known            = TRY(read_board_at(place));
        wishes.guest     = TRY(ask_guest());
        wishes.parts     = TRY(ask_parts(known, wishes.guest));
        wishes.ram       = TRY(ask_memory());
        wishes.vcpus     = TRY(ask_vcpus());
        return wishes;
    }

private:
    Result<> ask_folder()
    {
        // Before anything else: nobody answers in vain.
        const auto objection = [&](const std::string& folder) -> std::string {
            const auto name  = options_.name.empty() ? name_of_folder(folder) : options_.name;
            const auto wrong = ::project::objection_to_name(name);
            return wrong ? *wrong : ::project::objection_to_folder(folder).value_or("");
        };
        if (!options_.folder.empty()) {
            const auto wrong = objection(options_.folder);
            return wrong.empty() ? Result<>{} : std::unexpected(wrong);
        }
        if (questions_ == nullptr) {
            return std::unexpected("name a folder for the project: vmm new my-system");
        }
        options_.folder = TRY(questions_->ask("Folder of the new project", "my-system", objection));
        return {};
    }

    Result<std::string> ask_board()
    {
        if (!options_.board.empty() || questions_ == nullptr) {
            return options_.board.empty() ? k_default_board : options_.board;
        }
        std::vector<Questions::Choice> choices;
        for (const auto& place : all_boards(project_)) {
            const auto known = read_board_at(place);
            choices.push_back({place.name, !known ? "cannot be read: " + known.error()
                                           : !known->status.empty() ? known->status
                                           : known->board.qemu      ? "in QEMU"
                                                                    : "built, not run"});
        }
        questions_->say("Boards:\n");
        return questions_->choose("Board", choices, k_default_board);
    }

    Result<GuestKind> ask_guest()
    {
        auto answer = options_.guest;
        if (answer.empty() && questions_ != nullptr) {
            questions_->say("Guests:\n");
            answer =
                TRY(questions_->choose("Guest",
                                       {{"linux", "Debian's kernel and a small root file system"},
                                        {"bare-metal", "a program in C, which is in the project"}},
                                       "linux"));
        }
        if (!answer.empty() && answer != "linux" && answer != "bare-metal") {
            return std::unexpected(fmt::format("--guest {}: linux or bare-metal", answer));
        }
        return answer == "bare-metal" ? GuestKind::bare_metal : GuestKind::linux_kernel;
    }

    Result<Parts> ask_parts(const KnownBoard& known, GuestKind guest)
    {
        if (!options_.devices.empty()) {
            return parse_parts(options_.devices);
        }
        const auto usual = ::project::usual_parts(known.offers, guest);
        if (questions_ == nullptr) {
            return usual;
        }
        questions_->say("Devices of the guest:\n");
        for (const auto& offer : known.offers) {
            const auto& info = info_of(offer.part);
            questions_->say(fmt::format("      {:<8} {}\n", info.name,
                                        offer.is_there() ? std::string{info.what}
                                                         : "not here: " + offer.reason));
        }
        const auto answer =
            TRY(questions_->ask("Devices, with commas between", names_of(usual),
                                [&](const std::string& text) -> std::string {
                                    const auto parts = parse_parts(split_at_commas(text));
                                    if (!parts) {
                                        return parts.error();
                                    }
                                    const auto objection =
                                        ::project::objection_to_parts(*parts, guest, known);
                                    return objection.value_or("");
                                }));
        return parse_parts(split_at_commas(answer));
    }

    Result<std::uint64_t> ask_memory()
    {
        auto answer = options_.memory.empty() ? std::string{"256M"} : options_.memory;
        if (options_.memory.empty() && questions_ != nullptr) {
            answer = TRY(questions_->ask("RAM of the guest", "256M",
                                         [](const std::string& text) -> std::string {
                                             const auto size = parse_size(text);
                                             return size ? "" : size.error();
                                         }));
        }
        return parse_size(answer);
    }

    Result<unsigned> ask_vcpus()
    {
        if (options_.vcpus != 0 || questions_ == nullptr) {
            return std::max(options_.vcpus, 1U);
        }
        const auto answer = TRY(questions_->ask("CPUs of the guest", "1", [](const auto& text) {
            const int number = std::atoi(text.c_str());
            return number >= 1 && number <= 16 ? "" : "a number, 1 to 16";
        }));
        return static_cast<unsigned>(std::atoi(answer.c_str()));
    }

    NewOptions&                   options_;
    Questions*                    questions_;
    const std::optional<Project>& project_;
};

/// Not every libvmm has all that guests boot.
Result<> check_images(const ::project::Wishes& wishes)
{
    if (wishes.guest != GuestKind::linux_kernel) {
        return {};
    }
    const auto&              place = installation();
    std::vector<std::string> needed{"linux", "initramfs-virtio.cpio"};
    if (wishes.parts.contains(Part::sound)) {
        needed = {"linux-6.12", "initramfs-sound.cpio"};
    }
    if (wishes.parts.contains(Part::disk)) {
        needed.emplace_back("debian.img");
    }
    for (const auto& file : needed) {
        if (fs::exists(place.guest / file)) {
            continue;
        }
        return std::unexpected(fmt::format(
            "there is no {} in {}: {}", file, place.guest.string(),
            wishes.parts.contains(Part::sound)
                ? "a guest with sound boots a kernel that is fetched for it. Run ./run sound in "
                  "libvmm's source tree once (and install libvmm again)"
                : "run ./run in libvmm's source tree once, which fetches and makes it (and install "
                  "libvmm again)"));
    }
    return {};
}

} // namespace

void describe_new(CLI::App& app) { command_line::describe<NewOptions>(app); }

Result<int> new_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    auto       options = TRY(command_line::parse<NewOptions>("vmm new", std::move(words)));
    const bool asks    = !options.yes && !options.json && is_interactive();
    Questions  questions{std::cin, std::cout};
    KnownBoard known;
    auto       wishes = TRY(Interview(options, asks ? &questions : nullptr, project).wishes(known));
    const auto place  = TRY(find_board(project, wishes.board));
    TRY(add_passed_devices(wishes, known, place, options.passed));
    TRY(check_images(wishes));
    const auto files = TRY(::project::make_project(wishes, known));
    TRY(::project::write_project(options.folder, files));

    if (options.json) {
        auto list = nlohmann::json::array();
        for (const auto& file : files) {
            list.push_back(file.path.string());
        }
        const nlohmann::json json{{"name", wishes.name},
                                  {"board", wishes.board},
                                  {"folder", fs::absolute(options.folder).string()},
                                  {"files", list}};
        fmt::print("{}\n", json.dump(2));
        return 0;
    }
    fmt::print("{}: a {} guest on {} with {}{}. Its README.md says what is where.\n",
               options.folder, wishes.guest == GuestKind::linux_kernel ? "Linux" : "bare-metal",
               wishes.board, names_of(wishes.parts),
               options.passed.empty()
                   ? ""
                   : fmt::format(", and {} for itself", fmt::join(options.passed, ", ")));
    fmt::print("Next:  cd {} && {} {}\n", options.folder, program_name(),
               known.board.qemu ? "run" : "build");
    return 0;
}

} // namespace vmm
