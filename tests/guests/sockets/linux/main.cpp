// SPDX-License-Identifier: BSD-2-Clause
// Sockets between guests, tried from inside Linux:
//     sockets serve                          the other side of all that follows; does not end
//     sockets check CID [WORD]               every situation (whose name has WORD), a line each
//     sockets connections CID COUNT AT_ONCE  opens and closes connections
//     sockets copy CID BYTES [PIECE]         there and back, with sums
//     sockets measure CID                    what things cost, for tests/bench
// CID 1 is this guest itself (Linux' vsock_loopback).
#include "expect.hpp"
#include "serve.hpp"
#include "situations.hpp"
#include "traffic.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace {

using namespace vsock_test;

int check(std::uint32_t cid, std::string_view word)
{
    unsigned passed = 0, failed = 0;
    for (const auto situations :
         {connection_situations(), stream_situations(), packet_situations()}) {
        for (const Situation& situation : situations) {
            if (!std::string_view{situation.name}.contains(word)) {
                continue;
            }
            try {
                Peer peer{cid};
                situation.run(peer);
                std::printf("PASS %s\n", situation.name);
                ++passed;
            } catch (const Failure& failure) {
                std::printf("FAIL %s: %s\n", situation.name, failure.text.c_str());
                ++failed;
            }
            (void)std::fflush(stdout);
        }
    }
    std::printf("sockets: %u passed, %u failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
}

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 0); }

int run(std::span<char*> words)
{
    const std::string_view what = words.size() > 1 ? words[1] : "";
    if (what == "serve") {
        return serve();
    }
    const auto cid = words.size() > 2 ? static_cast<std::uint32_t>(number(words[2])) : 0;
    if (what == "check" && cid != 0) {
        return check(cid, words.size() > 3 ? words[3] : "");
    }
    if (what == "connections" && words.size() == 5) {
        open_and_close(cid, static_cast<unsigned>(number(words[3])),
                       static_cast<unsigned>(number(words[4])));
    } else if (what == "copy" && words.size() >= 4) {
        const auto piece = words.size() > 4 ? number(words[4]) : 65'536;
        copy_out(cid, number(words[3]), piece);
        copy_in(cid, number(words[3]), piece);
    } else if (what == "measure" && cid != 0) {
        measure(cid);
    } else {
        std::puts("usage: sockets serve | check CID [WORD] | connections CID COUNT AT_ONCE |"
                  " copy CID BYTES [PIECE] | measure CID");
        return 2;
    }
    std::puts("sockets: done");
    return 0;
}

} // namespace

int main(int count, char** words)
{
    try {
        return run({words, static_cast<std::size_t>(count)});
    } catch (const Failure& failure) {
        std::printf("sockets: %s\n", failure.text.c_str());
        return 1;
    }
}
