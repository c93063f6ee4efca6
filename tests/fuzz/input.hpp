// SPDX-License-Identifier: BSD-2-Clause
// A fuzzer's bytes as numbers, and what ends a run that broke a promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace fuzz {

inline void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size)
        : data_{data}
        , size_{size}
    {
    }
    [[nodiscard]] bool ended() const { return size_ == 0; }
    /// Little-endian; what is not there is zero.
    [[nodiscard]] std::uint64_t take(unsigned bytes)
    {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < bytes && size_ != 0; ++i, --size_) {
            value |= std::uint64_t{*data_++} << (8 * i);
        }
        return value;
    }

private:
    const std::uint8_t* data_;
    std::size_t         size_;
};

} // namespace fuzz
