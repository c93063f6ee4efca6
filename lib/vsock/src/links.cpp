// SPDX-License-Identifier: BSD-2-Clause
// From `.vsock_config` to open links.
#include "vsock/links.hpp"

#include <algorithm>

namespace vsock {

base::Result<> Links::open(const Config& config)
{
    relay_.emplace(config.cid, std::span<Line>{}); // until all is well: nobody to talk to
    if (!config.is_valid()) {
        return base::fail("the section .vsock_config was not filled in",
                          "give the program a context ID in the layout: <use vsock=… cid=… />");
    }
    const auto links = std::span{config.links}.first(config.num_links);
    for (std::size_t i = 0; i < links.size(); ++i) {
        const auto same = [&](const Config::Link& other) { return other.cid == links[i].cid; };
        if (links[i].cid == config.cid || std::ranges::any_of(links.first(i), same)) {
            return base::fail("two ends of vsock links have the same context ID",
                              "give each guest and each program one of its own", links[i].cid);
        }
        bells_[i].end = microkit::Channel{links[i].channel};
        lines_[i].cid = links[i].cid;
        TRY(lines_[i].link.open(links[i].own.bytes(), links[i].peer.bytes(), bells_[i]));
    }
    size_ = links.size();
    relay_.emplace(config.cid, std::span{lines_}.first(size_));
    return {};
}

void Links::notified(microkit::Channel channel)
{
    for (std::size_t i = 0; i < size_; ++i) {
        if (bells_[i].end == channel) {
            return relay_->notified();
        }
    }
}

} // namespace vsock
