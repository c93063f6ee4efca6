// SPDX-License-Identifier: BSD-2-Clause
// The block virtualiser between a hostile client and a hostile driver; or with a good driver, which
// looks at what it is asked, and a good client, which is served whatever the other one does.
#include "component.hpp"

#include "virtualisers/blk/books.hpp"

#include <array>

extern sddf::block::VirtConfig blk_config;

namespace {

using sddf::block::k_block_size;
using sddf::block::Request;

constexpr std::uint64_t k_blocks = 8; ///< of a partition

struct System {
    explicit System(bool good_driver)
        : has_good_driver{good_driver}
    {
        blk_virt::memory          = {};
        blk_config                = {};
        blk_config.magic          = sddf::magic_of(sddf::Class::block);
        blk_config.num_clients    = 2;
        blk_config.driver         = {driver.connection(0), fuzz::with_device(table)};
        driver.storage().capacity = 8 + 2 * k_blocks;
        component.share(clients[0]);
        for (std::uint8_t i = 0; i < 2; ++i) {
            blk_config.clients[i] = {clients[i].connection(static_cast<std::uint8_t>(1 + i)),
                                     fuzz::with_device(data[i]), i};
            // A partition table with two entries.
            auto* const      entry = table.bytes().data() + 446 + 16 * std::size_t{i};
            const std::array words = {static_cast<std::uint32_t>(8 * (8 + i * k_blocks)),
                                      static_cast<std::uint32_t>(8 * k_blocks)};
            entry[4]               = std::byte{0x83};
            std::memcpy(entry + 8, words.data(), 8);
        }
        table.bytes()[510] = std::byte{0x55};
        table.bytes()[511] = std::byte{0xaa};
        if (!has_good_driver) {
            component.share(driver);
            component.share(table.bytes());
        }
        driver.storage().set_ready(true);
        component.start();
        answer(); // the table has been read
    }

    /// As a good driver does: nothing outside of a client's partition and memory.
    static void check(const Request& request)
    {
        if (request.code > sddf::block::Code::write) {
            return;
        }
        const auto size = std::uint64_t{request.count} * k_block_size;
        bool       good = false;
        for (unsigned i = 0; i < 2; ++i) {
            const auto& region = blk_config.clients[i].data;
            const auto  start  = 8 + i * k_blocks;
            good = good || (request.io_or_offset - region.io_addr <= region.region.size &&
                            size <= region.region.size - (request.io_or_offset - region.io_addr) &&
                            request.block_number >= start &&
                            request.block_number + request.count <= start + k_blocks);
        }
        fuzz::require(good);
    }
    void answer()
    {
        for (const auto& request : driver.take_requests()) {
            if (has_good_driver && seen_table) {
                check(request);
            }
            seen_table = true;
            (void)driver.answer({.success_count = request.count, .id = request.id});
        }
        component.event(0);
    }

    bool                          has_good_driver;
    bool                          seen_table = false;
    fuzz::Component               component;
    kit::BlockLink                driver{8};
    kit::Memory                   table{4096};
    std::array<kit::BlockLink, 2> clients{kit::BlockLink{4}, kit::BlockLink{4}};
    std::array<kit::Memory, 2> data{kit::Memory{2 * k_block_size}, kit::Memory{2 * k_block_size}};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input{bytes, size};
    System      system{(input.take(1) & 1) != 0};
    while (!input.ended()) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
        case 1:
            system.component.scribble(input);
            break;
        case 2:
        case 3:
            (void)system.clients[0].ask({.code = static_cast<sddf::block::Code>(what >> 3 & 7),
                                         .io_or_offset = input.take(1) * k_block_size,
                                         .block_number = input.take(1),
                                         .count        = static_cast<std::uint16_t>(what >> 6),
                                         .id           = static_cast<std::uint32_t>(what)});
            break;
        case 4:
            (void)system.clients[0].take_responses();
            break;
        case 5:
            if (system.has_good_driver) {
                system.answer();
            } else {
                (void)system.driver.answer({.status = static_cast<sddf::block::Status>(what >> 3),
                                            .success_count = static_cast<std::uint16_t>(what),
                                            .id = static_cast<std::uint32_t>(input.take(4))});
            }
            break;
        default:
            system.component.event(static_cast<unsigned>(what >> 3) % 3);
            break;
        }
    }
    if (system.has_good_driver) {
        (void)system.clients[1].ask({.block_number = 3, .count = 1, .id = 77});
        for (unsigned i = 0; i < 4; ++i) {
            system.component.event(2);
            system.answer();
        }
        const auto answers = system.clients[1].take_responses();
        fuzz::require(answers.size() == 1 && answers[0].id == 77 &&
                      answers[0].status == sddf::block::Status::ok);
    }
    return 0;
}
