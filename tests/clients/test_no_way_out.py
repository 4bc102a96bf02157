"""Nothing that a client does leaves this machine."""

from __future__ import annotations

import errno
import socket

import pytest


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "1.1.1.1"), (socket.AF_INET6, "2606:4700:4700::1111")]
)
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_there_is_no_way_out(family: socket.AddressFamily, address: str, kind: socket.SocketKind) -> None:
    """A public address is refused by the kernel at once, before a packet could leave."""
    with pytest.raises(OSError) as refused, socket.socket(family, kind) as door:
        door.settimeout(2)
        door.connect((address, 443))
    # Without IPv6 in the kernel the address itself is refused.
    no_ipv6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} if family == socket.AF_INET6 else set()
    assert refused.value.errno in {errno.ENETUNREACH} | no_ipv6


def test_names_outside_are_not_resolved() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("bot-trade.org", 443)
