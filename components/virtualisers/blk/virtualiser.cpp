// SPDX-License-Identifier: BSD-2-Clause
// Block virtualiser: partitions of one disk for clients that do not trust each other.
//
// A client names blocks of its partition and bytes of its data region; both are checked before the
// driver sees the disk's blocks and the device's addresses. Nothing here waits: the table is read
// one event after the other, and requests stay in their rings until there is room for them.
#include "books.hpp"
#include "table_reader.hpp"

#include "arch/cache.hpp"
#include "base/checked.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"

#include <algorithm>

SDDF_CONFIG(".blk_virt_config") sddf::block::VirtConfig blk_config;

constinit blk_virt::Memory blk_virt::memory;

namespace {

using blk_virt::Books;
using blk_virt::Partition;
using blk_virt::TableReader;
using sddf::block::Code;
using sddf::block::k_block_size;
using sddf::block::Request;
using sddf::block::Status;
using sddf::block::StorageInfo;

/// A client, and what it may do.
struct Client {
    sddf::block::RequestConsumer  requests;
    sddf::block::ResponseProducer responses;
    Partition                     partition;
    bool                          is_served = false; ///< its partition is good
};

auto& in_flight = blk_virt::memory.in_flight;
auto& books     = blk_virt::memory.books;
auto& journal   = blk_virt::memory.journal;

/// Looks at a driver that is not ready yet. sDDF has no notification for that; most drivers are
/// soon.
constexpr unsigned k_patience = 1'000'000;

/// Who asks when the virtualiser itself does: no client.
constexpr std::uint16_t k_self = sddf::k_max_clients;

sddf::block::RequestProducer            to_driver;
sddf::block::ResponseConsumer           from_driver;
std::array<Client, sddf::k_max_clients> clients;
unsigned                                next           = 0; ///< whose turn it is
std::uint32_t                           most_in_flight = 0;
bool                                    is_disk_known  = false;
TableReader                             reader;
std::optional<std::uint32_t>            reading; ///< id of the request for the table

unsigned client_count() { return static_cast<unsigned>(blk_config.num_clients); }

StorageInfo& info_of(const sddf::block::Connection& connection)
{
    return *reinterpret_cast<StorageInfo*>(connection.storage_info.vaddr);
}

/// As one change: what the driver and the clients get, and what is written down.
void show()
{
    journal.stage(to_driver);
    journal.stage(from_driver);
    for (unsigned i = 0; i < client_count(); ++i) {
        journal.stage(clients[i].requests);
        journal.stage(clients[i].responses);
    }
    journal.commit();
    (void)from_driver.release();
    const bool has_new = to_driver.publish();
    for (unsigned i = 0; i < client_count(); ++i) {
        (void)clients[i].requests.release();
        if (clients[i].responses.publish()) {
            microkit::Channel{blk_config.clients[i].connection.id}.notify();
        }
    }
    journal.done();
    if (has_new) {
        microkit::Channel{blk_config.driver.connection.id}.notify_at_end();
    }
}

/// Before each request or answer: a long event is shown in parts.
void make_room()
{
    if (!journal.has_room(Books::k_note + blk_virt::InFlight::k_note)) {
        show();
    }
}

void answer(unsigned client, std::uint32_t id, Status status, std::uint16_t count = 0)
{
    // There is room: a request is taken only when there is.
    (void)clients[client].responses.push({.status = status, .success_count = count, .id = id});
}

bool is_allowed(const Client& client, const sddf::Region& data, const Request& request)
{
    const auto bytes = std::uint64_t{request.count} * k_block_size;
    return request.count != 0 && (request.code != Code::write || !client.partition.read_only) &&
           base::range_fits<std::uint64_t>(request.block_number, request.count,
                                           client.partition.blocks) &&
           base::is_aligned<std::uint64_t>(request.io_or_offset, k_block_size) &&
           base::range_fits(request.io_or_offset, bytes, data.size);
}

/// Sends blocks of a client's request, from `first` on; `id` of the entry is the client's, or that
/// of its Large.
void send(unsigned number, const Request& request, std::uint16_t first, std::uint16_t count,
          std::uint32_t id, bool is_part)
{
    const auto& config = blk_config.clients[number];
    const auto  offset = request.io_or_offset + std::uint64_t{first} * k_block_size;
    Request     out{.code = request.code, .count = count};
    if (count != 0) {
        // Before a read, too: a line that is written back later would spoil what the device wrote.
        arch::clean_data_cache(config.data.region.bytes().data() + offset,
                               std::size_t{count} * k_block_size);
        out.io_or_offset = config.data.io_addr + offset;
        out.block_number = clients[number].partition.start + request.block_number + first;
    }
    out.id = in_flight.add({.client  = static_cast<std::uint16_t>(number),
                            .count   = count,
                            .id      = id,
                            .offset  = offset,
                            .is_read = request.code == Code::read,
                            .is_part = is_part},
                           journal);
    (void)to_driver.push(out);
}

/// The next part of a client's large request. False: it has too many of them under way.
bool send_part(unsigned number)
{
    const auto part = books[number].next_part(journal);
    if (part) {
        send(number, part->request, part->first, part->count, part->number, true);
    }
    return part.has_value();
}

void forward(unsigned number, const Request& request)
{
    auto&       book    = books[number];
    const auto& client  = clients[number];
    const bool  is_data = request.code == Code::read || request.code == Code::write;
    if (!client.is_served) {
        answer(number, request.id, Status::no_device);
        return;
    }
    if (is_data ? !is_allowed(client, blk_config.clients[number].data.region, request)
                : request.code != Code::flush && request.code != Code::barrier) {
        answer(number, request.id, Status::invalid_parameter);
        return;
    }
    if (!is_data || request.count <= blk_virt::k_part) {
        book.add();
        send(number, request, 0, is_data ? request.count : std::uint16_t{0}, request.id, false);
        return;
    }
    book.begin(request, journal);
    (void)send_part(number);
}

bool has_room_at_driver() { return in_flight.size() < most_in_flight && to_driver.space() != 0; }

/// How many requests a client may have at the driver: all, or its share where others want some.
std::uint32_t share()
{
    std::uint32_t wanting = 0;
    for (unsigned i = 0; i < client_count(); ++i) {
        const bool wants = in_flight.of_client(i) != 0 || clients[i].requests.available() != 0 ||
                           books[i].has_part();
        wanting += wants ? 1U : 0U;
    }
    return std::max(1U, most_in_flight / std::max(1U, wanting));
}

/// One request of a client, or part of one, if it has one and may; `left` counts down the requests.
/// True: it was taken.
bool serve(unsigned number, std::uint32_t most, std::uint32_t& left)
{
    auto& client = clients[number];
    auto& book   = books[number];
    if (in_flight.of_client(number) >= most) {
        return false;
    }
    make_room();
    if (book.has_part()) {
        return send_part(number);
    }
    // No more under way than answers fit: who does not take its answers is not served.
    if (left == 0 || client.responses.space() <= book.unanswered()) {
        return false;
    }
    const auto request = client.requests.pop();
    if (!request) {
        return false;
    }
    --left;
    forward(number, *request);
    return true;
}

void serve_clients()
{
    // What is there now, and no more: what comes meanwhile has a notification of its own.
    std::array<std::uint32_t, sddf::k_max_clients> left{};
    for (unsigned i = 0; i < client_count(); ++i) {
        left[i] = clients[i].requests.available();
    }
    const auto most = share();
    for (unsigned idle = 0; idle < client_count() && has_room_at_driver();) {
        const bool wants = left[next] != 0 || books[next].has_part();
        idle             = wants && serve(next, most, left[next]) ? 0 : idle + 1;
        next             = (next + 1) % client_count();
    }
}

void take_answers()
{
    for (auto left = from_driver.available(); left != 0; --left) {
        make_room();
        const auto response = from_driver.pop();
        if (!response) {
            break;
        }
        const auto entry = in_flight.take(response->id, journal);
        if (!entry) {
            continue; // nobody's: an answer that came twice
        }
        if (reading == response->id) {
            reading.reset();
            arch::clean_invalidate_data_cache(blk_config.driver.data.region.bytes().data(),
                                              std::size_t{entry->count} * k_block_size);
            reader.answer(response->status);
            continue;
        }
        if (entry->client >= client_count()) {
            continue;
        }
        if (entry->is_read) {
            arch::clean_invalidate_data_cache(
                blk_config.clients[entry->client].data.region.bytes().data() + entry->offset,
                std::size_t{entry->count} * k_block_size);
        }
        auto& book = books[entry->client];
        if (entry->is_part) {
            const auto done = book.finish_part(entry->id, entry->count, response->status, journal);
            if (done) {
                answer(entry->client, done->id, done->status, done->success_count);
            }
            continue;
        }
        book.remove();
        const bool fine = response->status == Status::ok;
        answer(entry->client, entry->id, response->status,
               fine ? entry->count : std::min(response->success_count, entry->count));
    }
}

void open_partitions()
{
    const auto& disk = info_of(blk_config.driver.connection);
    for (unsigned i = 0; i < client_count(); ++i) {
        const auto& config = blk_config.clients[i];
        const auto  found  = reader.table().partition(config.partition);
        if (!found) {
            microkit::debug_print(microkit::name(), ": client ", i, ": ", found.error().what, " (",
                                  found.error().value, "); ", found.error().hint, '\n');
            continue;
        }
        clients[i].partition           = *found;
        clients[i].partition.read_only = found->read_only || disk.read_only != 0;
        clients[i].is_served           = true;
        auto& info                     = info_of(config.connection);
        info.sector_size               = disk.sector_size;
        info.read_only                 = clients[i].partition.read_only ? 1 : 0;
        info.capacity                  = found->blocks;
        info.set_ready(true);
    }
}

/// A step towards knowing the disk. Nothing is served before.
void learn_about_disk()
{
    const auto& driver = blk_config.driver;
    if (!is_disk_known) {
        const auto& disk = info_of(driver.connection);
        if (!disk.is_ready()) {
            return; // an event will come
        }
        is_disk_known = true;
        reader        = TableReader{driver.data.region.bytes(), driver.data.io_addr, disk.capacity};
    }
    if (!reader.is_over() && !reading && has_room_at_driver()) {
        auto request = reader.request();
        reading      = in_flight.add({.client  = k_self,
                                      .count   = request.count,
                                      .id      = 0,
                                      .offset  = 0,
                                      .is_read = true,
                                      .is_part = false},
                                     journal);
        request.id   = *reading;
        (void)to_driver.push(request);
    }
}

void run()
{
    const bool was_over = reader.is_over();
    take_answers();
    if (!reader.is_over() || !is_disk_known) {
        learn_about_disk();
    }
    if (is_disk_known && reader.is_over()) {
        if (!was_over) {
            if (reader.state() == TableReader::State::done) {
                open_partitions();
            } else {
                microkit::debug_print(microkit::name(), ": ", reader.error().what, "; ",
                                      reader.error().hint, '\n');
            }
        }
        serve_clients();
    }
    show();
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(blk_config));
    blk_virt::memory.recover();
    const auto& driver = blk_config.driver.connection;
    require(to_driver.open(driver.req_queue.bytes(), driver.num_buffers));
    require(from_driver.open(driver.resp_queue.bytes(), driver.num_buffers));
    most_in_flight = std::min(blk_virt::InFlight::k_slots,
                              sddf::safe_outstanding<std::uint32_t>(driver.num_buffers));
    if (blk_config.driver.data.region.size < k_block_size ||
        driver.storage_info.size < sizeof(StorageInfo)) {
        microkit::panic("the region for partition tables or for storage information is too small");
    }
    for (unsigned i = 0; i < client_count(); ++i) {
        const auto& connection = blk_config.clients[i].connection;
        clients[i]             = {};
        require(clients[i].requests.open(connection.req_queue.bytes(), connection.num_buffers));
        require(clients[i].responses.open(connection.resp_queue.bytes(), connection.num_buffers));
        if (connection.storage_info.size < sizeof(StorageInfo)) {
            microkit::panic("a client's region for storage information is too small");
        }
    }
    next          = 0;
    is_disk_known = false;
    reader        = {};
    reading.reset();
    for (unsigned i = 0; i < k_patience && !info_of(driver).is_ready(); ++i) {
    }
    run();
    // Before a restart a counter may have moved without a notification.
    for (unsigned i = 0; i < client_count(); ++i) {
        microkit::Channel{blk_config.clients[i].connection.id}.notify();
    }
    microkit::Channel{driver.id}.notify();
}

void notified(microkit::Channel) { run(); }
