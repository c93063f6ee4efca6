// SPDX-License-Identifier: BSD-2-Clause
// The other end of an sDDF block link for tests: a virtualiser with a disk in memory, which answers
// when told, in any order, and throws where a client breaks the protocol.
#pragma once

#include "backend/doorbell.hpp"
#include "sddf/block.hpp"

#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

namespace kit {

class FakeBlockServer final : public backend::Doorbell {
public:
    using Request = sddf::block::Request;
    using Status  = sddf::block::Status;
    using Code    = sddf::block::Code;

    static constexpr std::uint32_t k_block = sddf::block::k_block_size;

    /// `data_blocks` of data region, unless `data` is memory of the test's own.
    FakeBlockServer(std::uint64_t blocks, std::uint16_t capacity, std::size_t data_blocks,
                    std::span<std::byte> data = {})
        : content(blocks * k_block)
        , own_data_(data.empty() ? data_blocks * k_block + k_block : 0)
        , request_memory_(sddf::block::RequestProducer::bytes_for(capacity) / 8 + 1)
        , response_memory_(sddf::block::ResponseProducer::bytes_for(capacity) / 8 + 1)
        , capacity_{capacity}
    {
        data_            = data.empty() ? aligned(own_data_).first(data_blocks * k_block) : data;
        info.capacity    = blocks;
        info.sector_size = 512;
        std::strcpy(info.serial_number.data(), "fake block server");
        info.set_ready(true);
        if (!requests_.open(bytes(request_memory_), capacity) ||
            !responses_.open(bytes(response_memory_), capacity)) {
            throw std::logic_error("FakeBlockServer");
        }
    }

    /// The section that a client of this would have.
    [[nodiscard]] sddf::block::ClientConfig config()
    {
        const auto region = [](std::span<std::byte> it) {
            return sddf::Region{reinterpret_cast<std::uint64_t>(it.data()), it.size()};
        };
        sddf::block::ClientConfig it{};
        it.magic             = sddf::magic_of(sddf::Class::block);
        it.virt.storage_info = region(std::as_writable_bytes(std::span{&info, 1}));
        it.virt.req_queue    = region(bytes(request_memory_));
        it.virt.resp_queue   = region(bytes(response_memory_));
        it.virt.num_buffers  = capacity_;
        it.data              = region(data_);
        return it;
    }

    void ring() override { ++rings; }

    /// Looks at what the client asks for.
    void collect()
    {
        while (const auto request = requests_.pop()) {
            check(*request);
            pending.push_back(*request);
            if (pending.size() + answered_ > capacity_) {
                throw std::logic_error("more requests outstanding than the queue holds");
            }
        }
        requests_.release();
    }
    /// Does one of what is pending.
    void answer(std::size_t index, Status status = Status::ok)
    {
        const Request request = pending.at(index);
        pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(index));
        log.push_back(request);
        if (status == Status::ok) {
            execute(request);
        }
        if (!responses_.push(
                {.status        = status,
                 .success_count = status == Status::ok ? request.count : std::uint16_t{0},
                 .id            = request.id})) {
            throw std::logic_error("no room for a response");
        }
        ++answered_;
    }
    /// Shows the answers; then the client is to be notified.
    void publish()
    {
        responses_.publish();
        answered_ = 0;
    }

    std::vector<char>        content;
    sddf::block::StorageInfo info{};
    std::vector<Request>     pending;
    std::vector<Request>     log;
    unsigned                 rings = 0;

    [[nodiscard]] std::span<std::byte> data() { return data_; }
    [[nodiscard]] std::span<std::byte> response_bytes() { return bytes(response_memory_); }
    sddf::block::ResponseProducer&     responses() { return responses_; }

private:
    using Words = std::vector<std::uint64_t>;
    static std::span<std::byte> bytes(Words& words)
    {
        return std::as_writable_bytes(std::span{words});
    }
    static std::span<std::byte> aligned(std::vector<std::byte>& memory)
    {
        const auto at = reinterpret_cast<std::uintptr_t>(memory.data());
        return std::span{memory}.subspan((k_block - at % k_block) % k_block);
    }
    void check(const Request& request) const
    {
        if (request.code == Code::flush || request.code == Code::barrier) {
            return;
        }
        const std::uint64_t size = std::uint64_t{request.count} * k_block;
        if (request.code > Code::barrier || request.count == 0 ||
            request.io_or_offset % k_block != 0 || request.io_or_offset > data_.size() ||
            size > data_.size() - request.io_or_offset ||
            request.block_number * k_block > content.size() ||
            size > content.size() - request.block_number * k_block) {
            throw std::logic_error("a request that the virtualiser would refuse");
        }
    }
    void execute(const Request& request)
    {
        char* const      at   = content.data() + request.block_number * k_block;
        const auto       size = std::size_t{request.count} * k_block;
        std::byte* const data = data_.data() + request.io_or_offset;
        if (request.code == Code::read) {
            std::memcpy(data, at, size);
        } else if (request.code == Code::write) {
            std::memcpy(at, data, size);
        }
    }

    std::vector<std::byte>        own_data_;
    std::span<std::byte>          data_;
    Words                         request_memory_;
    Words                         response_memory_;
    std::uint16_t                 capacity_;
    std::size_t                   answered_ = 0;
    sddf::block::RequestConsumer  requests_;
    sddf::block::ResponseProducer responses_;
};

} // namespace kit
