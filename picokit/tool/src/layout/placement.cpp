// SPDX-License-Identifier: BSD-2-Clause
// The physical side of the layout: which address everything gets.
#include "layout/placement.hpp"

#include "arch/stage2.hpp"
#include "base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace tool {
namespace {

using arch::k_block_size;
using arch::k_page_size;

constexpr std::uint64_t pages(std::uint64_t bytes) { return *base::align_up(bytes, k_page_size); }

class Placer {
public:
    explicit Placer(const Inputs& inputs)
        : inputs_{inputs}
        , load_{inputs.board.load_address.raw()}
    {
        for (const auto& ram : inputs.board.ram) {
            memory_.add({ram.range.start().raw(), ram.range.size()});
        }
        out_.pds.resize(inputs.system.pds.size());
        out_.regions.resize(inputs.regions.size());
    }

    [[nodiscard]] Result<> run(std::uint64_t table_size, std::uint64_t page_table_pages)
    {
        TRY(place_kernel());
        place_fixed_regions();
        out_.table       = TRY(in_image(table_size, k_page_size, "the system table"));
        out_.page_tables = TRY(
            in_image(page_table_pages * k_page_size, arch::k_stage2_root_size, "the page tables"));
        TRY(place_program_data());
        TRY(place_prefilled());
        out_.image = {load_, image_end_ - load_};
        TRY(place_zero());
        finish();
        return {};
    }

    [[nodiscard]] Placement take() { return std::move(out_); }

private:
    [[nodiscard]] Result<> place_kernel()
    {
        out_.kernel = TRY(kernel_extent(inputs_.board, inputs_.kernel));
        if (!memory_.is_free(out_.kernel)) {
            return refuse({inputs_.kernel.name},
                          fmt::format("kernel at {:#x}..{:#x} is not inside the RAM of board '{}'",
                                      out_.kernel.address, out_.kernel.end(), inputs_.board.name),
                          "use the kernel of this board");
        }
        memory_.remove(out_.kernel);
        image_end_ = out_.kernel.end();
        return {};
    }

    void place_fixed_regions()
    {
        const auto ram = memory_;
        for (std::size_t i = 0; i < inputs_.regions.size(); ++i) {
            const auto& region = inputs_.regions[i];
            if (!region.declared->phys_addr) {
                continue;
            }
            const Extent extent{*region.declared->phys_addr, region.size};
            memory_.remove(extent);
            out_.regions[i] = {extent};
            // What lies outside RAM is a device, or memory that is not ours to clear.
            for (const auto& piece : ram.free()) {
                const auto low  = std::clamp(extent.address, piece.address, piece.end());
                const auto high = std::clamp(extent.end(), piece.address, piece.end());
                if (region.prefill.empty() && region.mapped && low < high) {
                    clear({low, high - low});
                }
            }
        }
    }

    /// Room in the image. It may pass over memory regions with explicit addresses.
    [[nodiscard]] Result<Extent> in_image(std::uint64_t size, std::uint64_t alignment,
                                          std::string_view what, const Location& where = {})
    {
        if (size == 0) {
            return Extent{*base::align_up(image_end_, alignment), 0};
        }
        const auto extent = memory_.allocate(pages(size), alignment, load_);
        if (!extent) {
            return refuse(where,
                          fmt::format("no room in the image for {} of {:#x} bytes", what, size),
                          fmt::format("it needs contiguous RAM above {:#x}; use less, or leave "
                                      "more free between explicit physical addresses",
                                      load_));
        }
        image_end_ = std::max(image_end_, extent->end());
        return *extent;
    }

    [[nodiscard]] Result<> place_program_data()
    {
        for (std::size_t i = 0; i < inputs_.programs.size(); ++i) {
            const auto& pd    = inputs_.system.pds[i];
            const auto& image = inputs_.programs[i].image;
            for (const auto& segment : image.segments) {
                const auto           lead = segment.vaddr - segment.first_page();
                std::vector<Extent>& here = out_.pds[i].segments.emplace_back();
                if (segment.data.empty()) {
                    continue;
                }
                const auto extent =
                    TRY(in_image(lead + segment.data.size(), k_page_size,
                                 fmt::format("a segment of '{}'", image.name), pd.program.where));
                here.push_back(extent);
                out_.parts.push_back({extent.address + lead, segment.data,
                                      fmt::format("{}: segment at {:#x} of {}", pd.name,
                                                  segment.vaddr, pd.program.path)});
            }
        }
        return {};
    }

