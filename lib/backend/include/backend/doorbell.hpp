// SPDX-License-Identifier: BSD-2-Clause
// How a back end notifies the protection domain at the other end of its queues.
#pragma once

namespace backend {

/// A channel.
class Doorbell {
public:
    virtual void ring() = 0;

protected:
    ~Doorbell() = default;
};

} // namespace backend
