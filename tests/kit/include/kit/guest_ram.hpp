// SPDX-License-Identifier: BSD-2-Clause
// A guest's RAM for tests: some pages at a guest address, and a simple allocator in them.
#pragma once

#include "virtio/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kit {

class GuestRam {
public:
    static constexpr std::uint64_t k_start = 0x4000'0000;

    /// All zero. Every access of a test that is not inside throws.
    explicit GuestRam(std::size_t size = std::size_t{1} << 20)
        : size_{size}
        , bytes_{static_cast<std::byte*>(operator new (size, std::align_val_t{4096}))}
    {
        std::memset(bytes_.get(), 0, size);
        if (!memory_.add(base::GuestPhysical{k_start}, all())) {
            throw std::logic_error("GuestRam");
        }
    }

    [[nodiscard]] virtio::Memory&      memory() { return memory_; }
    [[nodiscard]] std::span<std::byte> all() { return {bytes_.get(), size_}; }
    [[nodiscard]] std::uint64_t        end() const { return k_start + size_; }

    /// Bytes that can still be allocated.
    [[nodiscard]] std::uint64_t left() const { return size_ - next_; }
    /// Everything anew, and zero.
    void rewind()
    {
        next_ = 0;
        std::memset(bytes_.get(), 0, size_);
    }

    /// Takes memory from the start on; never given back.
    [[nodiscard]] std::uint64_t allocate(std::uint64_t size, std::uint64_t alignment = 16)
    {
        next_             = (next_ + alignment - 1) / alignment * alignment;
        const auto result = k_start + next_;
        next_ += size;
        (void)bytes(result, size);
        return result;
    }

    [[nodiscard]] std::span<std::byte> bytes(std::uint64_t address, std::uint64_t size)
    {
        if (address < k_start || address - k_start > size_ || size > size_ - (address - k_start)) {
            throw std::out_of_range("GuestRam");
        }
        return all().subspan(address - k_start, size);
    }
    [[nodiscard]] std::string text(std::uint64_t address, std::uint64_t size)
    {
        const auto part = bytes(address, size);
        return {reinterpret_cast<const char*>(part.data()), part.size()};
    }
    /// Memory that holds a text.
    [[nodiscard]] std::uint64_t put(std::string_view text)
    {
        const auto address = allocate(text.size());
        std::memcpy(bytes(address, text.size()).data(), text.data(), text.size());
        return address;
    }
    /// Called at every load() and store(), if it is there: a place where others may run.
    static inline void (*at_access)() = nullptr;

    template <class T>
    [[nodiscard]] T load(std::uint64_t address)
    {
        T value;
        if (at_access != nullptr) {
            at_access();
        }
        std::memcpy(&value, bytes(address, sizeof(T)).data(), sizeof(T));
        return value;
    }
    template <class T>
    void store(std::uint64_t address, T value)
    {
        if (at_access != nullptr) {
            at_access();
        }
        std::memcpy(bytes(address, sizeof(T)).data(), &value, sizeof(T));
    }

private:
    struct Free {
        void operator()(std::byte* at) const { operator delete (at, std::align_val_t{4096}); }
    };
    std::size_t                      size_;
    std::unique_ptr<std::byte, Free> bytes_;
    std::uint64_t                    next_ = 0;
    virtio::Memory                   memory_;
};

} // namespace kit
