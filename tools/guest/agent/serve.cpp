// SPDX-License-Identifier: BSD-2-Clause
#include "agent.hpp"

#include <algorithm>
#include <unistd.h>

namespace agent {

using control::Kind;
using control::MessageWriter;

void File::reset(int number)
{
    if (number_ >= 0) {
        (void)::close(number_);
    }
    number_ = number;
}

// The rest of the text is never read.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Path::Path(std::string_view text, std::string_view suffix)
{
    const auto size = text.size() + suffix.size();
    good_           = !text.empty() && size < sizeof(text_) && text.find('\0') == text.npos;
    if (good_) {
        std::ranges::copy(text, text_);
        std::ranges::copy(suffix, text_ + text.size());
    }
    text_[good_ ? size : 0] = '\0';
}

bool fail(control::Conversation& talk, int error, std::string_view what, std::string_view which)
{
    constexpr std::size_t k_most = 160;
    char                  text[k_most];
    std::size_t           size = 0;
    for (const auto part : {what, which}) {
        for (const char c : part.substr(0, k_most - size)) {
            text[size++] = c;
        }
    }
    return talk.send(
        MessageWriter{Kind::failed}.u32(static_cast<std::uint32_t>(error)).string({text, size}));
}

void serve(control::Stream& stream)
{
    control::Conversation talk{stream};
    const auto            greeting = talk.wait();
    if (!greeting || greeting->kind != Kind::hello ||
        !talk.send(MessageWriter{Kind::hello}.u32(control::k_version))) {
        return;
    }
    bool goes_on = true;
    while (goes_on) {
        const auto request = talk.wait();
        if (!request) {
            return;
        }
        switch (request->kind) {
        case Kind::run:
            goes_on = run(talk, *request);
            break;
        case Kind::put:
            goes_on = put(talk, *request);
            break;
        case Kind::get:
            goes_on = get(talk, *request);
            break;
        case Kind::input:
        case Kind::eof:
        case Kind::signal:
            break; // for a command that ended meanwhile
        default:
            return;
        }
    }
}

} // namespace agent
