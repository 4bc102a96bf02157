"""The clients are unchanged. npm compared what it installed with the lock's hashes; pip's files are compared here."""

from __future__ import annotations

import pytest
from packages import PINNED, Packages
from pins import check_published, pinned


@pytest.mark.parametrize("name", ["langchain-mcp-adapters", "mcp"])
def test_python_clients_are_unchanged(name: str) -> None:
    check_published(name, pinned("requirements-all.txt")[name])


@pytest.mark.parametrize("name", PINNED)
def test_node_clients_have_their_version(packages: Packages, name: str) -> None:
    assert packages.version(name) == PINNED[name]
