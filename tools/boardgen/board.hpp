// SPDX-License-Identifier: BSD-2-Clause
// Everything that is known of a board: its device tree merged with its hand-written board.json.
#pragma once

#include "device_tree.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace boardgen {

struct Device {
    std::string               name; ///< of the node, with its unit address
    std::vector<std::string>  compatible;
    std::vector<AddressRange> registers;
    std::vector<Interrupt>    interrupts;
    std::vector<Clock>        clocks;
    bool                      dma_coherent;
    std::vector<Property>     properties{};
};

/// The frames of the interrupt controller. GICv2 has all but `redistributor`.
struct Gic {
    unsigned                    version;
    AddressRange                distributor;
    std::optional<AddressRange> cpu_interface;
    std::optional<AddressRange> hypervisor;
    std::optional<AddressRange> vcpu_interface;
    std::optional<AddressRange> redistributor;
    std::uint32_t               maintenance_irq;
};

struct TimerIrqs {
    std::uint32_t physical_secure;
    std::uint32_t physical;
    std::uint32_t virtual_timer;
    std::uint32_t hypervisor;
};

struct NamedRange {
    std::string  name;
    AddressRange range;
};

struct Qemu {
    std::string machine;
    std::string cpu;
    std::string memory;
};

struct Board {
    std::string                                name;
    std::string                                arch;
    std::string                                cpu; ///< as GCC's -mcpu and QEMU's -cpu name it
    unsigned                                   pa_bits;
    unsigned                                   cores;
    std::uint64_t                              load_address;
    std::vector<AddressRange>                  ram;    ///< for the kernel and the tool
    std::vector<AddressRange>                  memory; ///< all there is
    std::vector<NamedRange>                    kernel_devices;
    Device                                     console;
    Gic                                        gic;
    TimerIrqs                                  timer;
    std::uint64_t                              timer_hz;
    std::uint32_t                              max_irq;
    std::map<std::string, Device>              devices;
    std::map<std::string, std::vector<Device>> device_arrays;
    std::optional<Qemu>                        qemu;

    /// Interrupts that the kernel keeps, ascending.
    [[nodiscard]] std::vector<std::uint32_t> reserved_irqs() const;
};

/// `json` is the text of board.json. Errors say what is missing, where, and what would be right.
[[nodiscard]] Result<Board> read_board(const DeviceTree& tree, std::string_view json);

/// The file that the microkit tool reads.
[[nodiscard]] std::string tool_json(const Board& board);
/// board/board.hpp: namespace board.
[[nodiscard]] std::string cpp_header(const Board& board);
/// board.cmake: the few facts that decide which sources are compiled and where they are linked.
[[nodiscard]] std::string cmake_facts(const Board& board);

} // namespace boardgen
