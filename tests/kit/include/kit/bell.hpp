// SPDX-License-Identifier: BSD-2-Clause
// A doorbell that counts how often it was rung.
#pragma once

#include "backend/doorbell.hpp"

class Bell final : public backend::Doorbell {
public:
    void     ring() override { ++rings; }
    unsigned rings = 0;
};
