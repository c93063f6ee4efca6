// SPDX-License-Identifier: BSD-2-Clause
// Links for tests: the memory of both sides, and doorbells that remember.
#pragma once

#include "kit/sddf_links.hpp"
#include "vsock/config.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/relay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using vsock::End;
using vsock::Endpoint;
using vsock::Handle;
using vsock::Line;
using vsock::Link;
using vsock::Relay;

class FakeBell final : public backend::Doorbell {
public:
    void ring() override { rung = true; }
    bool take() { return std::exchange(rung, false); }
    bool rung = false;
};

/// The two regions of a link.
struct Wire {
    explicit Wire(std::size_t size)
        : left{size}
        , right{size}
    {
    }
    kit::Memory left;
    kit::Memory right;
};

/// A reader of a text, good until the next one.
inline virtio::Reader* reader_of(const std::string& text)
{
    static std::string     kept;
    static virtio::Segment segment;
    static virtio::Reader  reader;
    kept    = text;
    segment = {reinterpret_cast<std::byte*>(kept.data()), static_cast<std::uint32_t>(kept.size())};
    reader  = kept.empty() ? virtio::Reader{} : virtio::Reader{{&segment, 1}, kept.size()};
    return &reader;
}