    [[nodiscard]] Result<> place_prefilled()
    {
        // Small pages first, so that the gap before the first 2 MiB page occurs once.
        for (const auto page : {k_page_size, k_block_size}) {
            for (std::size_t i = 0; i < inputs_.regions.size(); ++i) {
                const auto& region = inputs_.regions[i];
                if (region.prefill.empty() || region.page_size != page || !has_memory(region)) {
                    continue;
                }
                if (in_place(region)) {
                    const auto extent = TRY(prefill_part(region, page));
                    out_.regions[i]   = {{extent.address, round_up(region.prefill.size(), page)}};
                } else {
                    sources_.emplace_back(i, TRY(prefill_part(region, k_page_size)));
                }
            }
        }
        return {};
    }

    [[nodiscard]] static std::uint64_t round_up(std::uint64_t size, std::uint64_t page)
    {
        return *base::align_up(size, page);
    }

    [[nodiscard]] Result<Extent> prefill_part(const Region& region, std::uint64_t page)
    {
        const auto& name   = region.declared->name;
        const auto  extent = TRY(in_image(round_up(region.prefill.size(), page), page,
                                          fmt::format("the data of memory region '{}'", name),
                                          region.declared->where));
        out_.parts.push_back(
            {extent.address, region.prefill,
             fmt::format("{}: {}", name, region.declared->prefill_path.value_or(""))});
        return extent;
    }

    [[nodiscard]] static bool has_memory(const Region& region)
    {
        return region.mapped || region.contiguous;
    }

    /// Whether the data can stay where it is in the image. A contiguous region cannot continue
    /// behind its data, where the image goes on.
    [[nodiscard]] static bool in_place(const Region& region)
    {
        return !region.declared->phys_addr &&
               (!region.contiguous ||
                round_up(region.prefill.size(), region.page_size) == region.size);
    }

    [[nodiscard]] Result<> place_zero()
    {
        TRY(place_ipc_buffers());
        // Contiguous and large ones first, while memory is in one piece.
        std::vector<std::size_t> order(inputs_.regions.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, {}, [&](std::size_t i) {
            const auto& region = inputs_.regions[i];
            return std::tuple{!region.contiguous, ~region.page_size, ~region.size, i};
        });
        for (const auto i : order) {
            TRY(place_region(i));
        }
        for (std::size_t i = 0; i < inputs_.system.pds.size(); ++i) {
            TRY(place_program_zero(i));
        }
        for (const auto& [i, source] : sources_) {
            const auto&  region = inputs_.regions[i];
            const Extent target{out_.regions[i].front().address, region.size};
            out_.copies.push_back({source.address, target.address, source.size});
            clear({target.address + source.size, target.size - source.size});
        }
        return {};
    }

    [[nodiscard]] Result<> place_ipc_buffers()
    {
        const auto count = inputs_.system.pds.size();
        const auto buffers =
            TRY(zero(count * k_page_size, k_page_size, true, "the IPC buffers", {}));
        for (std::size_t i = 0; i < count; ++i) {
            out_.pds[i].ipc_buffer = buffers.front().address + i * k_page_size;
        }
        return {};
    }

    [[nodiscard]] Result<> place_region(std::size_t index)
    {
        const auto& region = inputs_.regions[index];
        auto&       here   = out_.regions[index];
        if (!has_memory(region) || region.declared->phys_addr) {
            return {};
        }
        const auto placed = here.empty() ? 0 : here.front().size;
        const auto left   = region.size - placed;
        const auto name   = fmt::format("memory region '{}'", region.declared->name);
        const auto pieces =
            TRY(zero(left, region.page_size, region.contiguous, name, region.declared->where,
                     region.prefill.empty() || placed != 0));
        here.insert(here.end(), pieces.begin(), pieces.end());
        return {};
    }

