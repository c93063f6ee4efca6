// SPDX-License-Identifier: BSD-2-Clause
// A program of components/ as a protection domain: the real one, built as a shared object, with the
// event loop that libmicrokit has.
#pragma once

#include "scheduler.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace simulation {

/// A shared object and the memory that it began with, so that every run finds it fresh.
class Program {
public:
    /// The shared object NAME beside this program; it stays loaded.
    explicit Program(const std::string& name);

    /// Everything as it was when it was loaded.
    void restore();

    template <class T>
    [[nodiscard]] T& object(const char* name)
    {
        return *static_cast<T*>(find(name));
    }
    /// The entry points.
    void init() { init_(); }
    void notified(unsigned channel) { notified_(channel); }

private:
    struct Piece {
        std::byte*             at;
        std::vector<std::byte> content;
    };
    [[nodiscard]] void* find(const char* name);

    void* handle_;
    void (*init_)();
    void (*notified_)(unsigned);
    std::vector<Piece> pieces_;
};

/// A domain that runs a program.
class Component : public Domain {
public:
    /// Takes the program of this name as it was when it was loaded. `copy` counts those of which a
    /// system has several.
    Component(const std::string& program, unsigned its_priority, unsigned copy = 0);

    /// Begins to run with init(); and may be restarted, wherever it is, its memory kept, unless
    /// `may_end` forbids it.
    void start(std::function<bool()> may_end = {});

    template <class T>
    [[nodiscard]] T& object(const char* symbol)
    {
        return program_.object<T>(symbol);
    }

private:
    void run();

    Program& program_;
};

/// Two ends of a channel.
void connect(Domain& one, unsigned channel_there, Domain& other, unsigned channel_here);

} // namespace simulation
