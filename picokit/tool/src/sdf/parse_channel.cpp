// SPDX-License-Identifier: BSD-2-Clause
// <channel> and its two <end>s.
#include "sdf/parse.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<ChannelEnd> parse_end(const Element& element)
{
    const auto attributes =
        TRY(Attributes::read(element, {"pd", "id", "notify", "pp", "setvar_id"}));
    ChannelEnd end;
    end.where  = element.where;
    end.pd     = TRY(attributes.text("pd"));
    end.id     = TRY(attributes.number(
            "id", {0, k_max_channel_id, "channels and interrupts of a protection domain share them"}));
    end.notify = TRY(attributes.boolean("notify", true));
    end.pp     = TRY(attributes.boolean("pp", false));
    end.setvar = attributes.optional_text("setvar_id").value_or("");
    return end;
}

} // namespace

Result<Channel> parse_channel(const Element& element)
{
    TRY(Attributes::read(element, {}));
    Channel     channel{element.where, {}};
    std::size_t count = 0;
    for (const auto& child : element.children) {
        if (child.name != "end") {
            return refuse_child(element, child, "end");
        }
        if (count == channel.ends.size()) {
            return refuse(
                child.where, "a third 'end' in a channel",
                "a channel joins exactly two protection domains: declare another channel");
        }
        channel.ends[count++] = TRY(parse_end(child));
    }
    if (count != channel.ends.size()) {
        return refuse(
            element.where,
            fmt::format("a channel with {} 'end' element{}", count, count == 1 ? "" : "s"),
            "a channel has exactly two: <end pd=\"…\" id=\"…\" />");
    }
    if (channel.ends[0].pp && channel.ends[1].pp) {
        return refuse(channel.ends[1].where, "both ends of a channel have pp=\"true\"",
                      "calls go one way only: set it on the end of the caller");
    }
    return channel;
}

} // namespace tool