    [[nodiscard]] Result<> place_program_zero(std::size_t index)
    {
        const auto& pd    = inputs_.system.pds[index];
        auto&       here  = out_.pds[index];
        const auto  name  = fmt::format("the stack of protection domain '{}'", pd.name);
        here.stack        = TRY(zero(pd.stack_size, k_page_size, false, name, pd.where));
        const auto& image = inputs_.programs[index].image;
        for (std::size_t i = 0; i < image.segments.size(); ++i) {
            const auto& segment = image.segments[i];
            auto&       extents = here.segments[i];
            const auto  placed  = extents.empty() ? 0 : extents.front().size;
            const auto  pieces =
                TRY(zero(segment.end_page() - segment.first_page() - placed, k_page_size, false,
                         fmt::format("a segment of '{}'", image.name), pd.program.where));
            extents.insert(extents.end(), pieces.begin(), pieces.end());
        }
        return {};
    }

    /// Memory after the image, to be cleared at boot unless the caller fills it.
    [[nodiscard]] Result<std::vector<Extent>> zero(std::uint64_t size, std::uint64_t alignment,
                                                   bool contiguous, const std::string& what,
                                                   const Location& where, bool cleared = true)
    {
        if (size == 0) {
            return std::vector<Extent>{};
        }
        auto pieces = allocate(size, alignment, contiguous);
        if (!pieces) {
            return refuse(where,
                          fmt::format("not enough {}RAM for {} of {:#x} bytes",
                                      contiguous ? "contiguous " : "", what, size),
                          fmt::format("{:#x} bytes are free, the largest piece {}has {:#x}: make "
                                      "something smaller{}",
                                      memory_.free_bytes(),
                                      alignment == k_block_size ? "aligned to 2 MiB " : "",
                                      memory_.largest(alignment),
                                      alignment == k_block_size && !contiguous
                                          ? ", or write page_size=\"0x1000\""
                                          : ""));
        }
        if (cleared) {
            std::ranges::for_each(*pieces, [&](const Extent& piece) { clear(piece); });
        }
        return std::move(*pieces);
    }

    [[nodiscard]] std::optional<std::vector<Extent>>
    allocate(std::uint64_t size, std::uint64_t alignment, bool contiguous)
    {
        // A large region that is aligned can be mapped with blocks where it is contiguous.
        for (const auto stronger : {size >= k_block_size ? k_block_size : alignment, alignment}) {
            for (const auto from : {out_.image.end(), std::uint64_t{0}}) {
                if (const auto whole = memory_.allocate(size, stronger, from)) {
                    return std::vector{*whole};
                }
            }
        }
        return contiguous ? std::nullopt
                          : memory_.allocate_pieces(size, alignment, out_.image.end());
    }

    void clear(Extent extent)
    {
        if (extent.size != 0) {
            out_.clears.push_back(extent);
        }
    }

    void finish()
    {
        std::ranges::sort(out_.clears, {}, &Extent::address);
        std::vector<Extent> merged;
        for (const auto& extent : out_.clears) {
            if (!merged.empty() && merged.back().end() == extent.address) {
                merged.back().size += extent.size;
            } else {
                merged.push_back(extent);
            }
        }
        out_.clears = std::move(merged);
        std::ranges::sort(out_.parts, {}, &ImagePart::address);
        out_.free_bytes = memory_.free_bytes();
    }

    const Inputs&                               inputs_;
    std::uint64_t                               load_;
    std::uint64_t                               image_end_ = 0;
    PhysicalMemory                              memory_;
    std::vector<std::pair<std::size_t, Extent>> sources_; ///< prefilled regions to be copied
    Placement                                   out_;
};

} // namespace

Result<Placement> place(const Inputs& inputs, std::uint64_t table_size,
                        std::uint64_t page_table_pages)
{
    Placer placer{inputs};
    TRY(placer.run(table_size, page_table_pages));
    return placer.take();
}

} // namespace tool
