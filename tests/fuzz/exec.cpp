// SPDX-License-Identifier: BSD-2-Clause
// A caller whose agent says anything: it ends by itself, keeps a file within the size that was
// chosen, and what it says of a failure is printable.
#include "input.hpp"

#include "caller.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace control;

/// Says what the fuzzer says, in pieces, and is over then.
class Liar final : public Stream {
public:
    Liar(const std::uint8_t* data, std::size_t size, std::size_t piece)
        : left_{std::as_bytes(std::span{data, size})}
        , piece_{piece}
    {
    }
    [[nodiscard]] int  descriptor() const override { return -1; }
    [[nodiscard]] long read(std::span<std::byte> to) override
    {
        if (left_.empty()) {
            return -1;
        }
        const auto part = left_.first(std::min({to.size(), left_.size(), piece_}));
        std::ranges::copy(part, to.begin());
        left_ = left_.subspan(part.size());
        return static_cast<long>(part.size());
    }
    [[nodiscard]] bool write(std::span<const std::byte> from) override
    {
        fuzz::require(from.size() <= k_header + k_most_payload);
        return true;
    }

private:
    std::span<const std::byte> left_;
    std::size_t                piece_;
};

void check(const Outcome& outcome)
{
    const auto* const end = std::find(outcome.text.begin(), outcome.text.end(), '\0');
    fuzz::require(end != outcome.text.end());
    fuzz::require(
        std::all_of(outcome.text.begin(), end, [](char c) { return c >= ' ' && c <= '~'; }));
    fuzz::require(outcome.kind != Outcome::Kind::ok || (outcome.code >= 0 && outcome.code < 256));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const int         nowhere = ::open("/dev/null", O_RDWR);
    static const std::string target =
        std::filesystem::temp_directory_path() / ("fuzz-exec-" + std::to_string(::getpid()));
    constexpr std::uint64_t k_most = 100;

    fuzz::Input input{data, size};
    const auto  what = input.take(1);
    Liar        agent{data, size, static_cast<std::size_t>(what >> 2) + 1};
    Caller      caller{agent};
    if ((what & 1) != 0) {
        check(caller.greet());
    }
    constexpr std::string_view k_words[] = {"a", "command"};
    switch (what >> 1 & 3) {
    case 0:
        check(caller.run(k_words, {.input = -1, .output = nowhere, .errors = nowhere}));
        break;
    case 1:
        check(caller.run(k_words, {.input = nowhere, .output = nowhere, .errors = nowhere}));
        break;
    case 2:
        check(caller.put("/dev/null", "to"));
        break;
    default: {
        const auto outcome = caller.get("from", target.c_str(), k_most);
        check(outcome);
        struct stat facts {};
        const bool  exists = ::stat(target.c_str(), &facts) == 0;
        fuzz::require(!exists || static_cast<std::uint64_t>(facts.st_size) <= k_most);
        fuzz::require(exists || outcome.kind != Outcome::Kind::ok);
        (void)::unlink(target.c_str());
        fuzz::require(::access((target + ".part").c_str(), F_OK) != 0);
        break;
    }
    }
    return 0;
}
