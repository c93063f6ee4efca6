// SPDX-License-Identifier: BSD-2-Clause
// Random bytes from the entropy driver.
#include "backend/entropy_source.hpp"

#include <algorithm>
#include <cstring>

namespace backend {

base::Result<> EntropySource::open(const sddf::entropy::ClientConfig& config)
{
    if (!config.is_valid()) {
        return base::fail("the section .entropy_client_config was not filled in",
                          "is the file that the system generator made copied into the program?");
    }
    return bytes_.open(config.stream.queue.bytes(), config.stream.data.bytes());
}

std::size_t EntropySource::available() const { return bytes_.is_open() ? bytes_.available() : 0; }

std::size_t EntropySource::fill(std::span<std::byte> to)
{
    std::size_t done = 0;
    while (bytes_.is_open() && done < to.size()) {
        const auto piece = bytes_.data();
        const auto size  = std::min(piece.size(), to.size() - done);
        if (size == 0) {
            break;
        }
        std::memcpy(to.data() + done, piece.data(), size);
        // Only the driver and we have this memory, and the driver writes there after release().
        std::memset(const_cast<std::byte*>(piece.data()), 0, size);
        bytes_.advance(static_cast<std::uint32_t>(size));
        done += size;
    }
    release();
    return done;
}

bool EntropySource::take(std::span<std::byte> to)
{
    // available() may shrink under a driver that lies: then it is less than all, and not given out.
    if (available() < to.size() || fill(to) < to.size()) {
        release();
        return false;
    }
    return true;
}

void EntropySource::release()
{
    if (bytes_.is_open() && bytes_.available() <= bytes_.capacity() / 2 && bytes_.release()) {
        driver_.ring();
    }
}

} // namespace backend
