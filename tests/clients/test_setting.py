"""The conditions under which the other tests mean something."""

from __future__ import annotations

import base64
import errno
import hashlib
import socket
from importlib import metadata
from pathlib import Path

import pytest

PINS = dict(
    line.split("==")
    for line in (Path(__file__).parent / "requirements.txt").read_text().splitlines()
    if not line.startswith("#")
)


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


@pytest.mark.parametrize("name", ["bottrade", "mcp", "mcp-types"])
def test_the_clients_are_unchanged(name: str) -> None:
    """The pinned version is installed, and each of its files is the one that was published."""
    package = metadata.distribution(name)
    assert package.version == PINS[name]
    published = [file for file in package.files or [] if file.hash is not None and file.suffix == ".py"]
    assert published
    for file in published:
        digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value, file
