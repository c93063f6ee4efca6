// SPDX-License-Identifier: BSD-2-Clause
// The model of shared memory that interleavings step through.
#include "kit/interleave.hpp"

using kit::interleave::Run;

namespace model {

std::uint64_t load(const void* at, unsigned size)
{
    if (Run::current != nullptr) {
        Run::current->yield();
        // A side sees its own stores at once.
        const auto& buffer = Run::current->self().buffer;
        for (auto store = buffer.rbegin(); store != buffer.rend(); ++store) {
            if (store->at == at) {
                return store->value;
            }
        }
    }
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
}

void store(void* at, std::uint64_t value, unsigned size)
{
    if (Run::current == nullptr) { // before the two sides begin
        std::memcpy(at, &value, size);
        return;
    }
    Run::current->self().buffer.push_back({at, value, size});
}

void fence()
{
    if (Run::current != nullptr && Run::current->has_fences() &&
        !Run::current->self().buffer.empty()) {
        Run::current->yield_until_flushed();
    }
}

} // namespace model

namespace kit::interleave {

void notify()
{
    if (Run::current == nullptr) {
        return;
    }
    auto& run = *Run::current;
    while (!run.self().buffer.empty()) {
        Run::flush(run.self());
    }
    run.peer().notified = true;
}

} // namespace kit::interleave
