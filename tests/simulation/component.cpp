// SPDX-License-Identifier: BSD-2-Clause
#include "component.hpp"

#include <dlfcn.h>
#include <link.h>

#include <bit>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

namespace simulation {

namespace {

/// Not memcpy: between the objects of a program built with AddressSanitizer lies what may not be
/// touched.
__attribute__((no_sanitize("address"))) void copy_words(std::byte* to, const std::byte* from,
                                                        std::size_t size)
{
    auto*       target = reinterpret_cast<std::uint64_t*>(to);
    const auto* source = reinterpret_cast<const std::uint64_t*>(from);
    for (std::size_t i = 0; i < size / 8; ++i) {
        *reinterpret_cast<volatile std::uint64_t*>(target + i) = source[i];
    }
}

struct Range {
    std::uintptr_t start;
    std::uintptr_t end;
};

/// The writable memory of the shared object that lies at `base`, without what the linker has made
/// read-only.
std::vector<Range> writable(std::uintptr_t base)
{
    struct Search {
        std::uintptr_t     base;
        std::vector<Range> found;
    } search{base, {}};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* argument) {
            auto& wanted = *static_cast<Search*>(argument);
            if (info->dlpi_addr != wanted.base) {
                return 0;
            }
            std::uintptr_t read_only_end = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& header = info->dlpi_phdr[i];
                if (header.p_type == PT_GNU_RELRO) {
                    read_only_end = (wanted.base + header.p_vaddr + header.p_memsz) & ~0xfffUL;
                }
            }
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& header = info->dlpi_phdr[i];
                if (header.p_type == PT_LOAD && (header.p_flags & PF_W) != 0) {
                    const auto start = wanted.base + header.p_vaddr;
                    wanted.found.push_back(
                        {std::max(start, read_only_end) & ~7UL, (start + header.p_memsz) & ~7UL});
                }
            }
            return 1;
        },
        &search);
    return search.found;
}

std::string directory()
{
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

Program& program(const std::string& name, unsigned copy)
{
    static std::map<std::string, std::unique_ptr<Program>> programs;
    auto& found = programs[name + "." + std::to_string(copy)];
    if (!found) {
        found = std::make_unique<Program>(name + "." + std::to_string(copy) + ".so");
    }
    found->restore();
    return *found;
}

} // namespace

Program::Program(const std::string& name)
    : handle_{dlopen((directory() + "/" + name).c_str(), RTLD_NOW | RTLD_LOCAL)}
{
    if (handle_ == nullptr) {
        throw std::runtime_error{dlerror()};
    }
    init_         = std::bit_cast<void (*)()>(find("init"));
    notified_     = std::bit_cast<void (*)(unsigned)>(find("notified"));
    link_map* map = nullptr;
    if (dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0) {
        throw std::runtime_error{dlerror()};
    }
    for (const auto& range : writable(map->l_addr)) {
        auto& piece = pieces_.emplace_back();
        piece.at    = reinterpret_cast<std::byte*>(range.start);
        piece.content.resize(range.end - range.start);
        copy_words(piece.content.data(), piece.at, piece.content.size());
    }
}

void Program::restore()
{
    for (const auto& piece : pieces_) {
        copy_words(piece.at, piece.content.data(), piece.content.size());
    }
}

void* Program::find(const char* name)
{
    void* const found = dlsym(handle_, name);
    if (found == nullptr) {
        throw std::runtime_error{dlerror()};
    }
    return found;
}

Component::Component(const std::string& its_program, unsigned its_priority, unsigned copy)
    : program_{program(its_program, copy)}
{
    name     = its_program + (copy == 0 ? "" : "." + std::to_string(copy));
    priority = its_priority;
}

void Component::start(std::function<bool()> may_end)
{
    run();
    auto& scheduler = Scheduler::current();
    if (scheduler.mode.restarts == 0) {
        return;
    }
    scheduler.add_hardware(
        name + " is restarted",
        [may_end] { return (!may_end || may_end()) && Scheduler::current().may_restart(); },
        [this] {
            Scheduler::current().end(*this);
            run();
        });
}

void Component::run()
{
    Scheduler::current().spawn(*this, [this] {
        auto& scheduler = Scheduler::current();
        program_.init();
        scheduler.end_of_event(*this);
        for (;;) {
            scheduler.wait([this] { return badge != 0; });
            scheduler.trace(name + " runs");
            // Everything that has been signalled until now, merged.
            auto events = std::exchange(badge, 0);
            while (events != 0) {
                const auto channel = static_cast<unsigned>(std::countr_zero(events));
                events &= events - 1;
                program_.notified(channel);
            }
            scheduler.end_of_event(*this);
        }
    });
}

void connect(Domain& one, unsigned channel_there, Domain& other, unsigned channel_here)
{
    one.wires.at(channel_there)  = {.to = &other, .there = channel_here, .acknowledge = {}};
    other.wires.at(channel_here) = {.to = &one, .there = channel_there, .acknowledge = {}};
}

} // namespace simulation
