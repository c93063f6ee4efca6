// SPDX-License-Identifier: BSD-2-Clause
// The block device: many requests in flight, a busy disk, resets in the middle.
#include "block_fixture.hpp"

namespace {

using namespace block_test;

TEST_F(VirtioBlock, ManyInFlightAndDoneInAnyOrder)
{
    disk.at_once = false;
    start();
    fill_disk();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 10; ++i) { // more than slots
        requests.push_back(add(k_in, i, 512));
    }
    disk.kicks = 0;
    driver.notify(0);
    EXPECT_EQ(disk.jobs.size(), 8u);
    EXPECT_EQ(disk.kicks, 1u);
    disk.finish(5);
    disk.finish(0);
    EXPECT_FALSE(rings[0]->used()); // a batch is told at its end
    disk.client->batch_done();
    EXPECT_EQ(rings[0]->used()->id, requests[5].head);
    EXPECT_EQ(rings[0]->used()->id, requests[0].head);
    EXPECT_EQ(disk.jobs.size(), 8u);
    disk.finish_all();
    disk.finish_all();
    for (std::uint32_t i = 0; i < 10; ++i) {
        EXPECT_EQ(answer(requests[i]), k_ok);
        EXPECT_EQ(ram.text(requests[i].data, 512), on_disk(i, 512));
    }
    EXPECT_EQ(device.in_flight(), 0u);
}

TEST_F(VirtioBlock, ABusyDiskIsAskedAgain)
{
    disk.at_once  = false;
    disk.capacity = 2;
    start();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 9; ++i) {
        requests.push_back(add(i % 3 == 0 ? k_in : k_flush, i, i % 3 == 0 ? 512 : 0, 4096, i & 1));
        driver.notify(i & 1);
    }
    for (int i = 0; i < 12; ++i) {
        disk.finish_all();
    }
    for (const auto& request : requests) {
        EXPECT_EQ(answer(request), k_ok);
    }
}

TEST_F(VirtioBlock, ABusyDiskLosesNoFlushOfAWriteThroughCache)
{
    disk.at_once  = false;
    disk.capacity = 1;
    start(0);
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 5; ++i) {
        requests.push_back(add(k_out, i, 512));
    }
    driver.notify(0);
    for (int i = 0; i < 12; ++i) {
        disk.finish_all();
    }
    for (const auto& request : requests) {
        EXPECT_EQ(answer(request), k_ok);
    }
    EXPECT_EQ(std::ranges::count(disk.log, Operation::flush), 5);
}

TEST_F(VirtioBlock, LargeRequestsWaitForTheirRoom)
{
    disk.at_once = false;
    start();
    fill_disk();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 5; ++i) {
        requests.push_back(add(k_in, i, 10 * 512, 512)); // 12 segments each
    }
    driver.notify(0);
    EXPECT_EQ(disk.jobs.size(), 2u);
    for (int i = 0; i < 4; ++i) {
        disk.finish_all();
    }
    for (std::uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(answer(requests[i]), k_ok);
        EXPECT_EQ(ram.text(requests[i].data, 5120), on_disk(i, 5120));
    }
}

TEST_F(VirtioBlock, 2_4_AResetWaitsForTheDiskAndTouchesNothing)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto request = add(k_in, 0, 512);
    driver.notify(0);
    driver.write(kit::Mmio::status, 0);
    EXPECT_NE(driver.status(), 0u);
    disk.finish_all();
    EXPECT_EQ(driver.status(), 0u);
    EXPECT_EQ(answer(request), k_unanswered);
    EXPECT_EQ(ram.text(request.data, 4), std::string(4, '\0'));
    EXPECT_FALSE(rings[0]->used());
    start();
    disk.at_once = true;
    EXPECT_EQ(run(k_in, 0, 512), k_ok);
}

TEST_F(VirtioBlock, 2_4_ADriverThatDoesNotWaitForTheResetIsServed)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto old = add(k_in, 0, 512);
    driver.notify(0);
    start();
    const auto fresh = add(k_in, 1, 512);
    driver.notify(0);
    disk.finish_all();
    EXPECT_EQ(answer(old), k_unanswered);
    EXPECT_EQ(answer(fresh), k_ok);
    EXPECT_EQ(rings[0]->used()->id, fresh.head);
    EXPECT_FALSE(rings[0]->used());
}

TEST_F(VirtioBlock, 2_6_1_AQueueResetWaitsForItsRequestsOnly)
{
    disk.at_once = false;
    start();
    const auto first  = add(k_in, 0, 512, 4096, 0);
    const auto second = add(k_in, 1, 512, 4096, 1);
    driver.notify(0);
    driver.notify(1);
    driver.write(kit::Mmio::queue_sel, 1);
    driver.write(kit::Mmio::queue_reset, 1);
    EXPECT_EQ(driver.read(kit::Mmio::queue_reset), 1u);
    disk.finish(1);
    EXPECT_EQ(driver.read(kit::Mmio::queue_reset), 0u);
    disk.finish_all();
    EXPECT_EQ(answer(first), k_ok);
    EXPECT_EQ(answer(second), k_unanswered);
}

TEST_F(VirtioBlock, 2_1_2_AfterAnErrorNothingIsTouched)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto request = add(k_in, 0, 512);
    driver.notify(0);
    rings[0]->add({to_device(ram.allocate(16), 15), from_device(ram.allocate(1), 1)});
    driver.notify(0); // a header that is too short
    EXPECT_TRUE(driver.needs_reset());
    disk.finish_all();
    EXPECT_EQ(answer(request), k_unanswered);
    EXPECT_EQ(ram.text(request.data, 4), std::string(4, '\0'));
}

TEST_F(VirtioBlock, 5_2_6_ARequestWithoutRoomForAnAnswer)
{
    start();
    rings[0]->add({to_device(ram.allocate(32), 32)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(device.last_fault(), virtio::Fault::request);
    EXPECT_EQ(device.in_flight(), 0u);
}

TEST_F(VirtioBlock, 5_2_5_ADiskOfAnotherSizeIsTold)
{
    start();
    disk.what.sectors = 100;
    device.disk_changed();
    EXPECT_EQ(driver.config<std::uint64_t>(0), 100u);
    EXPECT_EQ(driver.read(kit::Mmio::interrupt_status), 2u);
    EXPECT_EQ(run(k_in, 100, 512), k_io_error);
}

} // namespace
