// SPDX-License-Identifier: BSD-2-Clause
// A disk in memory for tests: at once, or when told and in any order; and the requests of a driver.
#pragma once

#include "kit/fake_driver.hpp"
#include "virtio/disk.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kit {

class FakeDisk final : public virtio::Disk {
public:
    using Operation = virtio::DiskJob::Operation;

    explicit FakeDisk(std::uint64_t sectors)
        : content(sectors * virtio::k_sector_size)
    {
        what.sectors      = sectors;
        what.write_zeroes = true;
        std::ranges::copy(std::string_view{"kit-disk"}, what.id.begin());
    }

    [[nodiscard]] Info info() const override { return what; }
    void               connect(virtio::DiskClient& it) override { client = &it; }
    bool               start(virtio::DiskJob& job) override
    {
        if (jobs.size() == capacity) {
            return false;
        }
        if (at_once) {
            client->done(job, execute(job));
        } else {
            jobs.push_back(&job);
        }
        return true;
    }
    void kick() override { ++kicks; }

    /// Finishes the job at a place of the list; the batch goes on.
    void finish(std::size_t index = 0)
    {
        virtio::DiskJob& job = *jobs.at(index);
        jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(index));
        client->done(job, execute(job));
    }
    void finish_all()
    {
        while (!jobs.empty()) {
            finish(jobs.size() - 1);
        }
        client->batch_done();
    }

    Info                          what{};
    std::vector<char>             content;
    std::vector<virtio::DiskJob*> jobs;
    std::vector<Operation>        log;
    std::size_t                   capacity = 64;
    bool                          at_once  = true;
    bool                          broken   = false;
    unsigned                      kicks    = 0;
    virtio::DiskClient*           client   = nullptr;

private:
    bool execute(virtio::DiskJob& job)
    {
        if (job.abandoned) {
            return false;
        }
        log.push_back(job.operation);
        if (broken) {
            return false;
        }
        const auto at   = job.sector * virtio::k_sector_size;
        const auto size = job.sectors * virtio::k_sector_size;
        if (at > content.size() || size > content.size() - at) {
            throw std::out_of_range("FakeDisk");
        }
        const auto bytes = std::as_writable_bytes(std::span{content}).subspan(at, size);
        switch (job.operation) {
        case Operation::read:
            return job.to.write(bytes);
        case Operation::write:
            return job.from.read(bytes);
        case Operation::write_zeroes:
        case Operation::discard:
            std::ranges::fill(bytes, std::byte{0});
            return true;
        case Operation::flush:
            return true;
        }
        return false;
    }
};

} // namespace kit
