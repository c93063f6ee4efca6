// SPDX-License-Identifier: BSD-2-Clause
// A sound card's other side that a test knows: what a guest can record, and all that it played.
#pragma once

#include "kit/waveform.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace system_test {

/// Files behind QEMU's back end for ALSA, with ALSA's plugin for files in place of hardware: QEMU
/// takes from and gives to them as much as its clock says, sample by sample as it is. For one
/// machine of this process at a time.
class SoundSource {
public:
    /// Samples for a guest to record: noise that is not there twice, another in each channel.
    explicit SoundSource(std::size_t frames);

    /// For qemu::Sound.
    [[nodiscard]] std::string backend() const;

    /// What the guest can record, from the first moment that any of its streams does.
    [[nodiscard]] const kit::Waveform& given() const { return given_; }

    /// What was played, once QEMU has ended: everything between the first and the last moment that
    /// a stream was open.
    [[nodiscard]] kit::Waveform played() const;

private:
    kit::Waveform         given_;
    std::filesystem::path played_;
};

} // namespace system_test
