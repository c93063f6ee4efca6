// SPDX-License-Identifier: BSD-2-Clause
// Decompression of gzip (RFC 1952) and raw deflate (RFC 1951) streams, without a heap.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <span>

namespace vmm {

/// What a decompression did.
struct Inflated {
    std::size_t consumed = 0; ///< bytes of the input, up to and with the end of the stream
    std::size_t produced = 0; ///< bytes of the output
};

/// Decompresses a deflate stream into `output`, which is also the window that it refers back to.
/// Nothing outside of the two spans is touched, whatever the input; bytes of `output` beyond what
/// is produced may be overwritten. Errors: a damaged or truncated stream, an output too small.
[[nodiscard]] base::Result<Inflated> inflate(std::span<const std::byte> input,
                                             std::span<std::byte>       output);

/// The same for a gzip file of one member, with its checksum and size; trailing bytes are ignored.
[[nodiscard]] base::Result<Inflated> gunzip(std::span<const std::byte> file,
                                            std::span<std::byte>       output);

/// The first bytes of what a gzip file holds: as many as there are, at most output.size(). Checks
/// no more than it must.
[[nodiscard]] base::Result<std::size_t> gunzip_head(std::span<const std::byte> file,
                                                    std::span<std::byte>       output);

/// Whether this begins like a gzip file.
[[nodiscard]] bool is_gzip(std::span<const std::byte> file);

/// What the end of a gzip file says of its unpacked size, modulo 4 GiB. Errors: too short for one.
[[nodiscard]] base::Result<std::size_t> gunzip_size(std::span<const std::byte> file);

} // namespace vmm
