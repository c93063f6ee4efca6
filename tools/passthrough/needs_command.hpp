// SPDX-License-Identifier: BSD-2-Clause
// vmm needs: what a device needs, and whether a guest may have it.
#pragma once

#include "places.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace passthrough {

/// The path of the node that `device` of the board's board.json means; empty: there is none.
using DeviceNames = std::function<std::string(const std::string& board, const std::string& device)>;

/// `words` is the command line behind "vmm needs"; what is no node of the board's tree is looked up
/// in `names`. Returns the exit code: 0 it can be passed through, 1 it cannot, 2 a wrong call.
int needs_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err, const DeviceNames& names = {});

/// Adds the command's options and texts to an application that nobody parses.
void describe_needs(CLI::App& app);

} // namespace passthrough
