// SPDX-License-Identifier: BSD-2-Clause
#include "situations.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vsock_test {

std::uint32_t new_port()
{
    static std::uint32_t port = 7000;
    return port++;
}

std::uint32_t own_cid()
{
    std::uint32_t cid    = VMADDR_CID_ANY;
    const int     device = ::open("/dev/vsock", O_RDONLY);
    (void)::ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid);
    (void)::close(device);
    return cid == VMADDR_CID_ANY ? VMADDR_CID_LOCAL : cid;
}

Pair connected(Peer& peer, int type, std::uint64_t buffer_here)
{
    const auto port = new_port();
    Pair       pair{.here = Socket::make(type)};
    pair.listener = peer.listen(port, type);
    succeeds("a socket", pair.here.number());
    if (buffer_here != 0) {
        succeeds("a buffer's size", pair.here.set_buffer(buffer_here));
    }
    succeeds("connect", pair.here.connect(peer.cid(), port));
    pair.there = peer.accept(pair.listener);
    return pair;
}

Pair accepted(Peer& peer, int type)
{
    const auto port     = new_port();
    Socket     listener = Socket::make(type);
    succeeds("listen", listener.listen(port, 4));
    peer.begin(
        {.what = Do::connect, .type = static_cast<unsigned>(type), .cid = own_cid(), .port = port});
    Pair pair{.here = listener.accept()};
    succeeds("accept", pair.here.number());
    pair.there = static_cast<int>(peer.result());
    succeeds("the other side connects", pair.there);
    return pair;
}

void wait_for(const Socket& socket, short events, const Place& place)
{
    const long now = socket.poll(events, k_patience_s * 1000);
    holds("poll says so in time", now > 0 && (now & events) == events, place);
}

} // namespace vsock_test
