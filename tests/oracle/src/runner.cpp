// SPDX-License-Identifier: BSD-2-Clause
#include "runner.hpp"

#include "base/result.hpp"
#include "build.hpp"
#include "priorities.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"

#include <fmt/format.h>

#include <cstring>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace oracle {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_memory_size = 2ULL << 30; ///< of the whole machine, as boards/ has it

/// The machine's memory: a file without a name, which QEMU opens through our descriptor.
class SharedMemory {
public:
    static Result<SharedMemory> create()
    {
        SharedMemory memory;
        memory.file_ = qemu::Descriptor{memfd_create("oracle", 0)};
        if (!memory.file_.is_open() ||
            ftruncate(memory.file_.number(), static_cast<off_t>(k_memory_size)) != 0) {
            return std::unexpected("there is no memory for the machine");
        }
        void* const mapped =
            mmap(nullptr, k_ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.file_.number(), 0);
        if (mapped == MAP_FAILED) {
            return std::unexpected("the machine's memory cannot be mapped");
        }
        memory.start_ = static_cast<std::byte*>(mapped);
        return memory;
    }
    SharedMemory(SharedMemory&& other) noexcept
        : file_(std::move(other.file_))
        , start_(std::exchange(other.start_, nullptr))
    {
    }
    SharedMemory& operator=(SharedMemory&&)      = delete;
    SharedMemory(const SharedMemory&)            = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    ~SharedMemory()
    {
        if (start_ != nullptr) {
            munmap(start_, k_ram_size);
        }
    }

    template <class T>
    void store(std::uint64_t address, const T& value) const
    {
        std::memcpy(start_ + (address - k_ram), &value, sizeof(T));
    }
    void copy_in(std::uint64_t address, std::span<const std::byte> bytes) const
    {
        std::memcpy(start_ + (address - k_ram), bytes.data(), bytes.size());
    }
    template <class T>
    [[nodiscard]] T load(std::uint64_t address) const
    {
        T value;
        std::memcpy(&value, start_ + (address - k_ram), sizeof(T));
        return value;
    }
    void copy_out(std::uint64_t address, std::span<std::byte> bytes) const
    {
        std::memcpy(bytes.data(), start_ + (address - k_ram), bytes.size());
    }

    [[nodiscard]] std::vector<std::string> arguments() const
    {
        return {
            "-object",
            fmt::format("memory-backend-file,id=shared,share=on,size={},mem-path=/proc/{}/fd/{}",
                        k_memory_size, getpid(), file_.number()),
            "-machine", "memory-backend=shared"};
    }

private:
    SharedMemory() = default;

    qemu::Descriptor file_;
    std::byte*       start_ = nullptr;
};

const char* board_of(const Machine& machine)
{
    return machine.gic == 2 ? "qemu_virt_aarch64" : "qemu_virt_aarch64_gicv3";
}

fs::path product(const Machine& machine)
{
    return vmm::this_tree().build / "product/picokit" / board_of(machine) / "release";
}

Result<fs::path> existing(const fs::path& file)
{
    if (!fs::exists(file)) {
        return std::unexpected(fmt::format(
            "there is no {}: build it by ./run build --config release --board …", file.string()));
    }
    return file;
}

Result<std::vector<std::string>> reference_command(const Machine& machine)
{
    const auto guest = TRY(existing(product(machine) / "tests/guests/oracle.bin"));
    return qemu::native_command_line(
        {.machine = machine.gic == 2 ? "virt,gic-version=2" : "virt,gic-version=3,its=off",
         .cpus    = machine.cpus,
         .memory  = "2G",
         .kernel  = guest});
}

Result<std::vector<std::string>> our_command(const Machine& machine, Side side)
{
    const auto* const suffix = side == Side::portable ? "_portable" : "";
    const auto        image  = TRY(existing(product(machine) / "tests/oracle/system" /
                                            fmt::format("oracle_{}{}.img", machine.cpus, suffix)));
    const auto        board  = TRY(
                qemu::read_board(vmm::this_tree().source / "boards" / board_of(machine) / "board.json"));
    return qemu::command_line(board, image, {});
}

Header header_of(const Sequence& sequence)
{
    Header           header{.magic      = k_magic,
                            .operations = static_cast<std::uint32_t>(sequence.operations.size()),
                            .most_held  = sequence.most_held,
                            .group_1    = sequence.grouped ? 0xffff'7fff : 0xffff'ffff,
                            .priorities = {}};
    const Priorities priorities(sequence.priorities);
    for (std::uint32_t intid = 0; intid < k_intids; ++intid) {
        header.priorities[intid] = priorities.of(intid, 0);
    }
    return header;
}

} // namespace

Result<Log> run(const Sequence& sequence, Side side, const RunLimits& limits)
{
    auto       words  = side == Side::reference ? TRY(reference_command(sequence.machine))
                                                : TRY(our_command(sequence.machine, side));
    const auto memory = TRY(SharedMemory::create());
    const auto add    = [&](const std::vector<std::string>& more) {
        words.insert(words.end(), more.begin(), more.end());
    };
    add(memory.arguments());
    add(qemu::time_arguments(qemu::Time::instructions));

    memory.store(k_program, header_of(sequence));
    memory.copy_in(k_program + sizeof(Header), std::as_bytes(std::span{sequence.operations}));

    qemu::Console console(TRY(qemu::Process::start(words, qemu::Streams::piped)));
    (void)console.wait_for({}, {.silence = limits.silence});
    console.process().stop();

    Log        log;
    const auto header = memory.load<LogHeader>(k_log);
    if (header.magic == k_magic) {
        log.records.resize(header.records);
        memory.copy_out(k_log + sizeof(LogHeader), std::as_writable_bytes(std::span{log.records}));
        log.finished = header.finished == 1;
    }
    log.console = console.transcript() + console.complaints();
    return log;
}

} // namespace oracle
