// SPDX-License-Identifier: BSD-2-Clause
// Writes blocks of its own partition and reads them again, and looks at the memory around the
// hostile guest's RAM. It must notice nothing. Every now and then it says so.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/block.hpp"
#include "sddf/config.hpp"
#include "sddf/serial.hpp"
#include "sddf/timer.hpp"

#include <array>
#include <span>
#include <string_view>

// Written by the image tool.
std::uint64_t before;
std::uint64_t after;
std::uint64_t region_size;

SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig serial;
SDDF_CONFIG(".blk_client_config") sddf::block::ClientConfig blk;
SDDF_CONFIG(".timer_client_config") sddf::timer::ClientConfig timer;

namespace {

constexpr std::uint64_t k_pause   = 100'000'000; // ns between two rounds
constexpr unsigned      k_tell    = 10;          // rounds
constexpr std::uint64_t k_pattern = 0x5ec4'e75e'c4e7'5ec4;

constinit sddf::serial::Producer        output;
constinit sddf::block::RequestProducer  requests;
constinit sddf::block::ResponseConsumer responses;

constinit std::uint64_t rounds  = 0;
constinit std::uint64_t wrongs  = 0;
constinit bool          reading = false;
constinit bool          busy    = false;

void put(char c) { (void)output.write(std::as_bytes(std::span{&c, 1})); }

template <class... Pieces>
void say(const Pieces&... pieces)
{
    base::print(put, "witness: ", pieces..., "\n");
    if (output.publish()) {
        microkit::Channel{serial.tx.id}.notify();
    }
}

void wrong(std::string_view what)
{
    ++wrongs;
    say("WRONG: ", what, " in round ", rounds);
}

std::span<std::uint64_t> words(std::uint64_t at, std::uint64_t size)
{
    return {reinterpret_cast<std::uint64_t*>(at), size / sizeof(std::uint64_t)};
}

void check_memory()
{
    for (const auto at : {before, after}) {
        for (const auto& word : words(at, region_size)) {
            if (__atomic_load_n(&word, __ATOMIC_RELAXED) != k_pattern) {
                wrong("memory beside the guest's RAM has changed");
                return;
            }
        }
    }
}

const sddf::block::StorageInfo& info()
{
    return *reinterpret_cast<const sddf::block::StorageInfo*>(blk.virt.storage_info.vaddr);
}

void sleep()
{
    microkit::set_message_word(0, k_pause);
    (void)microkit::Channel{timer.driver_id}.call(microkit::MessageInfo::create(
        static_cast<std::uint64_t>(sddf::timer::Request::set_timeout), 1));
}

/// What a word of this round's block is.
std::uint64_t word_of(std::size_t index) { return (rounds + 1) * 0x9e37'79b9'7f4a'7c15 + index; }

void ask(sddf::block::Code code)
{
    using namespace sddf::block;
    // The lower half stays as it is; the test looks at it from outside.
    const auto half = info().capacity / 2;
    (void)requests.push({.code         = code,
                         .io_or_offset = code == Code::read ? k_block_size : 0U,
                         .block_number = half + rounds % half,
                         .count        = 1,
                         .id           = static_cast<std::uint32_t>(rounds)});
    if (requests.publish()) {
        microkit::Channel{blk.virt.id}.notify();
    }
}

void begin_round()
{
    if (busy || !info().is_ready()) {
        sleep();
        return;
    }
    const auto data = words(blk.data.vaddr, sddf::block::k_block_size);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = word_of(i);
    }
    busy    = true;
    reading = false;
    ask(sddf::block::Code::write);
}

void end_round()
{
    const auto data = words(blk.data.vaddr + sddf::block::k_block_size, sddf::block::k_block_size);
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (data[i] != word_of(i)) {
            wrong("what was read from the disk is not what was written");
            break;
        }
    }
    check_memory();
    busy = false;
    if (++rounds % k_tell == 0) {
        if (wrongs == 0) {
            say(rounds, " rounds, all is well");
        } else {
            say(rounds, " rounds, ", wrongs, " wrong");
        }
    }
    sleep();
}

void take_response()
{
    while (const auto response = responses.pop()) {
        if (!busy || response->id != static_cast<std::uint32_t>(rounds)) {
            wrong("a response to nothing");
        } else if (response->status != sddf::block::Status::ok) {
            wrong("a request failed");
            end_round();
        } else if (reading) {
            end_round();
        } else {
            reading = true;
            ask(sddf::block::Code::read);
        }
    }
    (void)responses.release();
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial));
    require(sddf::check(blk));
    require(sddf::check(timer));
    require(output.open(serial.tx.queue.bytes(), serial.tx.data.bytes()));
    require(requests.open(blk.virt.req_queue.bytes(), blk.virt.num_buffers));
    require(responses.open(blk.virt.resp_queue.bytes(), blk.virt.num_buffers));
    for (const auto at : {before, after}) {
        for (auto& word : words(at, region_size)) {
            word = k_pattern;
        }
    }
    sleep();
}

void notified(microkit::Channel channel)
{
    if (channel.id() == timer.driver_id) {
        begin_round();
    } else if (channel.id() == blk.virt.id) {
        take_response();
    }
}
