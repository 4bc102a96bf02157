"""The conditions under which the other tests mean something; see test_no_way_out.py too."""

from __future__ import annotations

import pytest
from pins import check_published, pinned


@pytest.mark.parametrize("name", ["bottrade", "mcp", "mcp-types"])
def test_the_clients_are_unchanged(name: str) -> None:
    check_published(name, pinned("requirements.txt")[name])
