// SPDX-License-Identifier: BSD-2-Clause
// The network device's control queue (virtIO 1.2, section 5.1.6.5).
#include "virtio/network.hpp"

#include <utility>

namespace virtio {
namespace {

/// struct virtio_net_ctrl without its data.
struct Command {
    std::uint8_t which; ///< class
    std::uint8_t command;
};

constexpr std::uint8_t k_class_rx      = 0;
constexpr std::uint8_t k_class_mac     = 1;
constexpr std::uint8_t k_mac_table_set = 0;

constexpr std::uint8_t k_ok    = 0;
constexpr std::uint8_t k_error = 1;

} // namespace

void Network::control()
{
    Queue& queue = queues_[k_control];
    do {
        while (Chain chain = take(queue, control_room_)) {
            if (chain.writable_bytes() == 0) {
                fail(Fault::request); // nowhere to answer
                return;
            }
            Reader reader = chain.reader();
            Writer writer = chain.writer();
            (void)writer.put(execute(reader) ? k_ok : k_error);
            queue.finish(std::move(chain), writer.written());
        }
        publish(queue);
    } while (queue.rest());
}

bool Network::execute(Reader& reader)
{
    const auto it = reader.take<Command>();
    if (!it) {
        return false;
    }
    if (it->which == k_class_rx) {
        const auto on = reader.take<std::uint8_t>();
        const bool extra =
            it->command >= static_cast<std::uint8_t>(NetworkFilter::Mode::all_unicast);
        if (!on || it->command >= NetworkFilter::k_modes ||
            !has(extra ? k_feature_ctrl_rx_extra : k_feature_ctrl_rx)) {
            return false;
        }
        filter_.set(static_cast<NetworkFilter::Mode>(it->command), *on != 0);
        return true;
    }
    return it->which == k_class_mac && it->command == k_mac_table_set && has(k_feature_ctrl_rx) &&
           filter_.set_tables(reader);
}

} // namespace virtio
