// SPDX-License-Identifier: BSD-2-Clause
#include "virtqueue.hpp"

#include "arch/mmio.hpp"

#include <bit>
#include <cstring>

namespace virtio_driver {

namespace {

/// virtq_desc.flags
constexpr std::uint16_t k_next  = 1;
constexpr std::uint16_t k_write = 2;
/// virtq_used.flags
constexpr std::uint16_t k_no_notify = 1;

template <class T>
T load(const T* word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}
template <class T>
void store(T* word, T value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

} // namespace

base::Result<> Virtqueue::open(std::span<std::byte> memory, std::uint64_t address,
                               std::uint16_t size)
{
    if (!std::has_single_bit(size) || size > k_most || memory.size() < bytes_for(size)) {
        return base::fail("a virtqueue does not fit into its memory",
                          "make the driver's region for rings larger", memory.size());
    }
    *this = {};
    std::memset(memory.data(), 0, bytes_for(size));
    const auto at = [&](std::size_t offset) { return static_cast<void*>(memory.data() + offset); };
    descriptors_  = static_cast<Descriptor*>(at(0));
    available_    = static_cast<std::uint16_t*>(at(available_offset(size)));
    used_         = static_cast<std::uint16_t*>(at(used_offset(size)));
    used_ring_    = static_cast<UsedElement*>(at(used_offset(size) + 4));
    address_      = address;
    size_         = size;
    free_         = size;
    for (std::uint16_t i = 0; i < size; ++i) {
        next_[i] = static_cast<std::uint16_t>(i + 1);
    }
    return {};
}

std::optional<std::uint16_t> Virtqueue::add(std::span<const Piece> pieces)
{
    if (pieces.empty() || pieces.size() > free_) {
        return std::nullopt;
    }
    const std::uint16_t head = first_free_;
    std::uint16_t       at   = head;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool last  = i + 1 == pieces.size();
        const auto flags = (pieces[i].device_writes ? k_write : 0) | (last ? 0 : k_next);
        descriptors_[at] = {.address = pieces[i].address,
                            .length  = pieces[i].length,
                            .flags   = static_cast<std::uint16_t>(flags),
                            .next    = last ? std::uint16_t{0} : next_[at]};
        first_free_      = next_[at];
        at               = next_[at];
    }
    length_[head] = static_cast<std::uint16_t>(pieces.size());
    free_         = static_cast<std::uint16_t>(free_ - pieces.size());
    store(&available_[2 + available_next_ % size_], head);
    ++available_next_;
    return head;
}

bool Virtqueue::publish()
{
    if (published_ == available_next_) {
        return false;
    }
    arch::device_barrier(); // descriptors before the index (2.7.13.3)
    published_ = available_next_;
    store(&available_[1], available_next_);
    // The index before the flag: a device that has just set the flag to zero has not looked at the
    // index yet (2.7.13.4.1). A full barrier.
    arch::device_barrier();
    return (load(&used_[0]) & k_no_notify) == 0;
}

std::optional<Virtqueue::Used> Virtqueue::pop()
{
    while (load(&used_[1]) != used_next_) {
        arch::device_barrier(); // the index before the element
        const auto& element = used_ring_[used_next_ % size_];
        const auto  id      = load(&element.id);
        const auto  written = load(&element.length);
        ++used_next_;
        if (id < size_ && length_[id] != 0) {
            const auto token = static_cast<std::uint16_t>(id);
            give_back(token);
            return Used{.token = token, .written = written};
        }
    }
    return std::nullopt;
}

void Virtqueue::give_back(std::uint16_t head)
{
    std::uint16_t last = head;
    for (std::uint16_t i = 1; i < length_[head]; ++i) {
        last = next_[last];
    }
    next_[last]   = first_free_;
    first_free_   = head;
    free_         = static_cast<std::uint16_t>(free_ + length_[head]);
    length_[head] = 0;
}

Virtqueue::Remains::Remains(std::span<std::byte> memory, std::uint16_t size)
    : memory_{memory.first(bytes_for(size))}
    , size_{size}
{
}

bool Virtqueue::Remains::is_idle() const
{
    if (size_ == 0) {
        return false; // there is no such queue
    }
    const auto index = [this](std::size_t ring) {
        const void* const at = memory_.data() + ring + 2; // aligned, as the ring is
        return load(static_cast<const std::uint16_t*>(at));
    };
    const bool is_idle = index(available_offset(size_)) == index(used_offset(size_));
    arch::device_barrier(); // before what the device wrote is read
    return is_idle;
}

void Virtqueue::Remains::add(std::initializer_list<Piece> pieces)
{
    if (pieces.size() > size_) {
        return;
    }
    const auto at = [this](std::size_t offset) {
        return static_cast<void*>(memory_.data() + offset);
    };
    auto* const   descriptors = static_cast<Descriptor*>(at(0));
    auto* const   available   = static_cast<std::uint16_t*>(at(available_offset(size_)));
    std::uint16_t number      = 0;
    for (const auto& piece : pieces) { // all descriptors are free
        const bool last     = number + 1U == pieces.size();
        const auto flags    = (piece.device_writes ? k_write : 0) | (last ? 0 : k_next);
        descriptors[number] = {.address = piece.address,
                               .length  = piece.length,
                               .flags   = static_cast<std::uint16_t>(flags),
                               .next    = static_cast<std::uint16_t>(last ? 0 : number + 1)};
        ++number;
    }
    const auto index = load(&available[1]);
    store(&available[2 + index % size_], std::uint16_t{0});
    arch::device_barrier(); // descriptors before the index (2.7.13.3)
    store(&available[1], static_cast<std::uint16_t>(index + 1));
    arch::device_barrier(); // and that before the notification
}

Virtqueue::Past::Past(std::span<std::byte> memory, std::uint16_t size)
    : used_{memory.subspan(used_offset(size), 4 + sizeof(UsedElement) * size)}
    , size_{size}
{
}

std::uint16_t Virtqueue::Past::count() const
{
    const void* const index = used_.data() + 2; // aligned, as the ring is
    return load(static_cast<const std::uint16_t*>(index));
}

Virtqueue::Used Virtqueue::Past::at(std::uint16_t index) const
{
    UsedElement element{};
    std::memcpy(&element, used_.data() + 4 + sizeof(UsedElement) * (index % size_), sizeof element);
    return {.token = static_cast<std::uint16_t>(element.id), .written = element.length};
}

} // namespace virtio_driver
