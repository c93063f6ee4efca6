// SPDX-License-Identifier: BSD-2-Clause
#include "offer.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

namespace project {
namespace {

namespace fs  = std::filesystem;
using Drivers = std::vector<sysgen::DriverInfo>;

/// A device of the board by the name that layouts have for it.
struct Named {
    std::string             name;
    const boardgen::Device* device;
};

/// The console first, then the others, then those of arrays, the last of each first.
std::vector<Named> devices_of(const boardgen::Board& board)
{
    std::vector<Named> devices;
    for (const auto& [name, device] : board.devices) {
        const bool is_console = device.name == board.console.name;
        devices.insert(is_console ? devices.begin() : devices.end(), {name, &device});
    }
    for (const auto& [name, array] : board.device_arrays) {
        for (auto index = array.size(); index-- > 0;) {
            devices.push_back({fmt::format("{}.{}", name, index), &array[index]});
        }
    }
    return devices;
}

bool drives(const sysgen::DriverInfo& driver, std::string_view device_class,
            const boardgen::Device& device)
{
    return driver.device_class == device_class &&
           std::ranges::any_of(device.compatible, [&](const auto& kind) {
               return std::ranges::find(driver.compatible, kind) != driver.compatible.end();
           });
}

std::string kinds_driven(const Drivers& drivers, std::string_view device_class)
{
    std::vector<std::string> kinds;
    for (const auto& driver : drivers) {
        if (driver.device_class == device_class) {
            kinds.insert(kinds.end(), driver.compatible.begin(), driver.compatible.end());
        }
    }
    std::ranges::sort(kinds);
    return fmt::format("{}", fmt::join(kinds, ", "));
}

std::string console_name(const boardgen::Board& board)
{
    for (const auto& [name, device] : board.devices) {
        if (device.name == board.console.name) {
            return name;
        }
    }
    return {};
}

Offer offer_uart(const boardgen::Board& board)
{
    auto name = console_name(board);
    if (name.empty()) {
        return {
            Part::uart, "",
            fmt::format("its board.json has no name for its serial port, {}", board.console.name)};
    }
    return {Part::uart, std::move(name), ""};
}

/// Takes from `free` the first device that a driver of this class is for.
Offer offer_driven(Part part, const Drivers& drivers, std::vector<Named>& free)
{
    const auto device_class = info_of(part).device_class;
    const auto is_driven    = [&](const Named& named) {
        // A UART leads to whatever is plugged in; the host's end of a channel is known for virtIO.
        if (part == Part::control && !named.name.contains('.')) {
            return false;
        }
        return std::ranges::any_of(drivers, [&](const auto& driver) {
            return drives(driver, device_class, *named.device);
        });
    };
    const auto found = std::ranges::find_if(free, is_driven);
    if (found == free.end()) {
        if (part == Part::control) {
            return {part, "", "it has no virtIO serial port, by which the host could reach it"};
        }
        return {part, "",
                fmt::format("it has no device of class {} that there is a driver for ({})",
                            device_class, kinds_driven(drivers, device_class))};
    }
    Offer offer{part, found->name, ""};
    free.erase(found);
    return offer;
}

Result<std::string> content_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) {
        return std::unexpected(fmt::format("{} cannot be read", file.string()));
    }
    return content;
}

} // namespace

Offers offers_of(const boardgen::Board& board, const Drivers& drivers)
{
    auto   free = devices_of(board);
    Offers offers;
    for (const auto& info : k_parts) {
        if (info.part == Part::uart) {
            offers.push_back(offer_uart(board));
        } else if (info.device_class.empty()) {
            offers.push_back({info.part, "", ""});
        } else {
            offers.push_back(offer_driven(info.part, drivers, free));
        }
    }
    return offers;
}

std::optional<Port> port_of(const boardgen::Board& board)
{
    struct Kind {
        std::string_view compatible;
        unsigned         data;
        unsigned         status;
        std::uint32_t    mask;
        std::uint32_t    ready;
    };
    // Each as its manual has it: a "full" flag must be clear, a "holding register empty" one set.
    static constexpr std::array k_kinds{
        Kind{"arm,pl011", 0x00, 0x18, 1U << 5, 0},              // UARTDR, UARTFR.TXFF
        Kind{"cdns,uart-r1p12", 0x30, 0x2c, 1U << 4, 0},        // FIFO, SR.TXFULL
        Kind{"fsl,imx6q-uart", 0x40, 0xb4, 1U << 4, 0},         // UTXD, UTS.TXFULL
        Kind{"fsl,imx21-uart", 0x40, 0xb4, 1U << 4, 0},         // the same
        Kind{"amlogic,meson-gx-uart", 0x00, 0x0c, 1U << 21, 0}, // WFIFO, STATUS.TX_FULL
        Kind{"snps,dw-apb-uart", 0x00, 0x14, 1U << 5, 1U << 5}, // THR, LSR.THRE
    };
    for (const auto& kind : k_kinds) {
        if (std::ranges::find(board.console.compatible, kind.compatible) !=
                board.console.compatible.end() &&
            !board.console.registers.empty()) {
            return Port{board.console.registers.front().start, kind.data, kind.status, kind.mask,
                        kind.ready};
        }
    }
    return std::nullopt;
}

Result<KnownBoard> read_known_board(const fs::path& folder, const fs::path& blob,
                                    const fs::path& drivers)
{
    const auto bytes   = TRY(content_of(blob));
    const auto text    = TRY(content_of(folder / "board.json"));
    const auto tree    = TRY(boardgen::DeviceTree::create(std::as_bytes(std::span{bytes})));
    const auto library = sysgen::read_drivers(drivers);
    if (!library) {
        return std::unexpected(fmt::format("{}: {}", drivers.string(), library.error().what));
    }
    auto board = boardgen::read_board(tree, text);
    if (!board) {
        return std::unexpected(fmt::format("{}: {}", folder.string(), board.error()));
    }
    const auto json   = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    auto       offers = offers_of(*board, *library);
    return KnownBoard{.board  = *std::move(board),
                      .status = json.value("status", ""),
                      .offers = std::move(offers)};
}

} // namespace project
