// SPDX-License-Identifier: BSD-2-Clause
// A console port on sDDF's serial class.
#include "backend/serial_port.hpp"

namespace backend {

base::Result<> SerialPort::open(const sddf::serial::ClientConfig& config)
{
    if (!config.is_valid()) {
        return base::fail("the section .serial_client_config was not filled in",
                          "is the file that the system generator made copied into the program?");
    }
    if (auto opened = out_.open(config.tx.queue.bytes(), config.tx.data.bytes()); !opened) {
        return opened;
    }
    if (!config.rx.queue.exists()) {
        return {};
    }
    return in_.open(config.rx.queue.bytes(), config.rx.data.bytes());
}

std::size_t SerialPort::write(std::span<const std::byte> bytes)
{
    if (!out_.is_open()) {
        return bytes.size(); // into the void
    }
    std::size_t done = out_.write(bytes);
    while (done < bytes.size()) {
        // The virtualiser empties the ring only when it knows what is in it.
        flush();
        if (!out_.ask_for_space(1)) {
            break;
        }
        done += out_.write(bytes.subspan(done));
    }
    return done;
}

void SerialPort::flush()
{
    if (out_.is_open() && out_.publish()) {
        transmit_.ring();
    }
}

bool SerialPort::has_input() const { return in_.is_open() && in_.available() != 0; }

std::size_t SerialPort::read(std::span<std::byte> to) { return in_.is_open() ? in_.read(to) : 0; }

void SerialPort::input_taken()
{
    if (in_.is_open() && in_.release()) {
        receive_.ring();
    }
}

void SerialPort::discard_input()
{
    if (in_.is_open()) {
        in_.advance(in_.available());
        input_taken();
    }
}

} // namespace backend
