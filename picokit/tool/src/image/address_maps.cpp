// SPDX-License-Identifier: BSD-2-Clause
// All translation tables of a system: of every PD, every virtual machine and the kernel.
#include "image/address_maps.hpp"

#include "layout/address_space.hpp"

namespace tool {
namespace {

arch::Stage2Leaf stage2_leaf(Permissions permissions, bool cached)
{
    using Leaf = arch::Stage2Leaf;
    return Leaf{}
        .with<Leaf::memory>(cached ? arch::Stage2Memory::normal_write_back
                                   : arch::Stage2Memory::device_ngnrne)
        .with<Leaf::readable>(permissions.read)
        .with<Leaf::writable>(permissions.write)
        .with<Leaf::shareability>(arch::Shareability::inner)
        .with<Leaf::execute_never>(!permissions.execute);
}

arch::Stage1El2Leaf kernel_leaf(Permissions permissions, arch::MairIndex memory)
{
    using Leaf = arch::Stage1El2Leaf;
    return Leaf{}
        .with<Leaf::memory>(memory)
        .with<Leaf::ap1>(true)
        .with<Leaf::read_only>(!permissions.write)
        .with<Leaf::shareability>(arch::Shareability::inner)
        .with<Leaf::execute_never>(!permissions.execute);
}

class Builder {
public:
    Builder(const Inputs& inputs, const Placement& placement)
        : inputs_{inputs}
        , placement_{placement}
        , out_{PageTables{placement.page_tables.address}, {}, {}, {}, {}, {}}
    {
    }

    AddressMaps run()
    {
        const auto& pds = inputs_.system.pds;
        // Roots first: they come in pairs and must be aligned in pairs.
        std::vector<PageTables::Root> pd_roots, vm_roots;
        for (const auto& pd : pds) {
            pd_roots.push_back(add_stage2_root(out_.pd_roots));
            if (pd.vm) {
                vm_roots.push_back(add_stage2_root(out_.vm_roots));
            } else {
                vm_roots.emplace_back();
                out_.vm_roots.push_back(0);
            }
        }
        out_.kernel = out_.tables.add_root(arch::k_el2_start_level, 1);
        for (std::size_t i = 0; i < pds.size(); ++i) {
            out_.pd_tables.push_back(counted(2, [&] { map_pd(pd_roots[i], i); }));
            out_.vm_tables.push_back(
                pds[i].vm ? counted(2, [&] { map_regions(vm_roots[i], pds[i].vm->maps); }) : 0);
        }
        out_.kernel_tables = counted(1, [&] { map_kernel(); });
        return std::move(out_);
    }

private:
    PageTables::Root add_stage2_root(std::vector<std::uint64_t>& addresses)
    {
        const auto root = out_.tables.add_root(arch::k_stage2_start_level, 2);
        addresses.push_back(out_.tables.address(root));
        return root;
    }

    /// How many tables a piece of work adds to those that are there for it already.
    template <class Work>
    std::size_t counted(std::size_t roots, Work work)
    {
        const auto before = out_.tables.tables().size();
        work();
        return out_.tables.tables().size() - before + roots;
    }

    template <class Leaf>
    void map_extents(PageTables::Root root, std::uint64_t input, const std::vector<Extent>& extents,
                     Leaf leaf)
    {
        for (const auto& extent : extents) {
            out_.tables.map(root, input, extent.address, extent.size, leaf);
            input += extent.size;
        }
    }

    void map_regions(PageTables::Root root, const std::vector<Map>& maps)
    {
        for (const auto& map : maps) {
            const auto region = *inputs_.system.find_region(map.region);
            map_extents(root, map.vaddr, placement_.regions[region],
                        stage2_leaf(map.permissions, map.cached));
        }
    }

    void map_pd(PageTables::Root root, std::size_t index)
    {
        const auto& pd    = inputs_.system.pds[index];
        const auto& here  = placement_.pds[index];
        const auto& image = inputs_.programs[index].image;
        for (std::size_t i = 0; i < image.segments.size(); ++i) {
            map_extents(root, image.segments[i].first_page(), here.segments[i],
                        stage2_leaf(image.segments[i].permissions, true));
        }
        map_regions(root, pd.maps);
        const auto data = stage2_leaf({.read = true, .write = true}, true);
        map_extents(root, stack_bottom(pd), here.stack, data);
        map_extents(root, k_ipc_buffer, {{here.ipc_buffer, arch::k_page_size}}, data);
    }

    void map_kernel()
    {
        using arch::MairIndex;
        const Permissions read{.read = true};
        const Permissions read_write{.read = true, .write = true};
        const auto        identity = [&](Extent extent, Permissions permissions, MairIndex memory) {
            map_extents(out_.kernel, extent.address, {extent}, kernel_leaf(permissions, memory));
        };
        const auto device = [&](const base::HostRange& range) {
            identity({range.start().raw(), range.size()}, read_write, MairIndex::device_ngnrne);
        };
        for (const auto& segment : inputs_.kernel.segments) {
            identity({segment.first_page(), segment.end_page() - segment.first_page()},
                     segment.permissions, MairIndex::normal_write_back);
        }
        identity(placement_.table, read, MairIndex::normal_write_back);
        for (const auto& pd : placement_.pds) {
            identity({pd.ipc_buffer, arch::k_page_size}, read_write, MairIndex::normal_write_back);
        }
        for (const auto& kernel_device : inputs_.board.kernel_devices) {
            device(kernel_device.range);
        }
        device(inputs_.board.console);
    }

    const Inputs&    inputs_;
    const Placement& placement_;
    AddressMaps      out_;
};

} // namespace

AddressMaps build_address_maps(const Inputs& inputs, const Placement& placement)
{
    return Builder{inputs, placement}.run();
}

} // namespace tool
