// SPDX-License-Identifier: BSD-2-Clause
// One neighbour of a network component, and what such components do with all of theirs.
//
// An event is one batch: ask for notifications, look at what is there, move it, show it. What comes
// after the asking has a notification of its own, so that nobody can hold a component in its
// handler. The batch is one change (sddf/journal.hpp), in several where it is long.
#pragma once

#include "microkit/microkit.hpp"
#include "sddf/journal.hpp"
#include "sddf/network.hpp"

#include <span>

namespace net_link {

/// Buffers come in from a neighbour and go out to it, in the rings `free` and `active` of a
/// connection, one of each direction.
struct Link {
    sddf::network::Consumer in;
    sddf::network::Producer out;
    unsigned                channel = 0;

    /// Frames come in and their buffers go back.
    base::Result<> open_receiving(const sddf::network::Connection& connection)
    {
        return open(connection.active_queue, connection.free_queue, connection);
    }
    /// Frames go out and their buffers come back.
    base::Result<> open_sending(const sddf::network::Connection& connection)
    {
        return open(connection.free_queue, connection.active_queue, connection);
    }

private:
    base::Result<> open(const sddf::Region& incoming, const sddf::Region& outgoing,
                        const sddf::network::Connection& connection)
    {
        channel = connection.id;
        TRY(in.open(incoming.bytes(), connection.num_buffers));
        return out.open(outgoing.bytes(), connection.num_buffers);
    }
};

/// To be called before looking at what has come in.
inline void ask(std::span<Link> links)
{
    for (auto& link : links) {
        link.in.ask_first();
    }
}

/// Shows what was moved, as one change, and tells who wants to know.
inline void show(std::span<Link> links, sddf::Journal& journal)
{
    for (const auto& link : links) {
        journal.stage(link.in);
        journal.stage(link.out);
    }
    journal.commit();
    for (auto& link : links) {
        (void)link.in.release();
    }
    for (auto i = links.size(); i-- > 0;) { // the driver, which comes first, is told last
        if (links[i].out.publish_if_asked()) {
            microkit::Channel{links[i].channel}.notify();
        }
    }
    journal.done();
}

/// At the end of init(): a counter may have moved before a restart without a notification.
inline void tell(std::span<Link> links)
{
    for (const auto& link : links) {
        microkit::Channel{link.channel}.notify();
    }
}

} // namespace net_link
