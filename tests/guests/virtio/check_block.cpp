// SPDX-License-Identifier: BSD-2-Clause
// The disk: what is written is read again, and what the device refuses it refuses as it must.
#include "check.hpp"

#include <array>

namespace guest {
namespace {

using namespace feature;

constexpr std::uint32_t k_sector = 512;
constexpr std::uint32_t k_most   = 8 * k_sector;

enum Request : std::uint32_t { in = 0, out = 1, flush = 4, get_id = 8, write_zeroes = 13 };
enum Answer : std::uint8_t { good = 0, io_error = 1, unsupported = 2, none = 0xff };

struct Header {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

/// One disk under check.
class Check {
public:
    Check(Driver& driver, Random& random, Scratch memory)
        : driver_{driver}
        , random_{random}
        , memory_{memory}
        // 5.2.5.2: a device that offers RO is read-only, whether the driver takes that or not.
        , read_only_{(driver.offered() & k_ro) != 0}
        , header_{memory_.take(sizeof(Header))}
        , status_{memory_.take(16)}
        , data_{memory_.take(k_most + 16)}
        , table_{memory_.take(16 * 16)}
    {
    }

    Wrong run(std::uint64_t first_sector);

private:
    std::uint8_t ask(std::uint32_t type, std::uint64_t sector, std::uint32_t size, bool writes);
    Wrong        write_and_read(std::uint64_t first, std::uint64_t capacity);
    Wrong        extras(std::uint64_t sector, std::uint64_t capacity);

