// SPDX-License-Identifier: BSD-2-Clause
#include "puppet.hpp"

#include "expect.hpp"
#include "services.hpp"

#include <cerrno>
#include <csignal>
#include <vector>

#include <unistd.h>

namespace vsock_test {
namespace {

template <class T>
std::span<const std::byte> bytes_of(const T& value)
{
    return std::as_bytes(std::span{&value, 1});
}
template <class T>
std::span<std::byte> room_of(T& value)
{
    return std::as_writable_bytes(std::span{&value, 1});
}

class Puppet {
public:
    Report obey(const Order& order)
    {
        Report report;
        report.result = act(order, report.flags);
        return report;
    }

private:
    long keep(Socket socket)
    {
        if (!socket.is_open()) {
            return socket.number();
        }
        sockets_.push_back(std::move(socket));
        return static_cast<long>(sockets_.size()) - 1;
    }

    long open(const Order& order)
    {
        Socket     socket = Socket::make(static_cast<int>(order.type));
        const long done   = !socket.is_open() ? socket.number()
                            : order.what == Do::listen
                                ? socket.listen(order.port, static_cast<int>(order.size))
                                : socket.connect(order.cid, order.port);
        return done < 0 ? done : keep(std::move(socket));
    }

    long act(const Order& order, int& flags)
    {
        if (order.what == Do::listen || order.what == Do::connect) {
            return open(order);
        }
        if (order.what == Do::die) {
            (void)::kill(::getpid(), SIGKILL);
        }
        if (order.handle < 0 || static_cast<std::size_t>(order.handle) >= sockets_.size()) {
            return -EBADF;
        }
        Socket& socket = sockets_[static_cast<std::size_t>(order.handle)];
        switch (order.what) {
        case Do::accept:
            return keep(socket.accept());
        case Do::send:
            return socket.send(order.size, static_cast<int>(order.flags));
        case Do::send_all:
            return socket.send_all(order.size, order.piece);
        case Do::receive:
            return socket.receive(order.size, static_cast<int>(order.flags), &flags);
        case Do::receive_all:
            return socket.receive_all(order.size, order.piece);
        case Do::shut_down:
            return socket.shut_down(static_cast<int>(order.flags));
        case Do::close:
            return socket.close();
        case Do::set_buffer:
            return socket.set_buffer(order.size);
        case Do::poll:
            return socket.poll(static_cast<short>(order.flags), static_cast<int>(order.size));
        default:
            return -EINVAL;
        }
    }

    std::vector<Socket> sockets_;
};

} // namespace

void be_puppet(Socket control)
{
    Puppet puppet;
    for (Order order; control.get(room_of(order)) == sizeof(order);) {
        const auto report = puppet.obey(order);
        if (control.put(bytes_of(report)) < 0) {
            break;
        }
    }
}

Peer::Peer(std::uint32_t cid)
    : cid_{cid}
    , control_{Socket::make(SOCK_STREAM)}
{
    succeeds("connect to the other side", control_.connect(cid, k_puppet_port));
}

void Peer::begin(const Order& order)
{
    equal("an order goes out", control_.put(bytes_of(order)), static_cast<long>(sizeof(order)));
}

long Peer::result(int* flags)
{
    Report report;
    equal("the other side answers", control_.get(room_of(report)),
          static_cast<long>(sizeof(report)));
    if (flags != nullptr) {
        *flags = report.flags;
    }
    return report.result;
}

long Peer::tell(const Order& order, int* flags)
{
    begin(order);
    return result(flags);
}

int Peer::listen(std::uint32_t port, int type, unsigned backlog)
{
    const long handle = tell(
        {.what = Do::listen, .type = static_cast<unsigned>(type), .port = port, .size = backlog});
    succeeds("the other side listens", handle);
    return static_cast<int>(handle);
}

int Peer::accept(int listener)
{
    const long handle = tell({.what = Do::accept, .handle = listener});
    succeeds("the other side accepts", handle);
    return static_cast<int>(handle);
}

} // namespace vsock_test
