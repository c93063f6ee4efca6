// SPDX-License-Identifier: BSD-2-Clause
// The variables of libmicrokit and of the user that the tool sets in each program.
#include "program/microkit_symbols.hpp"

#include "picokit/system_table.hpp"

#include <stdexcept>

namespace tool {
namespace {

std::uint64_t bit(std::uint64_t channel) { return std::uint64_t{1} << channel; }

/// Bit masks by channel, as libmicrokit checks its arguments with.
struct Channels {
    std::uint64_t irqs          = 0;
    std::uint64_t notifications = 0;
    std::uint64_t pps           = 0;
};

Channels channels_of(const System& system, const ProtectionDomain& pd)
{
    Channels channels;
    for (const auto& irq : pd.irqs) {
        channels.irqs |= bit(irq.id);
    }
    for (const auto& channel : system.channels) {
        for (const auto& end : channel.ends) {
            if (end.pd == pd.name) {
                channels.notifications |= end.notify ? bit(end.id) : 0;
                channels.pps |= end.pp ? bit(end.id) : 0;
            }
        }
    }
    return channels;
}

Result<> write_library_symbols(const System& system, const ProtectionDomain& pd,
                               LoadedProgram& program)
{
    const auto& where = pd.program.where;
    const auto  name  = std::as_bytes(
          std::span{pd.name}.first(std::min<std::size_t>(pd.name.size(), picokit::k_name_length)));
    TRY(write_symbol(program, "microkit_name", name, SymbolSize::at_least, where));
    const std::byte passive{pd.passive ? std::uint8_t{1} : std::uint8_t{0}};
    TRY(write_symbol(program, "microkit_passive", std::span{&passive, 1}, SymbolSize::at_least,
                     where));
    const auto [irqs, notifications, pps] = channels_of(system, pd);
    for (const auto& [symbol, value] :
         {std::pair{"microkit_irqs", irqs}, std::pair{"microkit_notifications", notifications},
          std::pair{"microkit_pps", pps}, std::pair{"microkit_ioports", std::uint64_t{0}}}) {
        TRY(write_symbol(program, symbol, value, SymbolSize::at_least, where));
    }
    return {};
}

} // namespace

std::vector<Diagnostic> write_symbols(const System& system, const std::vector<Region>& regions,
                                      std::vector<LoadedProgram>& programs)
{
    std::vector<Diagnostic> errors;
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        const auto& pd = system.pds[i];
        if (auto result = write_library_symbols(system, pd, programs[i]); !result) {
            errors.push_back(std::move(result).error());
            continue;
        }
        for (const auto& setvar : pd.setvars) {
            const auto value = setvar.source == SetvarSource::region_paddr
                                   ? 0
                                   : region_setvar(setvar, system, regions);
            if (auto result = write_symbol(programs[i], setvar.symbol, value, SymbolSize::exact,
                                           setvar.where);
                !result) {
                errors.push_back(std::move(result).error());
            }
        }
    }
    return errors;
}

void write_physical_addresses(const System& system, const Placement& placement,
                              std::vector<LoadedProgram>& programs)
{
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        for (const auto& setvar : system.pds[i].setvars) {
            if (setvar.source != SetvarSource::region_paddr) {
                continue;
            }
            const auto& extents = placement.regions[*system.find_region(setvar.region)];
            if (!write_symbol(programs[i], setvar.symbol, extents.front().address,
                              SymbolSize::exact, setvar.where)) {
                throw std::logic_error("a symbol that was checked is gone");
            }
        }
    }
}

} // namespace tool