    Driver&       driver_;
    Random&       random_;
    Scratch       memory_;
    bool          read_only_;
    std::uint32_t queue_ = 0;
    std::uint64_t header_, status_, data_, table_;
};

/// One request; its data is at data_, in one to three buffers, direct or not.
std::uint8_t Check::ask(std::uint32_t type, std::uint64_t sector, std::uint32_t size, bool writes)
{
    poke(header_, Header{type, 0, sector});
    poke(status_, std::uint8_t{Answer::none});
    Pieces pieces;
    pieces.add({header_, sizeof(Header), false});
    for (std::uint32_t done = 0; done < size;) {
        const auto rest = size - done;
        const auto piece =
            pieces.size() == 3 ? rest : static_cast<std::uint32_t>(random_.between(1, rest));
        pieces.add({data_ + done, piece, writes});
        done += piece;
    }
    pieces.add({status_, 1, true});
    Ring& ring = driver_.ring(queue_);
    ring.offer(driver_.has(k_indirect_desc) && random_.one_in(2)
                   ? ring.place_indirect(pieces, table_)
                   : ring.place(pieces));
    driver_.notify(queue_);
    if (!driver_.wait(queue_)) {
        return Answer::none;
    }
    return peek<std::uint8_t>(status_);
}

Wrong Check::write_and_read(std::uint64_t first, std::uint64_t capacity)
{
    const auto sectors = static_cast<std::uint32_t>(random_.between(1, k_most / k_sector));
    const auto sector  = random_.between(first, capacity - sectors);
    const auto size    = sectors * k_sector;
    const auto key     = random_.next() | 1;
    for (std::uint32_t i = 0; i < size; i += 8) {
        poke(data_ + i, key * (i + 1));
    }
    if (ask(Request::out, sector, size, false) != Answer::good) {
        return "a write failed";
    }
    fill(data_, size + 16, 0xee);
    if (ask(Request::in, sector, size, true) != Answer::good) {
        return "a read failed";
    }
    for (std::uint32_t i = 0; i < size; i += 8) {
        if (peek<std::uint64_t>(data_ + i) != key * (i + 1)) {
            return "what was read is not what was written";
        }
    }
    for (std::uint32_t i = size; i < size + 16; ++i) {
        if (bytes_at(data_)[i] != 0xee) {
            return "a read wrote behind its buffer";
        }
    }
    return nullptr;
}

Wrong Check::extras(std::uint64_t sector, std::uint64_t capacity)
{
    const Window& window = driver_.window();
    if (driver_.has(k_blk_size) && window.config32(20) % k_sector != 0) {
        return "blk_size is no multiple of 512";
    }
    if (ask(Request::in, capacity, k_sector, true) != Answer::io_error) {
        return "a read beyond the end was no error";
    }
    const auto flushed = ask(Request::flush, 0, 0, false);
    if (flushed != (driver_.has(k_flush) ? Answer::good : Answer::unsupported)) {
        return "a flush was answered wrongly";
    }
    fill(data_, 32, 0xee);
    if (ask(Request::get_id, 0, 20, true) != Answer::good || bytes_at(data_)[20] != 0xee) {
        return "GET_ID failed";
    }
    if (driver_.has(k_config_wce)) {
        *bytes_at(window.base + Register::config + 32) = 0; // write through
        if (window.config8(32) != 0) {
            return "the cache mode cannot be changed";
        }
        if (!read_only_) {
            if (const Wrong wrong = write_and_read(sector, capacity)) {
                return wrong;
            }
        }
    }
    if (read_only_) {
        return nullptr;
    }
    struct Range {
        std::uint64_t sector;
        std::uint32_t sectors;
        std::uint32_t flags;
    };
    poke(data_, Range{sector, 1, 0});
    const auto zeroed = ask(Request::write_zeroes, 0, sizeof(Range), false);
    if (zeroed != (driver_.has(k_write_zeroes) ? Answer::good : Answer::unsupported)) {
        return "WRITE_ZEROES was answered wrongly";
    }
    if (driver_.has(k_write_zeroes)) {
        if (ask(Request::in, sector, k_sector, true) != Answer::good ||
            peek<std::uint64_t>(data_) != 0 || peek<std::uint64_t>(data_ + 504) != 0) {
            return "WRITE_ZEROES wrote no zeroes";
        }
    }
    return nullptr;
}

Wrong Check::run(std::uint64_t first_sector)
{
    const Window& window   = driver_.window();
    const auto    capacity = window.config64(0);
    if (capacity < first_sector + 16) {
        return "the disk is too small";
    }
    const unsigned queues = driver_.has(k_mq) ? window.config16(34) : 1;
    if (queues == 0 || queues > 8) {
        return "the number of queues is none";
    }
    for (unsigned i = 0; i < queues; ++i) {
        if (driver_.add_queue(i, 16, memory_.take(Ring::bytes(16))) == nullptr) {
            return "a queue is missing";
        }
    }
    if (!driver_.start()) {
        return "it does not start";
    }
    for (queue_ = 0; queue_ < queues; ++queue_) {
        if (read_only_) {
            if (ask(Request::out, first_sector, k_sector, false) != Answer::io_error) {
                return "a write to a read-only disk was no error";
            }
            if (ask(Request::in, first_sector, k_sector, true) != Answer::good) {
                return "a read failed";
            }
        } else if (const Wrong wrong = write_and_read(first_sector, capacity)) {
            return wrong;
        }
    }
    queue_ = static_cast<std::uint32_t>(random_.below(queues));
    if (const Wrong wrong = extras(first_sector, capacity)) {
        return wrong;
    }
    const auto read = [&] {
        return ask(Request::in, first_sector, k_sector, true) == Answer::good;
    };
    if (const Wrong wrong = check_notifications(driver_, driver_.ring(queue_), read)) {
        return wrong;
    }
    if (driver_.has(k_ring_reset)) {
        if (const Wrong wrong = reset_queue(driver_, queue_, memory_.take(Ring::bytes(16)))) {
            return wrong;
        }
        return read() ? nullptr : "nothing is answered after a queue's reset";
    }
    return nullptr;
}

} // namespace

Wrong check_block(Driver& driver, Random& random, Scratch memory, std::uint64_t first_sector)
{
    return Check{driver, random, memory}.run(first_sector);
}

} // namespace guest
